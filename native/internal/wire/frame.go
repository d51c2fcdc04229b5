// Package wire holds the messages of Slipway's links and the framing they share. It decides nothing, opens
// nothing and imports only the standard library, because the root helper links it.
//
// Three links use it: engine to helper (Unix socket), core to engine (the engine's standard input and output) and
// engine to agent (the control stream). Each starts with a Hello from the side that dialled; see docs/links.md.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFrame is the largest body of a frame in bytes, on every link but core to engine.
const MaxFrame = 64 << 10

// MaxEngineFrame is the largest body in bytes on the core to engine link, which carries endpoint lists.
const MaxEngineFrame = 4 << 20

// ErrFrameTooLarge is returned for a frame whose announced or encoded body is over the limit.
var ErrFrameTooLarge = errors.New("frame too large")

// WriteFrame encodes value as JSON behind its length (4 bytes, big endian) and writes both in one call.
func WriteFrame(writer io.Writer, value any, limit int) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	if len(body) > limit {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrFrameTooLarge, len(body), limit)
	}
	frame := make([]byte, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body)))
	copy(frame[4:], body)
	if _, err := writer.Write(frame); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// ReadFrame reads one frame and returns its JSON body. A clean end between frames is io.EOF; an end inside a
// frame is io.ErrUnexpectedEOF; a body over limit is ErrFrameTooLarge, before anything of it is read.
func ReadFrame(reader io.Reader, limit int) ([]byte, error) {
	var header [4]byte
	if _, err := io.ReadFull(reader, header[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(header[:])
	if uint64(length) > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrFrameTooLarge, length, limit)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(reader, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body, nil
}
