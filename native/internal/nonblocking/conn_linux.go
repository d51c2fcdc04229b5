package nonblocking

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Conn is a TCP connection whose Read and Write are direct system calls; everything else is the connection's own.
type Conn struct {
	*net.TCPConn
	raw syscall.RawConn
}

// Wrap makes conn a Conn where it is a TCP connection, and answers others as they are.
func Wrap(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &Conn{TCPConn: tcp, raw: raw}
}

// Read implements io.Reader.
func (c *Conn) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	var count int
	var failed error
	err := c.raw.Read(func(descriptor uintptr) bool {
		count, failed = Read(int(descriptor), into)
		return failed != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return 0, err
	case failed != nil:
		return 0, os.NewSyscallError("read", failed)
	case count == 0:
		return 0, io.EOF
	}
	return count, nil
}

// Write implements io.Writer.
func (c *Conn) Write(from []byte) (int, error) {
	written := 0
	for written < len(from) {
		var failed error
		err := c.raw.Write(func(descriptor uintptr) bool {
			var count int
			count, failed = write(int(descriptor), from[written:])
			written += count
			return failed != syscall.EAGAIN
		})
		if err == nil && failed != nil {
			err = os.NewSyscallError("write", failed)
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// WriteVectored is writev(2) on a descriptor that does not block, of at most sixteen buffers.
func WriteVectored(descriptor int, buffers [][]byte) (int, error) {
	var vectors [16]unix.Iovec
	count := min(len(buffers), len(vectors))
	for index, buffer := range buffers[:count] {
		vectors[index].Base = unsafe.SliceData(buffer)
		vectors[index].SetLen(len(buffer))
	}
	for {
		written, _, failed := unix.RawSyscall(unix.SYS_WRITEV, uintptr(descriptor), uintptr(unsafe.Pointer(&vectors)), uintptr(count))
		switch failed {
		case 0:
			return int(written), nil
		case unix.EINTR:
			continue
		}
		return 0, failed
	}
}
