package agent

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/direct"
	"slipway/native/internal/wire"
)

// testDoor is the door of an agent whose pod has the address of loopback.
func testDoor() carrier.NewDoor {
	return direct.NewDoor(direct.DoorConfig{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
}

// askDirect asks for a direct path, or for none.
func (e *engine) askDirect(wanted bool) wire.DirectListening {
	e.t.Helper()
	reply := e.ask(wire.AgentRequest{Request: "direct", Direct: &wire.DirectRequest{Wanted: wanted}})
	if reply.Direct == nil {
		e.t.Fatalf("asking for a direct path: %+v", reply)
	}
	return *reply.Direct
}

// direct is the engine's end for the registered session.
func (e *engine) direct() carrier.Direct {
	e.t.Helper()
	keys := carrier.SessionKeys{Session: e.registered.Session, Private: e.private}
	hex.Decode(keys.Public[:], []byte(e.public))
	hex.Decode(keys.Peer[:], []byte(e.registered.AgentPublicKey))
	hex.Decode(keys.Preshared[:], []byte(e.preshared))
	return direct.New(keys)
}

func target(listening wire.DirectListening) carrier.DirectTarget {
	return carrier.DirectTarget{Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(listening.Port))}
}

// Lanes move there and back under a connection that goes on.
func TestAConnectionGoesOnOverADirectPathAndBack(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t), Door: testDoor()})
	engine := newEngine(t, server)
	engine.carry()
	opened := engine.open(20 * time.Second)
	if opened == nil {
		t.Fatal("no connection")
	}
	opened.SetDeadline(time.Now().Add(time.Minute))
	answers := func(said byte) {
		t.Helper()
		heard := []byte{0}
		opened.Write([]byte{said})
		if _, err := opened.Read(heard); err != nil || heard[0] != said {
			t.Fatalf("%d was answered by %d, %v", said, heard[0], err)
		}
	}
	answers(1)
	listening, straight := engine.askDirect(true), engine.direct()
	lane, err := straight.Dial(t.Context(), target(listening), wire.AgentOpening{Kind: "lane"})
	if err != nil {
		t.Fatal(err)
	}
	engine.lanes.Attach(0, straight.Packets(lane))
	for number := range engine.registered.FlowLanes {
		lane, err := straight.Dial(t.Context(), target(listening), wire.AgentOpening{Kind: "flows", Lane: number})
		if err != nil {
			t.Fatal(err)
		}
		engine.flows.Attach(number, lane)
	}
	eventually(t, "the lanes do not move", func() bool {
		for _, lane := range engine.flows.Stats().Lanes {
			if lane.Attachment < 2 {
				return false
			}
		}
		return len(engine.flows.Stats().Lanes) == engine.registered.FlowLanes
	})
	answers(2)
	for number := range engine.registered.FlowLanes {
		lane := engine.flowLane(number, engine.registered.Ticket)
		lane.SetDeadline(time.Time{})
		engine.flows.Attach(number, lane)
	}
	answers(3)
	engine.askDirect(false)
	if _, err := straight.Probe(t.Context(), target(listening)); err == nil {
		t.Error("the agent listens although nobody wants it")
	}
	answers(4)
}

func TestTheDoorClosesWithTheSession(t *testing.T) {
	for name, end := range map[string]func(*engine){
		"leave":  func(e *engine) { e.ask(wire.AgentRequest{Request: "leave"}) },
		"expiry": func(e *engine) { e.server.expire(time.Now().Add(24 * time.Hour)) },
		"close":  func(e *engine) { e.server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			engine := newEngine(t, serve(t, Config{Door: testDoor()}))
			engine.register(nil)
			listening := engine.askDirect(true)
			if again := engine.askDirect(true); again.Port != listening.Port || listening.Port == 0 {
				t.Fatalf("asked twice: %+v, %+v", listening, again)
			}
			proof, err := engine.direct().Probe(t.Context(), target(listening))
			if err != nil {
				t.Fatal(err)
			}
			defer proof.Close()
			end(engine)
			eventually(t, "the agent still listens", func() bool {
				probe, err := engine.direct().Probe(t.Context(), target(listening))
				if err == nil {
					probe.Close()
				}
				return err != nil
			})
		})
	}
}

