package portforward

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/moby/spdystream/spdy"
)

const reasonLimit = 4 << 10

// input takes frames as they come. One goroutine at a time uses it, but for reason and reasonText.
type input struct {
	from io.Reader
	pong func(id uint32) error // sends one without waiting

	header       [frameHeader]byte
	errorReplied bool
	dataReplied  bool
	rest         int   // of a data frame's payload, not read yet
	isLast       bool  // no data comes after it
	isFinished   bool  // no more data comes
	isReset      bool  // and none is taken
	dead         error // no more frames come
	said         []byte

	reason     chan struct{} // closed when nothing more comes on the error stream; said stays as it is from then on
	reasonOnce sync.Once
}

// isOpen tells whether data may come and go. Data may come before the answer about the other stream does.
func (i *input) isOpen() bool { return i.dataReplied && (i.errorReplied || i.rest > 0) }

func (i *input) isReasonKnown() bool {
	select {
	case <-i.reason:
		return true
	default:
		return false
	}
}

func (i *input) knowReason() { i.reasonOnce.Do(func() { close(i.reason) }) }

// reasonText is what was said on the error stream, once that ended.
func (i *input) reasonText() string {
	if !i.isReasonKnown() {
		return ""
	}
	return strings.ToValidUTF8(string(i.said), "?")
}

// read takes frames until there is data.
func (i *input) read(into []byte) (int, error) {
	for i.rest == 0 {
		if i.isFinished {
			return 0, io.EOF
		}
		if err := i.next(); err != nil {
			return 0, err
		}
	}
	n, err := i.from.Read(into[:min(len(into), i.rest)])
	i.take(n)
	if err == nil || n > 0 {
		return n, nil // an error comes again
	}
	return 0, i.die(unexpected(err))
}

func (i *input) take(n int) {
	i.rest -= n
	if i.rest == 0 && i.isLast {
		i.isFinished = true
	}
}

// next takes a frame, but for the payload of one that has data. Its error is the end of all frames.
func (i *input) next() error {
	if i.dead == nil {
		if err := i.frame(); err != nil {
			return i.die(err)
		}
	}
	return i.dead
}

func (i *input) die(err error) error {
	i.dead = err
	i.knowReason()
	return err
}

func (i *input) frame() error {
	if _, err := io.ReadFull(i.from, i.header[:]); err != nil {
		return err
	}
	found, err := parseFrame(i.header)
	if err != nil {
		return err
	}
	if found.kind == 0 {
		return i.data(found)
	}
	words, isKnown := map[spdy.ControlFrameType]int{
		spdy.TypeSynReply: 1, spdy.TypeHeaders: 1, spdy.TypeRstStream: 2, spdy.TypeGoAway: 2, spdy.TypePing: 1,
	}[found.kind]
	if !isKnown {
		return i.skip(found.length)
	}
	if found.length < 4*words {
		return fmt.Errorf("%w: control frame %d of %d bytes", ErrProtocol, found.kind, found.length)
	}
	if _, err := io.ReadFull(i.from, i.header[:4*words]); err != nil {
		return unexpected(err)
	}
	// Headers say nothing that a client needs, and it need not inflate them to find the next frame.
	if err := i.skip(found.length - 4*words); err != nil {
		return err
	}
	return i.control(found, binary.BigEndian.Uint32(i.header[:])&streamMask)
}

func (i *input) control(found frame, id uint32) error {
	switch found.kind {
	case spdy.TypeSynReply:
		i.errorReplied = i.errorReplied || id == errorStream
		i.dataReplied = i.dataReplied || id == dataStream
		i.finish(id, found.flags)
	case spdy.TypeHeaders:
		i.finish(id, found.flags)
	case spdy.TypeRstStream:
		i.finish(id, flagFinished)
		i.isReset = i.isReset || id == dataStream
	case spdy.TypeGoAway:
		// As those servers mean it: they end all streams, and close the connection when these are gone.
		return io.EOF
	case spdy.TypePing:
		if id%2 == 0 { // the server's own
			return i.pong(id)
		}
	}
	return nil
}

func (i *input) finish(id uint32, flags byte) {
	if flags&flagFinished == 0 {
		return
	}
	switch id {
	case dataStream:
		i.isFinished = true
	case errorStream:
		i.knowReason()
	}
}

func (i *input) data(found frame) error {
	switch {
	case found.stream == dataStream && !i.dataReplied, found.stream == 0:
		return fmt.Errorf("%w: data on stream %d", ErrProtocol, found.stream)
	case found.stream == dataStream && !i.isFinished:
		i.rest, i.isLast = found.length, found.flags&flagFinished != 0
		i.take(0)
		return nil
	case found.stream == errorStream && !i.isReasonKnown():
		kept := len(i.said)
		i.said = append(i.said, make([]byte, min(found.length, reasonLimit-kept))...)
		if n, err := io.ReadFull(i.from, i.said[kept:]); err != nil {
			i.said = i.said[:kept+n]
			return unexpected(err)
		}
		found.length -= len(i.said) - kept
	}
	if err := i.skip(found.length); err != nil {
		return err
	}
	i.finish(found.stream, found.flags)
	return nil
}

func (i *input) skip(bytes int) error {
	if bytes == 0 {
		return nil
	}
	_, err := io.CopyN(io.Discard, i.from, int64(bytes))
	return unexpected(err)
}

// unexpected is the error for an end where more was announced.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
