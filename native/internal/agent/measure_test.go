package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/measure"
	"slipway/native/internal/wire"
)

// measured is a connection to a port of the agent itself.
func (e *engine) measured(port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(e.t.Context(), 10*time.Second)
	defer cancel()
	connection, err := e.stack.DialTCP(ctx, netip.AddrPortFrom(wire.AgentAddress, port))
	if err == nil {
		e.t.Cleanup(func() { connection.Close() })
		_ = connection.SetDeadline(time.Now().Add(time.Minute))
	}
	return connection, err
}

func TestTheAgentEchoesDiscardsAndSends(t *testing.T) {
	engine := newEngine(t, serve(t, Config{Dialer: echoServer(t)}))
	engine.carry()
	content := make([]byte, 3<<20)
	_, _ = rand.Read(content)

	echo, err := engine.measured(measure.Echo)
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		_, err := echo.Write(content)
		written <- errors.Join(err, echo.(interface{ CloseWrite() error }).CloseWrite())
	}()
	back, err := io.ReadAll(echo)
	if err := errors.Join(err, <-written); err != nil || !bytes.Equal(back, content) {
		t.Errorf("echo: %d bytes, %v", len(back), err)
	}

	discard, err := engine.measured(measure.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := discard.Write(content); err != nil {
		t.Error(err)
	}
	if err := discard.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	told, err := io.ReadAll(discard)
	if err != nil || len(told) < 8 || binary.BigEndian.Uint64(told[len(told)-8:]) != uint64(len(content)) {
		t.Errorf("discard tells %d bytes, %v", len(told), err)
	}

	source, err := engine.measured(measure.Source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(source, make([]byte, 5<<20)); err != nil {
		t.Errorf("source: %v", err)
	}
}

func TestNothingElseIsAtTheAgentsAddress(t *testing.T) {
	engine := newEngine(t, serve(t, Config{Dialer: echoServer(t)}))
	engine.carry()
	for _, port := range []uint16{1, 22, 80, wire.AgentPort} {
		if connection, err := engine.measured(port); err == nil {
			connection.Close()
			t.Errorf("port %d answers", port)
		} else if errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("port %d is silent: %v", port, err)
		}
	}
}
