package proxy

import (
	"io"
	"net"
	"sync"
)

// join moves bytes both ways until both directions have ended, or the server. An end is passed on as an end, a reset as a reset.
func (s *Server) join(program, far net.Conn) {
	s.mu.Lock()
	s.far[far] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.far, far)
	}()
	if s.ctx.Err() != nil { // it was closed before it could know of this one
		abort(far)
	}
	var both sync.WaitGroup
	both.Go(func() { move(far, program) })
	both.Go(func() { move(program, far) })
	both.Wait()
	_ = far.Close()
	_ = program.Close()
}

func move(to, from net.Conn) {
	_, err := io.Copy(onlyWriter{to}, onlyReader{from})
	if err == nil {
		err = closeWrite(to)
	}
	if err != nil { // one of them is gone: the other must not wait for it
		abort(to)
		abort(from)
	}
}

// onlyReader and onlyWriter keep io.Copy to Read and Write: a client's bytes may wait in its reader.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

func closeWrite(connection net.Conn) error {
	if half, can := connection.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return connection.Close()
}

// abort resets where that can be done, and else closes.
func abort(connection net.Conn) {
	switch connection := connection.(type) {
	case *client:
		abort(connection.Conn)
		_ = connection.Close()
	case interface{ Abort() }:
		connection.Abort()
	case *net.TCPConn:
		_ = connection.SetLinger(0)
		_ = connection.Close()
	default:
		_ = connection.Close()
	}
}