func TestADirectPathIsForSessionsOnly(t *testing.T) {
	server := serve(t, Config{Door: testDoor()})
	stranger := newEngine(t, server)
	reply := stranger.ask(wire.AgentRequest{Request: "direct", Direct: &wire.DirectRequest{Wanted: true}})
	if reply.Problem == nil || reply.Problem.Code != wire.CodeMessageMalformed {
		t.Errorf("without a session: %+v", reply)
	}
	empty := newEngine(t, server)
	empty.register(nil)
	if reply := empty.ask(wire.AgentRequest{Request: "direct"}); reply.Problem == nil || reply.Problem.Code != wire.CodeMessageMalformed {
		t.Errorf("without content: %+v", reply)
	}
	none := newEngine(t, serve(t, Config{}))
	none.register(nil)
	if reply := none.ask(wire.AgentRequest{Request: "direct", Direct: &wire.DirectRequest{Wanted: true}}); reply.Problem == nil {
		t.Errorf("an agent without a door: %+v", reply)
	}
}

// While the API server is away, nobody can renew; what is heard by the direct path says as much.
func TestASessionThatIsHeardDirectlyLivesOn(t *testing.T) {
	const expiry = time.Hour
	server := serve(t, Config{Expiry: expiry, Dialer: echoServer(t), Door: testDoor()})
	direct, other := newEngine(t, server), newEngine(t, server)
	for _, engine := range []*engine{direct, other} {
		engine.register(nil)
		engine.makeTunnel(engine.laptop())
		opened := engine.flowLane(0, engine.registered.Ticket)
		opened.SetDeadline(time.Time{})
		engine.flows.Attach(0, opened)
	}
	direct.askDirect(true)
	sessionOf := func(of *engine) *session { return server.find(of.registered.Session) }
	own, expires := sessionOf(direct), sessionOf(other).expires // the later of both
	var heard time.Time
	eventually(t, "the session is not heard", func() bool {
		direct.flows.Revalidate() // asks the agent at once
		server.mu.Lock()
		heard = time.Unix(0, own.heard())
		server.mu.Unlock()
		return heard.Add(expiry).After(expires.Add(time.Millisecond))
	})
	server.expire(heard.Add(expiry - time.Microsecond))
	if sessionOf(direct) == nil {
		t.Fatal("a session that is heard expired")
	}
	if sessionOf(other) != nil {
		t.Fatal("a session without a direct path does not expire")
	}
	for lane := range direct.registered.FlowLanes {
		direct.flows.Detach(lane, nil)
	}
	eventually(t, "a session that is heard no more does not expire", func() bool {
		server.expire(time.Now().Add(expiry))
		return sessionOf(direct) == nil
	})
}

// Whoever may not use the cluster any more is not told by a direct path: the API server must have a say from time to time.
func TestASessionThatOnlyADirectPathHearsEnds(t *testing.T) {
	server := serve(t, Config{Expiry: time.Hour, Dialer: echoServer(t), Door: testDoor()})
	engine := newEngine(t, server)
	engine.register(nil)
	engine.askDirect(true)
	own := server.find(engine.registered.Session)
	own.heardAt.Store(time.Now().Add(48 * time.Hour).UnixNano()) // that it is heard at any time below
	last := own.expires.Add(DefaultKeep)
	server.expire(last)
	if server.find(engine.registered.Session) == nil {
		t.Fatal("a session that is heard was not kept")
	}
	server.expire(last.Add(time.Millisecond))
	if server.find(engine.registered.Session) != nil {
		t.Fatal("it lives for ever")
	}
}
