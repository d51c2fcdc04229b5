package stream

import (
	"encoding/binary"
	"fmt"
	"io"

	"slipway/native/internal/carrier"
)

// decoderSize holds the largest frame and as much again, so that one read of the stream brings several frames.
const decoderSize = 2 * (frameHeader + carrier.MaxMessage + 1)

// decoder cuts a stream into frames. It keeps what it has not returned yet; payloads are valid until the next fill.
type decoder struct {
	buffer     [decoderSize]byte
	start, end int
}

// next returns the payload of the next complete frame in the buffer, or nil if more must be read first.
func (d *decoder) next() ([]byte, error) {
	waiting := d.buffer[d.start:d.end]
	if len(waiting) < frameHeader {
		return nil, nil
	}
	length := int(binary.BigEndian.Uint16(waiting))
	if length == 0 {
		return nil, ErrFrameEmpty
	}
	// The type is judged as soon as it is here, not when the frame is complete: a hostile length must not make us
	// wait.
	if len(waiting) > frameHeader {
		if err := checkFrame(waiting[frameHeader], length); err != nil {
			return nil, err
		}
	}
	if len(waiting) < frameHeader+length {
		return nil, nil
	}
	d.start += frameHeader + length
	return waiting[frameHeader : frameHeader+length : frameHeader+length], nil
}

// fill reads once. An end of the stream inside a frame is io.ErrUnexpectedEOF.
func (d *decoder) fill(reader io.Reader) error {
	if d.start == d.end {
		d.start, d.end = 0, 0
	} else if len(d.buffer)-d.end < frameHeader+carrier.MaxMessage {
		d.end = copy(d.buffer[:], d.buffer[d.start:d.end])
		d.start = 0
	}
	n, err := reader.Read(d.buffer[d.end:])
	d.end += n
	if n > 0 {
		return nil
	}
	if err == io.EOF && d.start != d.end {
		return io.ErrUnexpectedEOF
	}
	return err
}

func checkFrame(kind byte, length int) error {
	switch {
	case kind >= messageHandshakeInitiation && kind <= messageTransport:
		return nil
	case kind == messageWindowReport && length == reportLength:
		return nil
	case kind == messageWindowReport:
		return fmt.Errorf("%w: %d bytes", ErrReportInvalid, length)
	}
	return fmt.Errorf("%w: %#x", ErrFrameUnknown, kind)
}

func appendFrame(buffer, payload []byte) []byte {
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(len(payload)))
	return append(buffer, payload...)
}

func appendReport(buffer []byte, received uint64) []byte {
	buffer = binary.BigEndian.AppendUint16(buffer, reportLength)
	buffer = append(buffer, messageWindowReport)
	return binary.BigEndian.AppendUint64(buffer, received)
}
