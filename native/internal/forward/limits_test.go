package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/wire"
)

// dialDead begins so many dials to an address where nobody answers; they end with the test.
func (l *laptop) dialDead(t testing.TB, count int, destination func(number int) netip.AddrPort) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for number := range count {
		running.Go(func() {
			if connection, err := l.DialTCP(ctx, destination(number)); err == nil {
				connection.Close()
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
}

func TestDeadDestinationsSlowOnlyThemselves(t *testing.T) {
	for name, row := range map[string]struct {
		limits      Limits
		dials       int
		destination func(int) netip.AddrPort
		half        int
	}{
		"one destination": {
			Limits{HalfOpen: 200, HalfOpenEach: 50}, 300,
			func(int) netip.AddrPort { return netip.AddrPortFrom(freeAddress, 80) }, 50,
		},
		"as many destinations as dials": {
			Limits{HalfOpen: 200, HalfOpenEach: 50}, 300,
			func(number int) netip.AddrPort { return netip.AddrPortFrom(freeAddress, uint16(1+number)) }, 200,
		},
		"a few destinations": {
			Limits{HalfOpen: 120, HalfOpenEach: 50}, 300,
			func(number int) netip.AddrPort { return netip.AddrPortFrom(freeAddress, uint16(1+number%3)) }, 120,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			laptop := join(t, func(config *Config) { config.Limits = row.limits })
			laptop.dialDead(t, row.dials, row.destination)
			eventually(t, "the dials are not under way", func() bool { return laptop.forwarder.Stats().HalfOpen >= row.half })
			port, _ := listen(t)
			laptop.dial(t, port)
			answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable) // of a dial that was given up or refused
			if quoted, ok := answer.Quoted(); !ok || quoted.Destination != freeAddress {
				t.Errorf("the error is about %s", quoted.Destination)
			}
			eventually(t, "nothing was counted", func() bool { return laptop.forwarder.Refused().Unanswered > 0 })
			eventually(t, "too many dials are under way", func() bool { return laptop.forwarder.Stats().HalfOpen <= row.limits.HalfOpen })
		})
	}
}

// Dials to a destination that answers wait for their turn; none is refused.
func TestManyDialsAtOnceAreNotRefused(t *testing.T) {
	laptop := join(t, func(config *Config) { config.Limits = Limits{HalfOpen: 400, HalfOpenEach: 10} })
	port, _ := listen(t)
	var running sync.WaitGroup
	for range 200 {
		running.Go(func() {
			connection, err := laptop.DialTCP(t.Context(), netip.AddrPortFrom(podAddress, uint16(port)))
			if err != nil {
				t.Error(err)
				return
			}
			connection.Close()
		})
	}
	running.Wait()
	if refused := laptop.forwarder.Refused(); refused != (wire.RefusedFlows{}) {
		t.Errorf("refused %+v", refused)
	}
}

func TestBurstHoldsUpNobodyElse(t *testing.T) {
	laptop := join(t, func(config *Config) { config.Limits = Limits{HalfOpen: 40, HalfOpenEach: 10} })
	laptop.dialDead(t, 100, func(int) netip.AddrPort { return netip.AddrPortFrom(freeAddress, 80) })
	eventually(t, "the dials are not under way", func() bool { return laptop.forwarder.Stats().HalfOpen >= 40 })
	port, _ := listen(t)
	laptop.dial(t, port)
}

// failingDialer is the agent's own pod where something has run out.
type failingDialer struct{ err error }

func (f failingDialer) DialTCP(context.Context, netip.AddrPort) (*net.TCPConn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp4", Err: os.NewSyscallError("connect", f.err)}
}

func (f failingDialer) DialUDP(netip.AddrPort) (*net.UDPConn, error) {
	return nil, &net.OpError{Op: "dial", Net: "udp4", Err: os.NewSyscallError("connect", f.err)}
}

func TestWhatTheAgentHasTooLittleOfIsRefusedAtOnceAndCounted(t *testing.T) {
	for _, row := range []struct {
		name     string
		change   func(*Config)
		expected wire.RefusedFlows // of one connection and one datagram
	}{
		{"ports", func(config *Config) { config.Dialer = failingDialer{syscall.EADDRNOTAVAIL} }, wire.RefusedFlows{Ports: 2}},
		{"descriptors of the process", func(config *Config) { config.Dialer = failingDialer{syscall.EMFILE} }, wire.RefusedFlows{Descriptors: 2}},
		{"descriptors of the node", func(config *Config) { config.Dialer = failingDialer{syscall.ENFILE} }, wire.RefusedFlows{Descriptors: 2}},
		{"socket buffers", func(config *Config) { config.Dialer = failingDialer{syscall.ENOBUFS} }, wire.RefusedFlows{Memory: 2}},
		{"memory of the kernel", func(config *Config) { config.Dialer = failingDialer{syscall.ENOMEM} }, wire.RefusedFlows{Memory: 2}},
		{"memory, told by the agent", func(config *Config) { config.Full = func() Shortage { return ShortOfMemory } }, wire.RefusedFlows{Memory: 2}},
		{"descriptors, told by the agent", func(config *Config) { config.Full = func() Shortage { return ShortOfDescriptors } }, wire.RefusedFlows{Descriptors: 2}},
		{"what the network says is none of it", func(config *Config) { config.Dialer = failingDialer{syscall.ECONNREFUSED} }, wire.RefusedFlows{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			laptop := join(t, row.change)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := laptop.DialTCP(ctx, netip.AddrPortFrom(podAddress, 80)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the connection ended with %v", err)
			}
			datagrams, err := laptop.DialUDP(netip.AddrPortFrom(podAddress, 80))
			if err != nil {
				t.Fatal(err)
			}
			datagrams.Write([]byte("x"))
			answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable)
			if code := header.ICMPv4(answer.Payload).Code(); code != header.ICMPv4PortUnreachable || answer.Source != podAddress {
				t.Errorf("the datagram was answered by code %d from %s", code, answer.Source)
			}
			if refused := laptop.forwarder.Refused(); refused != row.expected {
				t.Errorf("counted %+v, expected %+v", refused, row.expected)
			}
		})
	}
}

