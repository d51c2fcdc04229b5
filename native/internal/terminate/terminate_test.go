package terminate

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/memnet"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

var (
	laptopAddress = netip.MustParseAddr("198.18.0.2")
	routerAddress = netip.MustParseAddr("198.18.0.1")
	deafTo        = netip.MustParseAddrPort("10.77.0.9:81") // the laptop gets nothing from there until it hears
	podAddress    = netip.MustParseAddrPort("10.77.0.9:80")
)

// laptop is a kernel whose connections are terminated; the far end of their flows is answer's.
type laptop struct {
	*netstack.Stack
	terminator *Terminator
	session    *bytestream.Session // the engine's
	agent      *bytestream.Session
	icmp       chan packet.Packet
	opened     atomic.Int64 // flows that the far end was asked for
	unheard    atomic.Int64 // segments that it did not get, of deafTo
	answers    atomic.Int64 // packets that it got
	hears      atomic.Bool
	isMute     atomic.Bool // the far end answers no end by its own
	began      chan Account
	ended      chan Account
}

// echo is the far end of a flow: what comes goes back, and so does the end.
type echo struct {
	flow   *bytestream.Flow
	reset  chan bytestream.Cause
	taken  *atomic.Int64 // bytes, of all flows
	isMute *atomic.Bool
}

func (e *echo) Answered(bytestream.Verdict) {}
func (e *echo) Writable()                   { go e.Readable() }
func (e *echo) Reset(cause bytestream.Cause) {
	select {
	case e.reset <- cause:
	default:
	}
}

func (e *echo) Readable() {
	for {
		var pieces [1][]byte
		count, err := e.flow.Peek(pieces[:])
		if errors.Is(err, io.EOF) && !e.isMute.Load() {
			e.flow.CloseWrite()
		}
		if err != nil || count == 0 {
			return
		}
		written, err := e.flow.Write(pieces[0])
		e.flow.Discard(written)
		e.taken.Add(int64(written))
		if err != nil {
			return
		}
	}
}

// attach joins both sessions by their lane.
func (l *laptop) attach() {
	one, other := memnet.Pipe(memnet.Options{})
	l.session.Attach(0, one)
	l.agent.Attach(0, other)
}

