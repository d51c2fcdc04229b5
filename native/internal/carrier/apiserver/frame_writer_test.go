package apiserver

import (
	"bytes"
	"net"
	"testing"
)

type recordingConn struct {
	net.Conn
	writes [][]byte
}

func (c *recordingConn) Write(b []byte) (int, error) {
	c.writes = append(c.writes, bytes.Clone(b))
	return len(b), nil
}

func TestFrameWriterWritesWholeFrames(t *testing.T) {
	data := append([]byte{0, 0, 0, 3, 0, 0, 0x10, 0}, bytes.Repeat([]byte{7}, 0x1000)...)
	control := append([]byte{0x80, 3, 0, 6, 0, 0, 0, 4}, 0, 0, 0, 1)
	empty := []byte{0, 0, 0, 3, 1, 0, 0, 0}
	for _, step := range []int{1, 3, 4, 5000, 1 << 20} {
		recorder := &recordingConn{}
		writer := &frameWriter{Conn: recorder}
		stream := bytes.Join([][]byte{data, control, empty, data}, nil)
		for rest := stream; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			if n, err := writer.Write(rest[:min(step, len(rest))]); err != nil || n != min(step, len(rest)) {
				t.Fatal(n, err)
			}
		}
		if !bytes.Equal(bytes.Join(recorder.writes, nil), stream) {
			t.Fatalf("steps of %d: the stream changed", step)
		}
		for _, write := range recorder.writes {
			if size := len(write); size != len(data) && size != len(control) && size != len(empty) && step < 1000 {
				t.Errorf("steps of %d: a write of %d bytes", step, size)
			}
		}
	}
}
