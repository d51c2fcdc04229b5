package forward

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/native/internal/nonblocking"
)

// socket is a connected TCP socket that Go's scheduler does not know of: it costs a descriptor and a few words. It is
// closed when nobody uses it any more, so that its number never means another one to who does.
type socket struct {
	descriptor int
	uses       atomic.Int32 // one of its own until close
}

// takeSocket takes the socket out of a connection, which it closes.
func takeSocket(connection *net.TCPConn) (*socket, error) {
	defer connection.Close()
	raw, err := connection.SyscallConn()
	if err != nil {
		return nil, err
	}
	taken := &socket{}
	taken.uses.Store(1)
	var failed error
	if err := raw.Control(func(descriptor uintptr) {
		taken.descriptor, failed = unix.FcntlInt(descriptor, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return nil, err
	}
	if failed != nil {
		connection.SetLinger(0)
		return nil, os.NewSyscallError("fcntl", failed)
	}
	return taken, nil
}

// hold keeps the descriptor from being closed until release; it is false where it is closed already.
func (s *socket) hold() bool {
	for {
		uses := s.uses.Load()
		if uses == 0 {
			return false
		}
		if s.uses.CompareAndSwap(uses, uses+1) {
			return true
		}
	}
}

func (s *socket) release() {
	if s.uses.Add(-1) == 0 {
		unix.Close(s.descriptor)
	}
}

// close is called once. With a linger time of 0 Linux sends RST (socket(7)).
func (s *socket) close(withReset bool) {
	if withReset {
		_ = unix.SetsockoptLinger(s.descriptor, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	s.release()
}

// read is read(2); io.EOF at the far end's FIN.
func (s *socket) read(into []byte) (int, error) {
	count, err := nonblocking.Read(s.descriptor, into)
	if count == 0 && err == nil {
		return 0, io.EOF
	}
	return max(count, 0), err
}

// tcpClose is TCP_CLOSE of Linux's include/net/tcp_states.h.
const tcpClose = 7

// isClosed tells that the kernel has nothing more of the connection. After the far end's FIN alone it has.
func (s *socket) isClosed() bool {
	info, err := unix.GetsockoptTCPInfo(s.descriptor, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State == tcpClose
}

// failure is the error that the socket has met (SO_ERROR), which it forgets.
func (s *socket) failure() error {
	number, err := unix.GetsockoptInt(s.descriptor, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return err
	case number != 0:
		return syscall.Errno(number)
	}
	return nil
}
