package forward

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/memnet"
	"slipway/native/internal/readiness"
)

// watchedEnd calls back before each write.
type watchedEnd struct {
	*memnet.End
	before func()
}

func (w *watchedEnd) Write(from []byte) (int, error) {
	w.before()
	return w.End.Write(from)
}

// heard notes what it is told.
type heard struct{ readable atomic.Bool }

func (h *heard) Ready(events readiness.Events) {
	if events.Readable() {
		h.readable.Store(true)
	}
}

// The engine may reset a flow while it is told that the flow is connected. The socket's number is another's then.
func TestAResetDuringTheAnswerHarmsNoOtherSocket(t *testing.T) {
	forwarder := join(t, nil).forwarder
	port, accepted := listen(t)
	dial := func() *net.TCPConn {
		connection, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: podAddress.AsSlice(), Port: port})
		if err != nil {
			t.Fatal(err)
		}
		return connection
	}
	other := dial()
	defer other.Close()
	server := <-accepted

	flows := make(chan *bytestream.Flow, 1)
	near, far := makeSessions(t, func(flow *bytestream.Flow, _ bytestream.Opening) bytestream.Events {
		flows <- flow
		return ignored{}
	})
	var opened *stream
	var isDue atomic.Bool
	told := &heard{}
	interfere := func() {
		if !isDue.CompareAndSwap(true, false) {
			return
		}
		number := opened.socket.descriptor
		opened.end(true)
		raw, _ := other.SyscallConn()
		raw.Control(func(descriptor uintptr) {
			taken, err := unix.FcntlInt(descriptor, unix.F_DUPFD_CLOEXEC, number)
			if err != nil {
				t.Error(err)
			}
			if err := forwarder.poller.Add(taken, told); err != nil {
				t.Error(err)
			}
		})
	}
	one, another := memnet.Pipe(memnet.Options{})
	near.Attach(0, one)
	far.Attach(0, &watchedEnd{another, interfere})
	if _, err := near.Open(bytestream.Opening{
		Source: netip.AddrPortFrom(laptopAddress, 40000), Destination: netip.AddrPortFrom(podAddress, uint16(port)),
	}, ignored{}); err != nil {
		t.Fatal(err)
	}
	opened = &stream{forwarder: forwarder, flow: <-flows}
	forwarder.tcpFlows.Add(1)
	connection := dial()
	eventually(t, "the opening was not reported", func() bool { return near.Stats().Lanes[0].Outstanding == 0 })
	isDue.Store(true)
	opened.join(connection)
	if isDue.Load() {
		t.Fatal("the answer was not written by who gave it")
	}
	server.Write([]byte{1})
	eventually(t, "the other socket's handler is not told any more", told.readable.Load)
	if stats := forwarder.Stats(); stats != (Stats{}) {
		t.Errorf("left: %+v", stats)
	}
}

// openFlow opens a flow to a port of the pod, over one lane, without a laptop's TCP, and waits until it is connected.
func openFlow(t *testing.T, forwarder *Forwarder, port int) (near, far *bytestream.Session, flow *bytestream.Flow) {
	t.Helper()
	near, far = makeSessions(t, forwarder.Accept)
	one, another := memnet.Pipe(memnet.Options{})
	near.Attach(0, one)
	far.Attach(0, another)
	flow, err := near.Open(bytestream.Opening{
		Source: netip.AddrPortFrom(laptopAddress, 40000), Destination: netip.AddrPortFrom(podAddress, uint16(port)),
	}, ignored{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the flow was not answered", func() bool { return flow.Room() > 0 })
	return near, far, flow
}

// The laptop's program has closed, the server too, and the engine takes nothing: what it has not got is counted, and can be
// taken back.
func TestWhatIsNotDeliveredIsCountedWithoutASocket(t *testing.T) {
	forwarder := join(t, nil).forwarder
	port, accepted := listen(t)
	_, far, flow := openFlow(t, forwarder, port)
	server := <-accepted
	flow.CloseWrite()
	if count, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("read %d bytes, %v", count, err)
	}
	far.Detach(0, io.ErrClosedPipe)
	eventually(t, "the lane is still there", func() bool { return len(far.Stats().Lanes) == 0 })
	const size = 48 << 10
	server.Write(make([]byte, size))
	server.Close()
	eventually(t, "the socket is still there", func() bool { return forwarder.Stats() == Stats{} })
	if held := forwarder.Usage().Bytes; held < size {
		t.Errorf("%d bytes are counted", held)
	}
	forwarder.Shed(size, 0)
	eventually(t, "nothing was given back", func() bool { return far.Stats().Kept == 0 && forwarder.Usage().Bytes == 0 })
	eventually(t, "the flow is not forgotten", func() bool {
		forwarder.streams.mu.Lock()
		defer forwarder.streams.mu.Unlock()
		return len(forwarder.streams.rests) == 0
	})
}

// A program that says something and ends hard: what it said comes before the reset.
func TestWhatTheLaptopSaidBeforeAResetArrives(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	for round := range 200 {
		client := laptop.dial(t, port)
		server := <-accepted
		said := make([]byte, 1+round*60) // less than a first congestion window: it leaves at once
		if _, err := client.Write(said); err != nil {
			t.Fatal(err)
		}
		server.SetReadDeadline(time.Now().Add(30 * time.Second))
		first := make([]byte, 1)
		if _, err := server.Read(first); err != nil {
			t.Fatal(err)
		}
		abort(t, laptop)
		if read, err := io.Copy(io.Discard, server); !errors.Is(err, syscall.ECONNRESET) || read+1 != int64(len(said)) {
			t.Fatalf("round %d: %d of %d bytes until %v", round, read+1, len(said), err)
		}
		server.Close()
	}
}

// Nobody reads what is left of a program that has reset a connection whose socket is broken already: it goes with both.
func TestAResetOfTheLaptopEndsAFlowWhoseSocketIsBroken(t *testing.T) {
	forwarder := join(t, nil).forwarder
	port, accepted := listen(t)
	near, far, flow := openFlow(t, forwarder, port)
	server := <-accepted
	before := -1
	server.SetWriteDeadline(time.Now().Add(30 * time.Second))
	go server.Write(make([]byte, 16<<20)) // more than the program takes, which reads nothing
	eventually(t, "the flow still has room", func() bool {
		unread := flow.Info().Unread
		isFull := unread > 0 && unread == before
		before = unread
		time.Sleep(50 * time.Millisecond)
		return isFull
	})
	server.SetLinger(0)
	server.Close()
	if _, err := flow.Write([]byte("to nobody")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the agent has not got it", func() bool { return near.Stats().Lanes[0].Outstanding == 0 })
	flow.Reset(bytestream.Aborted)
	eventually(t, "the socket is still there", func() bool { return forwarder.Stats() == Stats{} })
	eventually(t, "bytes are still there", func() bool { return far.Stats().Unread == 0 })
}
