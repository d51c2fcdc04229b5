package nonblocking

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/net/nettest"
)

func pair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

func TestItIsAConnectionLikeAnyOther(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		near, far := pair(t)
		return Wrap(near), Wrap(far), func() { near.Close(); far.Close() }, nil
	})
}

func TestAWriteLargerThanTheSocketHoldsArrivesWhole(t *testing.T) {
	near, far := pair(t)
	defer far.Close()
	sent := bytes.Repeat([]byte("slipway"), 3<<20)
	go func() {
		defer near.Close()
		if count, err := Wrap(near).Write(sent); count != len(sent) || err != nil {
			t.Errorf("wrote %d: %v", count, err)
		}
	}()
	received, err := io.ReadAll(Wrap(far))
	if err != nil || !bytes.Equal(received, sent) {
		t.Errorf("%d of %d bytes arrived: %v", len(received), len(sent), err)
	}
}

func TestAResetIsTold(t *testing.T) {
	near, far := pair(t)
	defer near.Close()
	far.SetLinger(0)
	far.Close()
	if _, err := Wrap(near).Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after a reset: %v", err)
	}
}

func TestWhatIsNoTCPConnectionStays(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if Wrap(near) != near {
		t.Error("a pipe was wrapped")
	}
}
