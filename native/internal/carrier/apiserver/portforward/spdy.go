package portforward

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/moby/spdystream/spdy"
	corev1 "k8s.io/api/core/v1"
)

// ErrProtocol is wrapped by what ends a stream because the server sent what it must not.
var ErrProtocol = errors.New("the server broke the port-forward protocol")

// A client's streams have odd numbers, in the order in which they are opened.
const (
	errorStream = 1
	dataStream  = 3
)

const (
	frameHeader  = 8
	controlBit   = 1 << 31
	lengthMask   = 1<<24 - 1
	streamMask   = 1<<31 - 1
	flagFinished = 1
)

// frame is the header of one (SPDY draft 3, section 2.2).
type frame struct {
	kind   spdy.ControlFrameType // 0 for data
	stream uint32                // of data
	flags  byte
	length int // of what follows
}

func parseFrame(header [frameHeader]byte) (frame, error) {
	word, rest := binary.BigEndian.Uint32(header[:4]), binary.BigEndian.Uint32(header[4:])
	parsed := frame{flags: byte(rest >> 24), length: int(rest & lengthMask)}
	if word&controlBit == 0 {
		parsed.stream = word
		return parsed, nil
	}
	parsed.kind = spdy.ControlFrameType(word & 0xffff)
	if version := word >> 16 & 0x7fff; version != spdy.Version || parsed.kind == 0 {
		return parsed, fmt.Errorf("%w: control frame %d of version %d", ErrProtocol, parsed.kind, version)
	}
	return parsed, nil
}

func appendDataHeader(buffer []byte, stream uint32, flags byte, length int) []byte {
	buffer = binary.BigEndian.AppendUint32(buffer, stream)
	return binary.BigEndian.AppendUint32(buffer, uint32(flags)<<24|uint32(length))
}

func appendControl(buffer []byte, kind spdy.ControlFrameType, words ...uint32) []byte {
	buffer = binary.BigEndian.AppendUint32(buffer, controlBit|spdy.Version<<16|uint32(kind))
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(4*len(words)))
	for _, word := range words {
		buffer = binary.BigEndian.AppendUint32(buffer, word)
	}
	return buffer
}

// appendOpenings asks for both streams of a port-forward. They share one compressor, as the streams of a connection must.
func appendOpenings(buffer []byte, port int) ([]byte, error) {
	written := bytes.NewBuffer(buffer)
	framer, err := spdy.NewFramer(written, nil)
	if err != nil {
		return nil, err
	}
	for _, opening := range []struct {
		stream spdy.StreamId
		kind   string
	}{{errorStream, corev1.StreamTypeError}, {dataStream, corev1.StreamTypeData}} {
		headers := http.Header{}
		headers.Set(corev1.StreamType, opening.kind)
		headers.Set(corev1.PortHeader, strconv.Itoa(port))
		headers.Set(corev1.PortForwardRequestIDHeader, "0")
		if err := framer.WriteFrame(&spdy.SynStreamFrame{StreamId: opening.stream, Headers: headers}); err != nil {
			return nil, err
		}
	}
	return written.Bytes(), nil
}
