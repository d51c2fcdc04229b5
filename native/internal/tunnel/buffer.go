package tunnel

import "sync"

// buffer holds one waiting packet.
type buffer struct {
	next  *buffer
	size  int
	class int
	flow  int // of an acknowledgement
	bytes []byte
}

// A packet takes the smallest class that holds it, so that small packets do not keep 64 KiB each.
var bufferClasses = [...]int{256, 2 << 10, 16 << 10, 64 << 10}

var bufferPools [len(bufferClasses)]sync.Pool

func copyToBuffer(packet []byte) *buffer {
	class := 0
	for bufferClasses[class] < len(packet) {
		class++
	}
	b, ok := bufferPools[class].Get().(*buffer)
	if !ok {
		b = &buffer{class: class, bytes: make([]byte, bufferClasses[class])}
	}
	b.next = nil
	b.size = copy(b.bytes, packet)
	return b
}

func (b *buffer) release() {
	b.next = nil
	bufferPools[b.class].Put(b)
}

// fifo is a list of buffers in order of arrival.
type fifo struct {
	head, tail *buffer
	bytes      int
}

func (f *fifo) push(b *buffer) {
	if f.tail == nil {
		f.head = b
	} else {
		f.tail.next = b
	}
	f.tail = b
	f.bytes += b.size
}

func (f *fifo) pop() *buffer {
	b := f.head
	f.head = b.next
	if f.head == nil {
		f.tail = nil
	}
	b.next = nil
	f.bytes -= b.size
	return b
}
