package names

import (
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"testing"
)

// nscd's answer to `nscd --invalidate hosts`, as glibc 2.36 gives it.
func TestNSCDIsAskedToForgetHosts(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	if err := invalidateNSCD(socket); err != nil {
		t.Errorf("without nscd: %v", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	asked := make(chan []byte, 2)
	answers := []uint32{0, 22}
	go func() {
		for _, answer := range answers {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 18)
			_, _ = io.ReadFull(connection, request)
			asked <- request
			_, _ = connection.Write(binary.NativeEndian.AppendUint32(nil, answer))
			connection.Close()
		}
	}()
	if err := invalidateNSCD(socket); err != nil {
		t.Error(err)
	}
	request := <-asked
	for index, expected := range []uint32{2, 10, 6} {
		if got := binary.NativeEndian.Uint32(request[4*index:]); got != expected {
			t.Errorf("field %d is %d, expected %d", index, got, expected)
		}
	}
	if string(request[12:]) != "hosts\x00" {
		t.Errorf("the database is %q", request[12:])
	}
	if err := invalidateNSCD(socket); err == nil {
		t.Error("a refusal went unnoticed")
	}
}
