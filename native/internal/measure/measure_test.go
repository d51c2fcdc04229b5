package measure

import (
	"crypto/ecdh"
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/memnet"
)

const deadline = 20 * time.Second

// program is the laptop's end of a flow.
type program struct {
	*bytestream.Flow
	verdict chan bytestream.Verdict
	moves   chan struct{}
	reset   chan bytestream.Cause
}

func (p *program) Answered(verdict bytestream.Verdict) { p.verdict <- verdict }
func (p *program) Readable()                           { p.note() }
func (p *program) Writable()                           { p.note() }
func (p *program) Reset(cause bytestream.Cause)        { p.reset <- cause }

func (p *program) note() {
	select {
	case p.moves <- struct{}{}:
	default:
	}
}

// reach joins a laptop's session with one whose flows the server takes.
func reach(t *testing.T, server *Server) (open func(port uint16) (*program, bytestream.Verdict)) {
	t.Helper()
	var keys [2]*ecdh.PrivateKey
	for index := range keys {
		var err error
		if keys[index], err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	var sessions [2]*bytestream.Session
	for index := range sessions {
		config := bytestream.Config{Lanes: 1, Keys: bytestream.Keys{
			Session: "session", Private: [32]byte(keys[index].Bytes()), Public: [32]byte(keys[index].PublicKey().Bytes()),
			Peer: [32]byte(keys[1-index].PublicKey().Bytes()),
		}}
		if index == 1 {
			config.Accept = func(flow *bytestream.Flow, opening bytestream.Opening) bytestream.Events {
				return server.Accept(flow, opening.Destination.Port())
			}
		}
		var err error
		if sessions[index], err = bytestream.New(config); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sessions[index].Close(bytestream.Ended) })
	}
	one, other := memnet.Pipe(memnet.Options{})
	sessions[0].Attach(0, one)
	sessions[1].Attach(0, other)
	return func(port uint16) (*program, bytestream.Verdict) {
		t.Helper()
		made := &program{
			verdict: make(chan bytestream.Verdict, 1), moves: make(chan struct{}, 1), reset: make(chan bytestream.Cause, 1),
		}
		var err error
		if made.Flow, err = sessions[0].Open(bytestream.Opening{
			Source:      netip.MustParseAddrPort("198.18.4.2:4000"),
			Destination: netip.AddrPortFrom(netip.MustParseAddr("198.18.0.1"), port),
		}, made); err != nil {
			t.Fatal(err)
		}
		select {
		case verdict := <-made.verdict:
			return made, verdict
		case <-time.After(deadline):
			t.Fatal("no answer")
		}
		return nil, 0
	}
}

func TestOneSessionMeasuresWithinBounds(t *testing.T) {
	server := &Server{}
	open := reach(t, server)
	var all []*program
	for range atOnce {
		made, verdict := open(Echo)
		if verdict != bytestream.Connected {
			t.Fatalf("answered %v", verdict)
		}
		all = append(all, made)
	}
	if _, verdict := open(Echo); verdict != bytestream.Refused {
		t.Errorf("one too many: %v", verdict)
	}
	all[0].abort()
	all[1].CloseWrite()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, first := open(Discard); first == bytestream.Connected {
			break
		}
		if time.Since(begun) > deadline {
			t.Fatal("what ended still counts")
		}
	}
	if _, verdict := open(80); verdict != bytestream.Refused {
		t.Errorf("another port: %v", verdict)
	}
}

// abort ends the flow as a program does.
func (p *program) abort() { p.Flow.Reset(bytestream.Aborted) }

func TestAConnectionThatIsLeftOpenEnds(t *testing.T) {
	for _, port := range []uint16{Echo, Discard, Source} {
		server := &Server{lifetime: 50 * time.Millisecond}
		made, verdict := reach(t, server)(port)
		if verdict != bytestream.Connected {
			t.Fatalf("port %d: answered %v", port, verdict)
		}
		ended := time.After(deadline)
		for isOpen := true; isOpen; {
			select {
			case <-made.reset:
				isOpen = false
			case <-made.moves: // the reset comes behind what was sent
				made.Discard(made.Buffered())
			case <-time.After(10 * time.Millisecond):
				made.Discard(made.Buffered())
				_, _ = made.Read(nil)
			case <-ended:
				t.Fatalf("port %d is open for ever", port)
			}
		}
		server.mu.Lock()
		if server.open != 0 {
			t.Errorf("port %d: %d are counted", port, server.open)
		}
		server.mu.Unlock()
	}
}
