// Package questions carries DNS messages over one flow of a session: the agent asks each nameserver by a socket of its own,
// as the laptop would. A question so takes the way of small requests, moves to another lane with its flow, and meets
// neither WireGuard's queues nor a stack of either end. It must never read a message, choose a nameserver, or keep an answer.
package questions

import (
	"encoding/binary"
	"net/netip"

	"slipway/native/internal/bytestream"
)

// Port is where the agent takes the flow, at its address in the tunnel.
const Port = 53

// Frames, numbers big endian. Towards the agent: length of the rest (2 bytes), number of the exchange (4), and then nothing where
// the exchange is over, else family of the nameserver (1: 4 or 6), address (4 or 16), port (2), message. Towards the
// engine: length of the rest (2), number of the exchange (4), and a message, or nothing where the nameserver refuses.
const (
	prefix       = 2 // the length
	numbered     = 4
	addressed    = 1 + 16 + 2
	largest      = 1<<16 - 1
	largestAsked = 4 << 10 // of a question, in bytes; an ordinary one has less than 300
)

// Bounds of what one session may ask for at once.
const (
	atOnce  = 128
	answers = 16 // datagrams to one question: forged ones pass by until the true one comes (RFC 5452)
)

// frame puts a length and a number before the parts.
func frame(number uint32, parts ...[]byte) []byte {
	size := numbered
	for _, part := range parts {
		size += len(part)
	}
	made := make([]byte, prefix, prefix+size)
	binary.BigEndian.PutUint16(made, uint16(size))
	made = binary.BigEndian.AppendUint32(made, number)
	for _, part := range parts {
		made = append(made, part...)
	}
	return made
}

// encodeServer is the form of a nameserver in a frame.
func encodeServer(server netip.AddrPort) []byte {
	address := server.Addr().Unmap()
	made := []byte{4}
	if address.Is6() {
		made[0] = 6
	}
	made = append(made, address.AsSlice()...)
	return binary.BigEndian.AppendUint16(made, server.Port())
}

// decodeServer takes the nameserver off a frame's rest.
func decodeServer(rest []byte) (server netip.AddrPort, message []byte, isSound bool) {
	if len(rest) == 0 {
		return server, nil, false
	}
	size := map[byte]int{4: 4, 6: 16}[rest[0]]
	if size == 0 || len(rest) < 1+size+2 {
		return server, nil, false
	}
	address, _ := netip.AddrFromSlice(rest[1 : 1+size])
	port := binary.BigEndian.Uint16(rest[1+size:])
	return netip.AddrPortFrom(address.Unmap(), port), rest[1+size+2:], true
}

// frames takes whole frames out of a flow as they come.
type frames struct {
	buffer []byte
	atMost int // of a frame, in bytes; a longer one breaks the flow
}

// read gives each whole frame to take, until there is nothing to read: then why. The rest of a frame is valid during the call.
func (f *frames) read(flow *bytestream.Flow, take func(number uint32, rest []byte)) error {
	var piece [4 << 10]byte
	for {
		count, err := flow.Read(piece[:])
		f.buffer = append(f.buffer, piece[:count]...)
		for len(f.buffer) >= prefix {
			size := int(binary.BigEndian.Uint16(f.buffer))
			if size < numbered || size > f.atMost {
				return errBroken
			}
			if len(f.buffer) < prefix+size {
				break
			}
			take(binary.BigEndian.Uint32(f.buffer[prefix:]), f.buffer[prefix+numbered:prefix+size])
			f.buffer = f.buffer[:copy(f.buffer, f.buffer[prefix+size:])]
		}
		if err != nil {
			if len(f.buffer) == 0 {
				f.buffer = nil
			}
			return err
		}
	}
}
