package portforward

import (
	"bytes"
	"testing"

	"github.com/moby/spdystream/spdy"
)

// FuzzFrames lets a server say anything after the streams were opened, or instead.
func FuzzFrames(f *testing.F) {
	f.Add(join(opened, data(3, 0, "x"), data(1, 1, "r"), control(spdy.TypePing, 0, word(2)...), data(3, 1, "")), false)
	f.Add(framed(opBinary|bitFinal, join(opened, data(3, 0, "x"))), true)
	f.Add(join(framed(opBinary, opened), framed(opPing|bitFinal, []byte("?")), framed(opContinuation|bitFinal, data(3, 1, "y"))), true)
	f.Fuzz(func(t *testing.T, says []byte, overWebSocket bool) {
		server := &script{says: bytes.NewReader(says)}
		stream, err := openOver(server, overWebSocket)
		if err != nil {
			return
		}
		got, err := readAll(stream)
		if err == nil || len(got) > len(says) {
			t.Errorf("%d bytes of %d, %v", len(got), len(says), err)
		}
		if len(stream.input.said) > reasonLimit || len(stream.turn.left) > leftLimit {
			t.Error("more was kept than may be")
		}
	})
}

// FuzzWebSocket takes anything for frames of a WebSocket.
func FuzzWebSocket(f *testing.F) {
	f.Add(join(framed(opBinary|bitFinal, []byte("abc")), framed(opBinary, []byte("d")), framed(opPong|bitFinal, nil), framed(opContinuation|bitFinal, []byte("e"))))
	f.Add(framed(opBinary|bitFinal, make([]byte, 300)))
	f.Add(framed(opClose|bitFinal, []byte{3, 232}))
	f.Fuzz(func(t *testing.T, says []byte) {
		frames := &webSocket{from: bytes.NewReader(says), pong: func(pong []byte) error {
			if len(pong) > maxHeader+maxControlPayload {
				t.Errorf("an answer of %d bytes", len(pong))
			}
			return nil
		}}
		if got, err := readAll(frames); err == nil || len(got) > len(says) {
			t.Errorf("%d bytes of %d, %v", len(got), len(says), err)
		}
	})
}
