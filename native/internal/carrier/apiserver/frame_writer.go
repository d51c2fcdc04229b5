package apiserver

import (
	"encoding/binary"
	"net"
)

const spdyHeader = 8

// frameWriter passes each SPDY frame on in one Write. spdystream writes a data frame in three (4 bytes, 4 bytes, the
// data), and below it each would become a WebSocket message, a TLS record and a system call of its own. Data and
// control frames alike have 8 bytes of header whose last three are the length of the rest. spdystream writes from one
// goroutine at a time.
type frameWriter struct {
	net.Conn
	waiting []byte
}

func (w *frameWriter) Write(bytes []byte) (int, error) {
	w.waiting = append(w.waiting, bytes...)
	complete := 0
	for rest := w.waiting; len(rest) >= spdyHeader; rest = w.waiting[complete:] {
		length := spdyHeader + int(binary.BigEndian.Uint32(rest[4:])&0xffffff)
		if len(rest) < length {
			break
		}
		complete += length
	}
	if complete == 0 {
		return len(bytes), nil
	}
	if _, err := w.Conn.Write(w.waiting[:complete]); err != nil {
		return 0, err
	}
	w.waiting = append(w.waiting[:0], w.waiting[complete:]...)
	return len(bytes), nil
}
