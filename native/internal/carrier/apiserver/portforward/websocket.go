package portforward

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
)

// Opcodes and bits of a frame (RFC 6455, section 5.2).
const (
	opContinuation = 0
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10

	bitFinal     = 0x80
	bitsReserved = 0x70
	bitMasked    = 0x80
	bitControl   = 8

	maxControlPayload = 125
	maskLength        = 4
	maxHeader         = 2 + 8 + maskLength

	closeNormal   = 1000
	closeNoStatus = 1005
)

// framing is how messages lie in a connection.
type framing interface {
	io.Reader

	// headroom is how many bytes seal needs before a message.
	headroom() int

	// seal makes the bytes of a message whose payload is buffer[headroom():]; it changes the buffer, and answers a part of it.
	seal(buffer []byte) []byte

	// goodbye is what ends a connection politely.
	goodbye() []byte
}

// bare puts SPDY into the connection itself.
type bare struct{ io.Reader }

func (bare) headroom() int             { return 0 }
func (bare) seal(buffer []byte) []byte { return buffer }
func (bare) goodbye() []byte           { return nil }

// webSocket is a client's half. Read gives the payload of binary messages, which it takes for one stream of bytes.
type webSocket struct {
	from   io.Reader
	pong   func([]byte) error // sends a frame without waiting
	header [8]byte
	rest   uint64 // of the frame's payload
	isOpen bool   // a message goes on in further frames
}

func (w *webSocket) Read(into []byte) (int, error) {
	for w.rest == 0 {
		if err := w.next(); err != nil {
			return 0, err
		}
	}
	n, err := w.from.Read(into[:min(uint64(len(into)), w.rest)])
	w.rest -= uint64(n)
	if err == io.EOF && w.rest > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next reads the header of a frame, and the whole of a control frame.
func (w *webSocket) next() error {
	header := w.header[:2]
	if _, err := io.ReadFull(w.from, header); err != nil {
		return err
	}
	opcode, isFinal, length := header[0]&0x0f, header[0]&bitFinal != 0, int(header[1])
	switch {
	case header[0]&bitsReserved != 0 || length&bitMasked != 0:
		return fmt.Errorf("%w: WebSocket frame %#x", ErrProtocol, header)
	case opcode&bitControl != 0 && (!isFinal || length > maxControlPayload):
		return fmt.Errorf("%w: WebSocket control frame %#x", ErrProtocol, header)
	case opcode&bitControl != 0:
		return w.control(opcode, length)
	case opcode != opBinary && opcode != opContinuation || (opcode == opContinuation) != w.isOpen:
		return fmt.Errorf("%w: WebSocket frame of opcode %d", ErrProtocol, opcode)
	}
	var err error
	if w.rest, err = w.length(length); err == nil {
		w.isOpen = !isFinal
	}
	return err
}

// length reads what follows the seven bits of length.
func (w *webSocket) length(short int) (uint64, error) {
	extended := 0
	switch short {
	case 126:
		extended = 2
	case 127:
		extended = 8
	default:
		return uint64(short), nil
	}
	clear(w.header[:])
	if _, err := io.ReadFull(w.from, w.header[8-extended:8]); err != nil {
		return 0, unexpected(err)
	}
	length := binary.BigEndian.Uint64(w.header[:])
	if length>>63 != 0 {
		return 0, fmt.Errorf("%w: WebSocket frame of %d bytes", ErrProtocol, length)
	}
	return length, nil
}

func (w *webSocket) control(opcode byte, length int) error {
	payload := make([]byte, length)
	if _, err := io.ReadFull(w.from, payload); err != nil {
		return unexpected(err)
	}
	switch opcode {
	case opPing:
		return w.pong(controlMessage(opPong, payload))
	case opPong:
		return nil
	case opClose:
		code := closeNoStatus
		if length >= 2 {
			code = int(binary.BigEndian.Uint16(payload))
		}
		if code == closeNormal || code == closeNoStatus {
			return io.EOF
		}
		return fmt.Errorf("the server closed the WebSocket with code %d: %q", code, payload[2:])
	}
	return fmt.Errorf("%w: WebSocket frame of opcode %d", ErrProtocol, opcode)
}

func (w *webSocket) headroom() int             { return maxHeader }
func (w *webSocket) seal(buffer []byte) []byte { return seal(opBinary, buffer) }

func (w *webSocket) goodbye() []byte {
	return controlMessage(opClose, binary.BigEndian.AppendUint16(nil, closeNormal))
}

func controlMessage(opcode byte, payload []byte) []byte {
	return seal(opcode, append(make([]byte, maxHeader, maxHeader+maxControlPayload), payload...))
}

// seal makes a whole, masked message of buffer[maxHeader:]. The header ends where the payload begins.
func seal(opcode byte, buffer []byte) []byte {
	payload := buffer[maxHeader:]
	length, start := len(payload), maxHeader-maskLength-2
	switch {
	case length > 0xffff:
		start -= 8
		buffer[start+1] = 127
		binary.BigEndian.PutUint64(buffer[start+2:], uint64(length))
	case length > maxControlPayload:
		start -= 2
		buffer[start+1] = 126
		binary.BigEndian.PutUint16(buffer[start+2:], uint16(length))
	default:
		buffer[start+1] = byte(length)
	}
	buffer[start] = bitFinal | opcode
	buffer[start+1] |= bitMasked
	key := buffer[maxHeader-maskLength : maxHeader]
	_, _ = rand.Read(key) // never fails
	mask(payload, key)
	return buffer[start:]
}

// mask is much faster with a long key.
func mask(payload, key []byte) {
	var long [1 << 10]byte
	filled := long[:min(len(long), (len(payload)+maskLength-1)/maskLength*maskLength)]
	for n := copy(filled, key); n < len(filled); n *= 2 {
		copy(filled[n:], filled[:n])
	}
	for ; len(payload) > 0; payload = payload[min(len(long), len(payload)):] {
		subtle.XORBytes(payload, payload, long[:])
	}
}
