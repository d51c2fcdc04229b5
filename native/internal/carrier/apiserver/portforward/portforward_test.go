package portforward

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/spdystream/spdy"
)

// script is a connection whose server says what is given, whatever it is told.
type script struct {
	net.Conn
	says io.Reader

	lock  sync.Mutex
	heard [][]byte
}

func (s *script) Read(into []byte) (int, error) { return s.says.Read(into) }

func (s *script) Write(from []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.heard = append(s.heard, bytes.Clone(from))
	return len(from), nil
}

func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

func (s *script) hears() [][]byte {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.heard
}

func control(kind spdy.ControlFrameType, flags byte, payload ...byte) []byte {
	frame := binary.BigEndian.AppendUint32(nil, controlBit|spdy.Version<<16|uint32(kind))
	frame = binary.BigEndian.AppendUint32(frame, uint32(flags)<<24|uint32(len(payload)))
	return append(frame, payload...)
}

func word(number uint32) []byte { return binary.BigEndian.AppendUint32(nil, number) }

func reply(stream uint32) []byte { return control(spdy.TypeSynReply, 0, word(stream)...) }

func data(stream uint32, flags byte, payload string) []byte {
	return append(appendDataHeader(nil, stream, flags, len(payload)), payload...)
}

var opened = append(reply(errorStream), reply(dataStream)...)

// framed is a message as a server sends it in a WebSocket.
func framed(first byte, payload []byte) []byte {
	frame := []byte{first, byte(len(payload))}
	switch {
	case len(payload) > 0xffff:
		frame[1] = 127
		frame = binary.BigEndian.AppendUint64(frame, uint64(len(payload)))
	case len(payload) > maxControlPayload:
		frame[1] = 126
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	}
	return append(frame, payload...)
}

func explain(text string) error { return errors.New("kubelet: " + text) }

