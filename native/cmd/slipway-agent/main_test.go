package main

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/agent"
)

func testOptions(t *testing.T) options {
	t.Helper()
	// A port that is free now; the agent takes it on loopback only.
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return options{
		port: listener.Addr().(*net.TCPAddr).Port, idleTimeout: time.Hour, sessionExpiry: agent.DefaultExpiry,
		resolvConf: "/nonexistent/resolv.conf", logLevel: "error",
	}
}

func finished(t *testing.T, running <-chan error) error {
	t.Helper()
	select {
	case err := <-running:
		return err
	case <-time.After(time.Minute):
		t.Fatal("the agent does not end")
		return nil
	}
}

func TestAgentEndsWhenNobodyNeedsIt(t *testing.T) {
	chosen := testOptions(t)
	chosen.idleTimeout = 20 * time.Millisecond
	running := make(chan error, 1)
	go func() { running <- run(chosen) }()
	if err := finished(t, running); err != nil {
		t.Error(err)
	}
}

func TestAgentEndsWhenToldTo(t *testing.T) {
	chosen := testOptions(t)
	running := make(chan error, 1)
	go func() { running <- run(chosen) }()
	address := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(chosen.port)))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		stream, err := net.DialTCP("tcp4", nil, address)
		if err == nil {
			stream.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := finished(t, running); err != nil {
		t.Error(err)
	}
}

func TestAgentListensOnLoopbackOnly(t *testing.T) {
	listeners, err := listen(testOptions(t).port)
	if err != nil {
		t.Fatal(err)
	}
	for _, listener := range listeners {
		defer listener.Close()
		if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("listening on %s", listener.Addr())
		}
	}
}

func TestAgentFailsWhenItsPortIsTaken(t *testing.T) {
	chosen := testOptions(t)
	taken, err := listen(chosen.port)
	if err != nil {
		t.Fatal(err)
	}
	for _, listener := range taken {
		defer listener.Close()
	}
	if run(chosen) == nil {
		t.Error("the agent ended without an error")
	}
}

func TestParseAddresses(t *testing.T) {
	expected := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fd00::1")}
	if got := parseAddresses("192.0.2.1, nonsense,fd00::1,"); !slices.Equal(got, expected) {
		t.Errorf("%v", got)
	}
}
