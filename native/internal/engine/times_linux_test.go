package engine

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/measure"
	"slipway/native/internal/wire"
)

// slowness is what takes time in these tests: a service, a dial, or the way to the agent.
const slowness = 400 * time.Millisecond

// delayedConn brings what is written later.
type delayedConn struct {
	net.Conn
	queue chan delayedBytes
}

type delayedBytes struct {
	bytes []byte
	due   time.Time
}

func delayed(conn net.Conn) net.Conn {
	made := &delayedConn{conn, make(chan delayedBytes, 1<<16)}
	go func() {
		for next := range made.queue {
			time.Sleep(time.Until(next.due))
			if _, err := conn.Write(next.bytes); err != nil {
				_ = conn.Close()
			}
		}
	}()
	return made
}

func (conn *delayedConn) Write(bytes []byte) (int, error) {
	conn.queue <- delayedBytes{append([]byte(nil), bytes...), time.Now().Add(slowness)}
	return len(bytes), nil
}

// testedTimes are those of a request to the pod, by its real way.
func (world *world) testedTimes(t *testing.T, name string) wire.TestedTimes {
	t.Helper()
	world.core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{
		ID: 1, Host: "10.244.0.5", Port: 80, Request: wire.RequestHTTP, Name: name,
	}})
	tested := world.core.await(wire.EventTested).Tested
	if last := tested.Steps[len(tested.Steps)-1]; last.Step != "request" || last.Problem != nil || last.Answer != "HTTP/1.1 200 OK" {
		t.Fatalf("tested: %+v", tested.Steps)
	}
	if tested.Times == nil || tested.Times.ServiceMicroseconds == nil {
		t.Fatalf("no times: %+v", tested)
	}
	return *tested.Times
}

// expectSlow wants one part to take the time; others may take long on a busy machine, too.
func expectSlow(t *testing.T, times wire.TestedTimes, slow string, least time.Duration) {
	t.Helper()
	part := map[string]int64{
		"laptop": times.LaptopMicroseconds, "tunnel": times.TunnelMicroseconds, "dial": times.DialMicroseconds, "service": *times.ServiceMicroseconds,
	}[slow]
	if part < least.Microseconds() {
		t.Errorf("%s takes %d µs, want at least %v: %+v, service %d", slow, part, least, times, *times.ServiceMicroseconds)
	}
}

func TestTimesTellWhatIsSlow(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	pod := strconv.Itoa(world.pod.command.Process.Pid)

	times := world.testedTimes(t, "slow.webshop")
	expectSlow(t, times, "service", slowness)

	// The pod does not answer the agent's SYN; Linux sends it again after a second (tcp(7), RFC 6298).
	laptoptest.Run(t, "nsenter", "-t", pod, "-n", "ip", "route", "add", "blackhole", "10.244.0.2/32")
	time.AfterFunc(slowness, func() {
		laptoptest.Run(t, "nsenter", "-t", pod, "-n", "ip", "route", "del", "blackhole", "10.244.0.2/32")
	})
	expectSlow(t, world.testedTimes(t, "orders.webshop"), "dial", slowness)
}

func TestTimesTellASlowTunnel(t *testing.T) {
	t.Setenv(slowVariable, "yes")
	world := newWorld(t)
	world.connect(t)
	expectSlow(t, world.testedTimes(t, "orders.webshop"), "tunnel", 2*slowness) // one way, for the connection and for the request
}

func TestOrdinaryProgramsMeasureTheWayToTheAgent(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	open := func(port int) net.Conn {
		t.Helper()
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(world.ready.Names.Resolver, strconv.Itoa(port)), patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
		return conn
	}
	echo := open(measure.Echo)
	back := make([]byte, 5)
	if _, err := echo.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(echo, back); err != nil || string(back) != "hello" {
		t.Errorf("echo: %q, %v", back, err)
	}
	if _, err := io.ReadFull(open(measure.Source), make([]byte, 4<<20)); err != nil {
		t.Errorf("source: %v", err)
	}
	discard := open(measure.Discard)
	if _, err := discard.Write(make([]byte, 4<<20)); err != nil {
		t.Errorf("discard: %v", err)
	}
	for told := make([]byte, 8); binary.BigEndian.Uint64(told) < 4<<20; {
		if _, err := io.ReadFull(discard, told); err != nil {
			t.Fatalf("discard tells %d: %v", binary.BigEndian.Uint64(told), err)
		}
	}
}