func TestUnansweredDatagramsMakeWayForOthers(t *testing.T) {
	port := echoDatagrams(t)
	laptop := join(t, func(config *Config) { config.Limits.Unanswered = 20 })
	send := func(destination netip.AddrPort) net.Conn {
		client, err := laptop.DialUDP(destination)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		client.Write([]byte("x"))
		return client
	}
	receive := func(client net.Conn) error {
		client.SetReadDeadline(time.Now().Add(time.Minute))
		_, err := client.Read(make([]byte, 1))
		return err
	}
	first := send(netip.AddrPortFrom(podAddress, port))
	if err := receive(first); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		send(netip.AddrPortFrom(freeAddress, 9000))
	}
	if err := receive(send(netip.AddrPortFrom(podAddress, port))); err != nil {
		t.Fatal("beside dead flows:", err)
	}
	first.Write([]byte("y"))
	if err := receive(first); err != nil {
		t.Fatal("an answered flow:", err)
	}
	eventually(t, "the dead flows were kept", func() bool { return laptop.forwarder.Stats().UDPFlows <= 22 })
}

func TestPingsOfDeadAddressesMakeWayForOthers(t *testing.T) {
	laptop := join(t, func(config *Config) { config.Limits.Echoes = 10 })
	for range 50 {
		laptop.inject(0, echoRequest(freeAddress, 64, 56))
	}
	laptop.ping(t, podAddress, 64, 56)
	if got := laptop.forwarder.Stats().Echoes; got > 10 {
		t.Errorf("%d pings wait", got)
	}
}

func TestConnectionThatWaitedLongGoesOn(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	received := make([]byte, 16)
	for round := range 20 {
		text := fmt.Sprint("round ", round)
		client.Write([]byte(text))
		if count, err := server.Read(received); err != nil || string(received[:count]) != text {
			t.Fatalf("round %d: %q, %v", round, received[:count], err)
		}
		time.Sleep(time.Duration(round) * 2 * time.Millisecond)
	}
	client.Close()
	if _, err := server.Read(received); err == nil {
		t.Error("the end did not come")
	}
}
