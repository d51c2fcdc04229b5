package lease

import (
	"errors"
	"net"
	"os"
)

// Windows has no SCM_RIGHTS; its packets go over a link of their own (not yet).
func writeWithDescriptor(*net.UnixConn, any, *os.File) error {
	return errors.New("pass the TUN: not yet on Windows")
}

type descriptorReader struct{ conn *net.UnixConn }

func (reader *descriptorReader) Read(into []byte) (int, error) { return reader.conn.Read(into) }

func (reader *descriptorReader) take() *os.File { return nil }
