//go:build unix

package lease

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"slipway/native/internal/wire"
)

// writeWithDescriptor sends a frame whose first byte carries a copy of file (SCM_RIGHTS, unix(7)).
func writeWithDescriptor(conn *net.UnixConn, value any, file *os.File) error {
	var frame bytes.Buffer
	if err := wire.WriteFrame(&frame, value, wire.MaxFrame); err != nil {
		return err
	}
	raw, err := file.SyscallConn() // not Fd(), which would make the descriptor blocking
	if err != nil {
		return err
	}
	written := 0
	var writeErr error
	if err := raw.Control(func(descriptor uintptr) {
		written, _, writeErr = conn.WriteMsgUnix(frame.Bytes(), syscall.UnixRights(int(descriptor)), nil)
	}); err != nil {
		return err
	}
	if writeErr != nil {
		return fmt.Errorf("write frame: %w", writeErr)
	}
	if written < frame.Len() { // the rest needs no second copy of the descriptor
		if _, err := conn.Write(frame.Bytes()[written:]); err != nil {
			return fmt.Errorf("write frame: %w", err)
		}
	}
	return nil
}

// descriptorReader reads a stream and keeps the descriptors that come with it.
type descriptorReader struct {
	conn  *net.UnixConn
	files []*os.File
}

func (reader *descriptorReader) Read(into []byte) (int, error) {
	control := make([]byte, syscall.CmsgSpace(4*4))
	read, controlRead, flags, _, err := reader.conn.ReadMsgUnix(into, control) // sets MSG_CMSG_CLOEXEC
	if err != nil {
		return read, err
	}
	if controlRead > 0 {
		messages, err := syscall.ParseSocketControlMessage(control[:controlRead])
		if err != nil {
			return read, fmt.Errorf("control message: %w", err)
		}
		for _, message := range messages {
			descriptors, err := syscall.ParseUnixRights(&message)
			if err != nil {
				continue
			}
			for _, descriptor := range descriptors {
				reader.files = append(reader.files, os.NewFile(uintptr(descriptor), "/dev/net/tun"))
			}
		}
	}
	if flags&syscall.MSG_CTRUNC != 0 {
		return read, errors.New("control message: cut short")
	}
	if read == 0 {
		return 0, net.ErrClosed // recvmsg(2) of 0 bytes on a stream is its end
	}
	return read, nil
}

// take returns the oldest descriptor received, or nil.
func (reader *descriptorReader) take() *os.File {
	if len(reader.files) == 0 {
		return nil
	}
	file := reader.files[0]
	reader.files = reader.files[1:]
	return file
}