func join(t *testing.T, halfOpen int, answer func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict) (*laptop, *echo) {
	t.Helper()
	made, far := &laptop{
		icmp: make(chan packet.Packet, 64), began: make(chan Account, 64), ended: make(chan Account, 64),
	}, &echo{reset: make(chan bytestream.Cause, 1), taken: &atomic.Int64{}}
	var keys [2]*ecdh.PrivateKey
	for index := range keys {
		var err error
		if keys[index], err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	accept := func(flow *bytestream.Flow, opening bytestream.Opening) bytestream.Events {
		made.opened.Add(1)
		own := &echo{flow: flow, reset: far.reset, taken: far.taken, isMute: &made.isMute}
		go func() {
			if verdict := answer(flow, opening); verdict != 0 {
				flow.Answer(verdict)
				own.Readable()
			}
		}()
		return own
	}
	var sessions [2]*bytestream.Session
	for index := range sessions {
		config := bytestream.Config{Lanes: 1, Keys: bytestream.Keys{
			Session: "session", Private: [32]byte(keys[index].Bytes()), Public: [32]byte(keys[index].PublicKey().Bytes()),
			Peer: [32]byte(keys[1-index].PublicKey().Bytes()), Preshared: [32]byte{1},
		}}
		if index == 1 {
			config.Accept = accept
		}
		var err error
		if sessions[index], err = bytestream.New(config); err != nil {
			t.Fatal(err)
		}
	}
	made.session, made.agent = sessions[0], sessions[1]
	made.attach()
	var err error
	var ready sync.WaitGroup // the stacks know each other
	ready.Add(1)
	made.terminator, err = New(Config{
		MTU: 65000, Open: made.session.Open, HalfOpen: halfOpen, Router: func(netip.Addr) netip.Addr { return routerAddress },
		Began: func(account Account) { made.began <- account },
		Ended: func(account Account) { made.ended <- account },
		Output: func(parsed *packet.Packet, behind [][]byte) {
			ready.Wait()
			if parsed.Protocol == packet.ICMP {
				kept, _ := packet.Parse(bytes.Clone(parsed.Raw))
				made.icmp <- kept
			}
			if parsed.Protocol == packet.TCP && parsed.SourcePort == deafTo.Port() && !made.hears.Load() {
				made.unheard.Add(1)
				return
			}
			made.answers.Add(1)
			made.Input(parsed.Whole(behind))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Stack, err = netstack.New(netstack.Config{
		MTU: 65000, Addresses: []netip.Addr{laptopAddress},
		Output: func(raw []byte) {
			parsed, _ := packet.Parse(raw)
			made.terminator.Input(&parsed)
		},
	}); err != nil {
		t.Fatal(err)
	}
	ready.Done()
	t.Cleanup(func() {
		sessions[0].Close(bytestream.Ended)
		sessions[1].Close(bytestream.Ended)
		made.terminator.Close()
		made.Close()
	})
	return made, far
}

func connected(*bytestream.Flow, bytestream.Opening) bytestream.Verdict { return bytestream.Connected }

func (l *laptop) dial(t *testing.T) net.Conn {
	t.Helper()
	connection, err := l.DialTCP(t.Context(), podAddress)
	if err != nil {
		t.Fatal(err)
	}
	connection.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { connection.Close() })
	return connection
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// receive waits for what a channel brings.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case came := <-from:
		return came
	case <-time.After(time.Minute):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

func TestASYNIsAnsweredByTheVerdict(t *testing.T) {
	for _, row := range []struct {
		verdict bytestream.Verdict
		code    header.ICMPv4Code // of the error that says it
		isICMP  bool
		told    string // what the program's error says, where it gets one at once
	}{
		{bytestream.Refused, 0, false, "connection was refused"},
		{bytestream.HostUnreachable, header.ICMPv4HostUnreachable, true, ""},
		{bytestream.NetworkUnreachable, header.ICMPv4NetUnreachable, true, ""},
		{bytestream.Prohibited, header.ICMPv4AdminProhibited, true, ""},
		{bytestream.Silent, 0, false, ""},
	} {
		t.Run(row.verdict.String(), func(t *testing.T) {
			var asked atomic.Value
			laptop, _ := join(t, 0, func(_ *bytestream.Flow, opening bytestream.Opening) bytestream.Verdict {
				asked.Store(opening)
				return row.verdict
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := laptop.DialTCP(ctx, podAddress)
				failed <- err
			}()
			switch {
			case row.isICMP:
				answer := receive(t, laptop.icmp, "an ICMP error")
				quoted, _ := answer.Quoted()
				if header.ICMPv4(answer.Payload).Code() != row.code || answer.Source != routerAddress ||
					quoted.Destination != podAddress.Addr() || quoted.Payload[13] != byte(header.TCPFlagSyn) {
					t.Errorf("code %d from %s about %s", header.ICMPv4(answer.Payload).Code(), answer.Source, quoted.Destination)
				}
			case row.told != "":
				if err := receive(t, failed, "a refusal"); err == nil || !strings.Contains(err.Error(), row.told) {
					t.Errorf("dialling gave %v", err)
				}
			default:
				eventually(t, "the far end is not asked", func() bool { return asked.Load() != nil })
				eventually(t, "the verdict does not come", func() bool { return laptop.terminator.Stats() == Stats{} })
				if told := laptop.answers.Load(); told != 0 {
					t.Errorf("%d packets came", told)
				}
			}
			if opening := asked.Load().(bytestream.Opening); opening.Destination != podAddress || opening.Source.Addr() != laptopAddress {
				t.Errorf("asked for %+v", opening)
			}
			if !row.isICMP && len(laptop.icmp) > 0 {
				t.Error("an ICMP error was sent")
			}
			cancel()
			eventually(t, "something is left", func() bool { return laptop.terminator.Stats() == Stats{} })
		})
	}
}

// A SYN that met silence, or no session at all, is sent again, and is a new question then.
func TestTheNextSYNAsksAgain(t *testing.T) {
	var asked atomic.Int64
	laptop, _ := join(t, 0, func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict {
		if asked.Add(1) == 1 {
			return bytestream.Silent
		}
		return bytestream.Connected
	})
	laptop.dial(t)
}

func TestMoreThanMayWaitAreMetWithSilence(t *testing.T) {
	laptop, _ := join(t, 3, func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict { return 0 })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() { laptop.DialTCP(ctx, podAddress) })
	}
	eventually(t, "none waits", func() bool { return laptop.terminator.Stats().HalfOpen == 3 })
	eventually(t, "the far end is not asked", func() bool { return laptop.opened.Load() >= 3 })
	time.Sleep(50 * time.Millisecond)
	if asked := laptop.opened.Load(); asked != 3 {
		t.Errorf("%d were asked for", asked)
	}
	cancel()
	running.Wait()
}

func TestWhatLosesItsSessionIsReset(t *testing.T) {
	for name, end := range map[string]func(*laptop){
		"session ended":   func(laptop *laptop) { laptop.session.Close(bytestream.Ended) },
		"range withdrawn": func(laptop *laptop) { laptop.terminator.End(func(bytestream.Opening) bool { return true }) },
	} {
		t.Run(name, func(t *testing.T) {
			laptop, far := join(t, 0, connected)
			connection := laptop.dial(t)
			end(laptop)
			if _, err := connection.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "reset") {
				t.Fatalf("read until %v", err)
			}
			eventually(t, "something is left", func() bool { return laptop.terminator.Stats() == Stats{} })
			if name == "range withdrawn" {
				if cause := <-far.reset; cause != bytestream.Aborted {
					t.Errorf("the far end was told %s", cause)
				}
			}
		})
	}
}

// TestWhatWasSaidBeforeAResetGoesToTheFarEnd has a program that speaks and ends hard while no lane carries.
func TestWhatWasSaidBeforeAResetGoesToTheFarEnd(t *testing.T) {
	laptop, far := join(t, 0, connected)
	connection := laptop.dial(t)
	laptop.session.Detach(0, errors.New("cut"))
	said := make([]byte, 3000)
	if _, err := connection.Write(said); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing was taken from the laptop", func() bool { return laptop.session.Stats().Kept == int64(len(said)) })
	for _, endpoint := range laptop.Inner().RegisteredEndpoints() {
		endpoint.Abort()
	}
	eventually(t, "the connection is still there", func() bool { return laptop.terminator.Stats() == Stats{} })
	laptop.attach()
	if cause := <-far.reset; cause != bytestream.Aborted || far.taken.Load() != int64(len(said)) {
		t.Errorf("%d of %d bytes came before the reset (%s)", far.taken.Load(), len(said), cause)
	}
}

func TestWhatComesBackIsWhatWasSent(t *testing.T) {
	laptop, _ := join(t, 0, connected)
	connection := laptop.dial(t)
	sent := make([]byte, 8<<20)
	rand.Read(sent)
	go func() {
		connection.Write(sent)
		connection.(interface{ CloseWrite() error }).CloseWrite()
	}()
	received, err := io.ReadAll(connection)
	if err != nil || !bytes.Equal(received, sent) {
		t.Fatalf("%d of %d bytes came back: %v", len(received), len(sent), err)
	}
	connection.Close()
	eventually(t, "something is left", func() bool { return laptop.terminator.Stats() == Stats{} })
}

// TestAHandshakeThatTheLaptopDoesNotEndHoldsNothingUp has a far end that speaks first, as mail and database servers do, and a
// laptop that never hears it: other connections go on, and everything ends.
func TestAHandshakeThatTheLaptopDoesNotEndHoldsNothingUp(t *testing.T) {
	laptop, _ := join(t, 0, func(flow *bytestream.Flow, opening bytestream.Opening) bytestream.Verdict {
		flow.Answer(bytestream.Connected)
		if opening.Destination == deafTo {
			flow.Write([]byte("welcome"))
		}
		return 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() { laptop.DialTCP(ctx, deafTo) })
	}
	eventually(t, "nobody shakes hands", func() bool { return laptop.unheard.Load() >= 3 })
	for range 10 {
		connection := laptop.dial(t)
		if _, err := connection.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	running.Wait()
	ended := make(chan struct{})
	go func() {
		laptop.terminator.Close()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}
