package direct

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"net"
	"net/netip"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

const deadline = 20 * time.Second // for what must happen; never compared

var loopback = netip.MustParseAddr("127.0.0.1")

// pair is a door with a session that may enter, and that session's engine.
type pair struct {
	door    *Door
	engine  *Direct
	agent   carrier.SessionKeys
	target  carrier.DirectTarget
	entered chan entry
}

type entry struct {
	conn    net.Conn
	opening wire.AgentOpening
}

// sessionKeys are those of the two ends of a new session.
func sessionKeys(t testing.TB, session string) (engine, agent carrier.SessionKeys) {
	t.Helper()
	var preshared [32]byte
	_, _ = rand.Read(preshared[:])
	for _, keys := range []*carrier.SessionKeys{&engine, &agent} {
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys.Session, keys.Preshared = session, preshared
		keys.Private, keys.Public = [32]byte(private.Bytes()), [32]byte(private.PublicKey().Bytes())
	}
	engine.Peer, agent.Peer = agent.Public, engine.Public
	return engine, agent
}

func newDoor(entered chan entry) *Door {
	return NewDoor(DoorConfig{Addresses: []netip.Addr{loopback}})(func(conn net.Conn, opening wire.AgentOpening) {
		entered <- entry{conn, opening}
	}).(*Door)
}

func newPair(t testing.TB, change func(*Door)) *pair {
	t.Helper()
	p := &pair{entered: make(chan entry, 256)}
	p.door = newDoor(p.entered)
	if change != nil {
		change(p.door)
	}
	var engine carrier.SessionKeys
	engine, p.agent = sessionKeys(t, "session")
	p.engine = New(engine).(*Direct)
	listening, err := p.door.Admit(p.agent)
	if err != nil {
		t.Fatal(err)
	}
	p.target.Address = netip.AddrPortFrom(loopback, uint16(listening.Port))
	t.Cleanup(func() { p.door.Dismiss("session") })
	return p
}

func (p *pair) within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// stranger connects to the door and says what it is given.
func (p *pair) stranger(t testing.TB, from string, says []byte) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.Dial("tcp", p.target.Address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(deadline))
	if _, err := conn.Write(says); err != nil {
		t.Fatal(err)
	}
	return conn
}

// carries tells whether a lane of the session's engine is let in.
func (p *pair) carries(t testing.TB) {
	t.Helper()
	near, err := p.engine.Dial(p.within(t), p.target, wire.AgentOpening{Kind: "lane", Lane: 3})
	if err != nil {
		t.Fatalf("the session's own engine: %v", err)
	}
	defer near.Close()
	select {
	case one := <-p.entered:
		defer one.conn.Close()
		if one.opening.Session != "session" || one.opening.Lane != 3 || one.opening.Kind != "lane" {
			t.Errorf("entered as %+v", one.opening)
		}
	case <-time.After(deadline):
		t.Fatal("the session's own engine did not enter")
	}
}
