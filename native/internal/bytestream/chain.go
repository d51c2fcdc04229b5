package bytestream

import (
	"slices"
	"sync"
)

// Chunks come in these sizes in bytes, so that little data keeps little memory.
var chunkSizes = [...]int{512, 4 << 10, 16 << 10, 64 << 10}

var chunkPools [len(chunkSizes)]sync.Pool

// chunk holds a piece of a flow; len(bytes) is its size.
type chunk struct {
	class int
	start uint64
	bytes []byte
}

// newChunk makes a chunk for so many bytes, or the largest.
func newChunk(bytes int) *chunk {
	class := 0
	for class < len(chunkSizes)-1 && chunkSizes[class] < bytes {
		class++
	}
	if made, ok := chunkPools[class].Get().(*chunk); ok {
		return made
	}
	return &chunk{class: class, bytes: make([]byte, chunkSizes[class])}
}

func (c *chunk) release()    { chunkPools[c.class].Put(c) }
func (c *chunk) end() uint64 { return c.start + uint64(len(c.bytes)) }

// chain holds the bytes of a flow from start to end, in chunks that follow each other without a hole. Chunks in front
// of start are given back.
type chain struct {
	start, end uint64
	chunks     []*chunk
	isPinned   bool // somebody fills the last one
}

// extend makes room up to an offset, and counts it as held.
func (c *chain) extend(end uint64) {
	for covered := c.covered(); covered < end; covered = c.covered() {
		c.grow(int(min(end-covered, maxRecord)))
	}
	c.end = max(c.end, end)
}

// grow adds a chunk for about so many bytes.
func (c *chain) grow(bytes int) {
	covered := c.covered()
	if last := len(c.chunks) - 1; last >= 0 {
		bytes = max(bytes, 2*len(c.chunks[last].bytes)) // it is becoming much
	}
	made := newChunk(bytes)
	made.start = covered
	c.chunks = append(c.chunks, made)
}

// trim puts little that stands in a large last chunk into a small one: it may have to wait there.
func (c *chain) trim() {
	last := c.chunks[len(c.chunks)-1]
	used := int(c.end - last.start)
	if used > len(last.bytes)/8 {
		return
	}
	small := newChunk(used)
	small.start = last.start
	copy(small.bytes, last.bytes[:used])
	c.chunks[len(c.chunks)-1] = small
	last.release()
}

func (c *chain) covered() uint64 {
	if len(c.chunks) == 0 {
		return c.end
	}
	return c.chunks[len(c.chunks)-1].end()
}

// put copies bytes to their place, which extend made.
func (c *chain) put(offset uint64, from []byte) {
	for len(from) > 0 {
		n := copy(c.at(offset), from)
		from, offset = from[n:], offset+uint64(n)
	}
}

// append adds bytes at the end.
func (c *chain) append(from []byte) {
	at := c.end
	c.extend(c.end + uint64(len(from)))
	c.put(at, from)
}

// at gives the memory from an offset on, to the end of its chunk.
func (c *chain) at(offset uint64) []byte {
	index := len(c.chunks) - 1
	if offset < c.chunks[index].start {
		index, _ = slices.BinarySearchFunc(c.chunks, offset, func(one *chunk, offset uint64) int {
			switch {
			case one.end() <= offset:
				return -1
			case one.start > offset:
				return 1
			}
			return 0
		})
	}
	return c.chunks[index].bytes[offset-c.chunks[index].start:]
}

// view gives bytes from an offset on, at most as many as are before the end and in one chunk.
func (c *chain) view(offset, end uint64) []byte {
	bytes := c.at(offset)
	return bytes[:min(uint64(len(bytes)), end-offset)]
}

// appendTo copies a range.
func (c *chain) appendTo(into []byte, start, end uint64) []byte {
	for start < end {
		piece := c.view(start, end)
		into = append(into, piece...)
		start += uint64(len(piece))
	}
	return into
}

// discard moves the start.
func (c *chain) discard(start uint64) {
	c.start = start
	gone, most := 0, len(c.chunks)
	if c.isPinned {
		most--
	}
	for gone < most && (c.chunks[gone].end() <= start || start == c.end) {
		c.chunks[gone].release()
		gone++
	}
	switch {
	case gone == len(c.chunks):
		c.chunks = nil
	case gone > 0:
		c.chunks = slices.Delete(c.chunks, 0, gone)
	}
}

// drop forgets everything. Somebody may be reading it still, so that the memory is left to the collector.
func (c *chain) drop() { c.chunks, c.start = nil, c.end }

// held is how much memory the chain holds, in bytes.
func (c *chain) held() (bytes int) {
	for _, one := range c.chunks {
		bytes += len(one.bytes)
	}
	return bytes
}