func openOver(conn net.Conn, overWebSocket bool) (*Stream, error) {
	return Open(conn, func() { _ = conn.Close() }, Options{Port: 8723, WebSocket: overWebSocket, Explain: explain})
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestWhatServersSay(t *testing.T) {
	bomb := func() []byte {
		var packed bytes.Buffer
		writer := zlib.NewWriter(&packed)
		_, _ = io.CopyN(writer, zeros{}, 64<<20)
		_ = writer.Close()
		return packed.Bytes()
	}()
	for name, test := range map[string]struct {
		says []byte
		got  string
		end  error // the kind, or the words
		open error // of Open, where it fails
	}{
		"data and an end":              {join(opened, data(3, 0, "one"), data(3, 1, "two")), "onetwo", io.EOF, nil},
		"the end by itself":            {join(opened, data(3, 0, "one"), data(3, 1, "")), "one", io.EOF, nil},
		"the end in a reply":           {join(reply(1), control(spdy.TypeSynReply, 1, word(3)...)), "", io.EOF, nil},
		"the end in headers":           {join(opened, data(3, 0, "x"), control(spdy.TypeHeaders, 1, word(3)...)), "x", io.EOF, nil},
		"nothing after the end":        {join(opened, data(3, 1, "x"), data(3, 0, "more")), "x", io.EOF, nil},
		"data before the other reply":  {join(reply(3), data(3, 0, "early"), reply(1), data(3, 1, "late")), "earlylate", io.EOF, nil},
		"a reset":                      {join(opened, data(3, 0, "x"), control(spdy.TypeRstStream, 0, join(word(3), word(5))...)), "x", io.EOF, nil},
		"going away":                   {join(opened, data(3, 0, "x"), control(spdy.TypeGoAway, 0, join(word(0), word(0))...), data(3, 0, "y")), "x", io.EOF, nil},
		"a connection that ends":       {join(opened, data(3, 0, "x")), "x", io.EOF, nil},
		"cut in a header":              {join(opened, data(3, 0, "x"), []byte{0, 0, 0}), "x", io.ErrUnexpectedEOF, nil},
		"cut in data":                  {join(opened, data(3, 0, "xyz")[:9]), "x", io.ErrUnexpectedEOF, nil},
		"cut in what is skipped":       {join(opened, data(7, 0, "xyz")[:9]), "", io.ErrUnexpectedEOF, nil},
		"cut in a control frame":       {join(opened, control(spdy.TypePing, 0, word(2)...)[:10]), "", io.ErrUnexpectedEOF, nil},
		"a reason before the end":      {join(opened, data(1, 0, "refu"), data(1, 1, "sed"), data(3, 1, "")), "", errors.New("kubelet: refused"), nil},
		"a reason after the end":       {join(opened, data(3, 1, ""), data(1, 0, "refused"), data(1, 1, "")), "", errors.New("kubelet: refused"), nil},
		"a reason and resets":          {join(opened, data(1, 0, "gone"), control(spdy.TypeRstStream, 0, join(word(3), word(5))...), control(spdy.TypeRstStream, 0, join(word(1), word(5))...)), "", errors.New("kubelet: gone"), nil},
		"a reason that is no UTF-8":    {join(opened, data(1, 1, "a\xff"), data(3, 1, "")), "", errors.New("kubelet: a?"), nil},
		"a reason of a megabyte":       {join(opened, data(1, 1, strings.Repeat("r", 1<<20)), data(3, 1, "")), "", errors.New("kubelet: " + strings.Repeat("r", 4<<10)), nil},
		"a reason in place of replies": {join(data(1, 1, "no such pod"), control(spdy.TypeRstStream, 0, join(word(3), word(3))...)), "", nil, errors.New("kubelet: no such pod")},
		"unknown streams":              {join(opened, data(2, 1, strings.Repeat("x", 1<<20)), data(5, 0, "y"), data(3, 1, "z")), "z", io.EOF, nil},
		"unknown and unused frames":    {join(opened, control(4, 0, word(0)...), control(9, 0, join(word(3), word(1))...), control(1, 0, make([]byte, 10)...), control(77, 9, 1, 2, 3), data(3, 1, "z")), "z", io.EOF, nil},
		"answers to pings":             {join(opened, control(spdy.TypePing, 0, word(1)...), data(3, 1, "z")), "z", io.EOF, nil},
		"headers that unpack to much":  {join(control(spdy.TypeSynReply, 0, append(word(1), bomb...)...), reply(3), control(spdy.TypeHeaders, 0, append(word(3), bomb...)...), data(3, 1, "z")), "z", io.EOF, nil},
		"not SPDY":                     {join(opened, []byte("\xd0HTTP/1.1 400 Bad Request\r\n")), "", ErrProtocol, nil},
		"another version":              {join(opened, []byte{0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2}), "", ErrProtocol, nil},
		"data on stream 0":             {join(opened, data(0, 0, "x")), "", ErrProtocol, nil},
		"a short reset":                {join(opened, control(spdy.TypeRstStream, 0, word(3)...)), "", ErrProtocol, nil},
		"a short ping":                 {join(opened, control(spdy.TypePing, 0, 1)), "", ErrProtocol, nil},
		"data before a reply":          {data(3, 0, "x"), "", nil, ErrProtocol},
		"a refused stream":             {join(reply(1), control(spdy.TypeRstStream, 0, join(word(3), word(3))...)), "", nil, errReset},
		"nothing":                      {nil, "", nil, io.ErrUnexpectedEOF},
		"one reply":                    {reply(3), "", nil, io.ErrUnexpectedEOF},
	} {
		for _, overWebSocket := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, WebSocket %v", name, overWebSocket), func(t *testing.T) {
				var says io.Reader = bytes.NewReader(test.says)
				if overWebSocket {
					// Cut where it hurts, with pings between.
					var message []byte
					for index, rest := byte(opBinary), test.says; len(rest) > 0; index = opContinuation {
						part := rest[:min(len(rest), 1+len(rest)/2)]
						rest = rest[len(part):]
						if len(rest) == 0 {
							index |= bitFinal
						}
						message = join(message, framed(index, part), framed(opPing|bitFinal, []byte("?")), framed(opPong|bitFinal, nil))
					}
					says = bytes.NewReader(message)
				}
				stream, err := openOver(&script{says: says}, overWebSocket)
				if test.open != nil || err != nil {
					if !is(err, test.open) {
						t.Fatalf("open: %v instead of %v", err, test.open)
					}
					return
				}
				got, err := readAll(stream)
				if string(got) != test.got || !is(err, test.end) {
					t.Errorf("read %q, %v instead of %q, %v", got, err, test.got, test.end)
				}
				if _, again := stream.Read(make([]byte, 1)); !is(again, test.end) {
					t.Errorf("read again: %v", again)
				}
			})
		}
	}
}

