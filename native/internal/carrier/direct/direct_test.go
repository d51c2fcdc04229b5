package direct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

func TestALaneCarriesBytesBothWays(t *testing.T) {
	p := newPair(t, nil)
	near, err := p.engine.Dial(p.within(t), p.target, wire.AgentOpening{Kind: "flows", Lane: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far := <-p.entered
	defer far.conn.Close()
	for from, to := range map[io.Writer]io.Reader{near: far.conn, far.conn: near} {
		said, heard := []byte("whatever a lane says"), make([]byte, 20)
		if _, err := from.Write(said); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(to, heard); err != nil || string(heard) != string(said) {
			t.Errorf("%q, %v", heard, err)
		}
	}
}

func TestAProbeMeasuresWithMessagesOfAnySize(t *testing.T) {
	p := newPair(t, nil)
	opened, err := p.engine.Probe(p.within(t), p.target)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for _, size := range []int{0, 32, 8 << 10, askAtMost} {
		if took, err := opened.Ask(p.within(t), size); err != nil || took <= 0 {
			t.Errorf("%d bytes: %v, %v", size, took, err)
		}
	}
	if _, err := opened.Ask(p.within(t), askAtMost+1); err == nil {
		t.Error("more than a probe may ask was asked")
	}
}

func TestAProbeOfASilentPathEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // which nobody reads from
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, nil)
	knock, state, err := p.engine.knocker.knock(1)
	if err != nil {
		t.Fatal(err)
	}
	far, _ := newKnocker(p.agent)
	answer, _, err := far.answer(knock, func(uint64) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	keys, err := finish(state, answer)
	if err != nil {
		t.Fatal(err)
	}
	silent := &probe{conn: conn.(*net.TCPConn), keys: keys}
	defer silent.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	lost := errors.New("lost patience")
	time.AfterFunc(20*time.Millisecond, func() { cancel(lost) })
	if _, err := silent.Ask(ctx, 10); !errors.Is(err, lost) {
		t.Errorf("ended with %v", err)
	}
}

func TestASmallerSegmentIsTakenOnBothSides(t *testing.T) {
	p := newPair(t, nil)
	p.target.Segment = 1100
	opened, err := p.engine.Probe(p.within(t), p.target)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.Ask(p.within(t), askAtMost); err != nil {
		t.Error(err)
	}
}

// What stands at a candidate's address may be anything.
func TestNobodyElseIsTakenForTheAgent(t *testing.T) {
	other, _ := sessionKeys(t, "session")
	for name, test := range map[string]struct {
		serve func(net.Conn) // nil: nobody listens
		want  error
	}{
		"nobody":       {nil, syscall.ECONNREFUSED},
		"closes":       {func(conn net.Conn) { conn.Close() }, carrier.ErrNotOurs},
		"talks first":  {func(conn net.Conn) { _, _ = conn.Write(make([]byte, 4096)) }, carrier.ErrNotOurs},
		"an echo":      {func(conn net.Conn) { _, _ = io.Copy(conn, conn) }, carrier.ErrNotOurs},
		"says nothing": {func(net.Conn) {}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			if test.serve == nil {
				listener.Close()
			} else {
				go func() {
					conn, err := listener.Accept()
					if err == nil {
						t.Cleanup(func() { conn.Close() })
						test.serve(conn)
					}
				}()
			}
			patience := deadline
			if errors.Is(test.want, context.DeadlineExceeded) {
				patience = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			target := carrier.DirectTarget{Address: listener.Addr().(*net.TCPAddr).AddrPort()}
			if _, err := New(other).Probe(ctx, target); !errors.Is(err, test.want) {
				t.Errorf("%v instead of %v", err, test.want)
			}
		})
	}
}

func TestTheKeysOfBothEndsAreProved(t *testing.T) {
	p := newPair(t, nil)
	engine := p.engine.knocker.keys
	for name, change := range map[string]func(*carrier.SessionKeys){
		"another secret":  func(keys *carrier.SessionKeys) { keys.Preshared[0]++ },
		"another session": func(keys *carrier.SessionKeys) { keys.Session = "other" },
		"another agent":   func(keys *carrier.SessionKeys) { keys.Peer = keys.Public },
		"another engine": func(keys *carrier.SessionKeys) {
			stranger, _ := sessionKeys(t, "session")
			keys.Private, keys.Public = stranger.Private, stranger.Public
		},
	} {
		keys := engine
		change(&keys)
		if _, err := New(keys).Dial(p.within(t), p.target, wire.AgentOpening{Kind: "lane"}); !errors.Is(err, carrier.ErrNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.carries(t)
}

func TestTheDoorIsOpenWhileASessionWantsIt(t *testing.T) {
	p := newPair(t, nil)
	_, second := sessionKeys(t, "second")
	if _, err := p.door.Admit(second); err != nil {
		t.Fatal(err)
	}
	opened, err := p.engine.Probe(p.within(t), p.target)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	p.door.Dismiss("session")
	if _, err := opened.Ask(p.within(t), 10); err == nil {
		t.Error("a probe of a session that may not enter any more is answered")
	}
	if _, err := p.engine.Probe(p.within(t), p.target); !errors.Is(err, carrier.ErrNotOurs) {
		t.Errorf("a session that may not enter any more: %v", err)
	}
	p.door.Dismiss("second")
	if _, err := p.engine.Probe(p.within(t), p.target); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a door that nobody wants: %v", err)
	}
	heard, _, err := p.engine.knocker.knock(1) // as the first probe's
	if err != nil {
		t.Fatal(err)
	}
	listening, err := p.door.Admit(p.agent)
	if err != nil || len(listening.Addresses) != 1 || listening.Addresses[0] != "127.0.0.1" {
		t.Fatalf("opened again: %+v, %v", listening, err)
	}
	p.target.Address = netip.AddrPortFrom(loopback, uint16(listening.Port))
	isShutOut(t, p.stranger(t, "127.0.0.1", heard)) // it came before the door was closed
	p.carries(t)
	for round := range 2 * pastAtMost {
		_, other := sessionKeys(t, fmt.Sprint("other ", round))
		if _, err := p.door.Admit(other); err != nil {
			t.Fatal(err)
		}
		p.door.Dismiss(other.Session)
	}
	if kept := len(p.door.past); kept > pastAtMost {
		t.Errorf("%d are remembered", kept)
	}
}