// is takes errors of the same words for the same.
func is(got, want error) bool {
	return errors.Is(got, want) || got != nil && want != nil && got.Error() == want.Error()
}

// readAll keeps the end as it is.
func readAll(from io.Reader) (got []byte, err error) {
	chunk := make([]byte, 5)
	for err == nil {
		var n int
		n, err = from.Read(chunk)
		got = append(got, chunk[:n]...)
	}
	return got, err
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) { clear(into); return len(into), nil }

func TestWhatIsNoWebSocket(t *testing.T) {
	for name, test := range map[string]struct {
		says []byte
		end  error
	}{
		"masked":                       {[]byte{opBinary | bitFinal, bitMasked, 0, 0, 0, 0}, ErrProtocol},
		"a reserved bit":               {[]byte{opBinary | bitFinal | 0x40, 0}, ErrProtocol},
		"text":                         {[]byte{1 | bitFinal, 0}, ErrProtocol},
		"an opcode of tomorrow":        {[]byte{3 | bitFinal, 0}, ErrProtocol},
		"a control opcode of tomorrow": {[]byte{11 | bitFinal, 0}, ErrProtocol},
		"a continuation of nothing":    {[]byte{opContinuation | bitFinal, 0}, ErrProtocol},
		"a message in a message":       {[]byte{opBinary, 0, opBinary, 0}, ErrProtocol},
		"a ping in parts":              {[]byte{opPing, 0}, ErrProtocol},
		"a long ping":                  {[]byte{opPing | bitFinal, 126, 0, 126}, ErrProtocol},
		"a length that is negative":    {[]byte{opBinary | bitFinal, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, ErrProtocol},
		"a long message that is cut":   {[]byte{opBinary | bitFinal, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0, 'x'}, io.ErrUnexpectedEOF},
		"a length that is cut":         {[]byte{opBinary | bitFinal, 127, 0}, io.ErrUnexpectedEOF},
		"a ping that is cut":           {[]byte{opPing | bitFinal, 3, 'x'}, io.ErrUnexpectedEOF},
		"a normal close":               {framed(opClose|bitFinal, []byte{3, 232}), io.EOF},
		"a close without a word":       {framed(opClose|bitFinal, nil), io.EOF},
		"a close of half a word":       {framed(opClose|bitFinal, []byte{3}), io.EOF},
		"a close because of an error":  {framed(opClose|bitFinal, []byte("\x03\xf3bad")), errors.New(`the server closed the WebSocket with code 1011: "bad"`)},
		"empty parts, then an end":     {join(bytes.Repeat([]byte{opBinary, 0, opContinuation | bitFinal, 0}, 100), framed(opClose|bitFinal, nil)), io.EOF},
	} {
		stream, err := openOver(&script{says: bytes.NewReader(join(framed(opBinary|bitFinal, opened), test.says))}, true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// No whole SPDY frame is in any of it.
		if _, err := readAll(stream); !is(err, test.end) {
			t.Errorf("%s: %v instead of %v", name, err, test.end)
		}
	}
}
