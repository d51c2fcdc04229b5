package agent

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

func TestOtherProtocolIsToldAndClosed(t *testing.T) {
	stream := connect(t, serve(t, Config{}))
	send(t, stream, wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol + 1}})
	if reply := receive(t, stream); reply.Problem == nil || reply.Problem.Code != wire.CodeAgentVersion {
		t.Fatalf("answered %+v", reply)
	}
	if !isClosed(t, stream) {
		t.Error("the stream stays open")
	}
}

func TestStreamsThatSayNothingOrNonsenseAreClosed(t *testing.T) {
	server := serve(t, Config{OpeningTimeout: 50 * time.Millisecond})
	for name, first := range map[string]string{
		"nothing":      "",
		"no frame":     "GET / HTTP/1.1\r\n\r\n",
		"half a frame": "\x00\x00\x00\x10{\"kind\"",
		"no JSON":      "\x00\x00\x00\x03abc",
		"unknown kind": "\x00\x00\x00\x0e{\"kind\":\"mail\"}",
		"no hello":     "\x00\x00\x00\x12{\"kind\":\"control\"}",
	} {
		stream := connect(t, server)
		io.WriteString(stream, first)
		if !isClosed(t, stream) {
			t.Errorf("%s: the stream stays open", name)
		}
	}
}

func TestTheOldestStreamThatSaysNothingMakesWay(t *testing.T) {
	server := serve(t, Config{ArrivalsAtMost: 2})
	first, second := connect(t, server), connect(t, server)
	engine := newEngine(t, server)
	if !isClosed(t, first) {
		t.Error("the oldest stream stays")
	}
	engine.register(nil)
	send(t, second, wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol, Role: "engine"}})
	if reply := receive(t, second); reply.Hello == nil {
		t.Errorf("the second stream was not served: %+v", reply)
	}
}

func TestRegisteringAgainIsTheSameSession(t *testing.T) {
	server := serve(t, Config{})
	engine := newEngine(t, server)
	if reply := engine.register(nil); reply.Registered == nil {
		t.Fatalf("answered %+v", reply)
	}
	first := engine.registered
	if first.MTU != DefaultMTU || first.Lanes != wire.LaneCount || first.ExpiresSeconds != 60 || len(first.Ticket) != 64 {
		t.Errorf("registered with MTU %d, %d lanes, expiry %d s", first.MTU, first.Lanes, first.ExpiresSeconds)
	}
	engine.openControl()
	engine.register(nil)
	if again := engine.registered; again.Session != first.Session || again.Ticket != first.Ticket ||
		again.AgentPublicKey != first.AgentPublicKey || again.Addresses[0] != first.Addresses[0] {
		t.Error("another session came of the same key")
	}
	engine.preshared = randomText(32)
	if reply := engine.register(nil); reply.Problem == nil {
		t.Error("the session was given to one who knows only its public key")
	}
}

func TestSessionsAreLimited(t *testing.T) {
	server := serve(t, Config{SessionsAtMost: 2, Dialer: echoServer(t)})
	newEngine(t, server).carry()
	second := newEngine(t, server)
	second.carry()
	third := newEngine(t, server)
	if reply := third.register(nil); reply.Problem == nil || reply.Problem.Code != wire.CodeAgentUnreachable {
		t.Fatalf("a third session: %+v", reply)
	}
	if reply := second.ask(wire.AgentRequest{Request: "leave"}); !reply.Left {
		t.Fatalf("leaving: %+v", reply)
	}
	if reply := third.register(nil); reply.Registered == nil {
		t.Errorf("after one left: %+v", reply)
	}
}

func TestMalformedRequestsAreToldAndEndTheStream(t *testing.T) {
	server := serve(t, Config{})
	for _, request := range []wire.AgentRequest{
		{Request: "dance"},
		{Request: "register"},
		{Request: "register", Register: &wire.Register{PublicKey: "00", PresharedKey: "11"}},
		{Request: "register", Register: &wire.Register{PublicKey: strings.Repeat("00", 32), PresharedKey: wire.Secret(randomText(32))}},
		{Request: "register", Register: &wire.Register{PublicKey: randomText(32), PresharedKey: wire.Secret(randomText(32)), OwnerSecret: wire.Secret(randomText(31))}},
		{Request: "register", Register: &wire.Register{PublicKey: randomText(32), PresharedKey: wire.Secret(randomText(32)), OwnerSecret: wire.Secret(strings.Repeat("00", 32))}},
		{Request: "register", Register: &wire.Register{PublicKey: randomText(32), PresharedKey: wire.Secret(randomText(32)), OwnerSecret: wire.Secret(strings.Repeat("zz", 32))}},
		{Request: "renew", RenewOfKey: "zz"},
	} {
		engine := newEngine(t, server)
		if reply := engine.ask(request); reply.Problem == nil || reply.Problem.Code != wire.CodeMessageMalformed {
			t.Errorf("%+v was answered by %+v", request, reply)
		}
		if !isClosed(t, engine.control) {
			t.Errorf("%+v: the stream stays open", request)
		}
	}
}

func TestRenewingAnotherSessionIsRefused(t *testing.T) {
	server := serve(t, Config{})
	first, second := newEngine(t, server), newEngine(t, server)
	first.register(nil)
	second.register(nil)
	second.public = first.public
	if reply := second.renew(); reply.Problem == nil {
		t.Error("one session renewed another")
	}
}

func TestLaneNeedsItsTicket(t *testing.T) {
	server := serve(t, Config{})
	engine, other := newEngine(t, server), newEngine(t, server)
	engine.register(nil)
	other.register(nil)
	for name, ticket := range map[string]wire.Secret{"none": "", "another session's": other.registered.Ticket, "wrong": wire.Secret(randomText(32))} {
		if !isClosed(t, engine.lane(0, ticket)) || !isClosed(t, engine.flowLane(0, ticket)) {
			t.Errorf("ticket %s: the lane stays open", name)
		}
	}
	if !isClosed(t, engine.lane(wire.LaneCount, engine.registered.Ticket)) || !isClosed(t, engine.flowLane(wire.FlowLaneCount, engine.registered.Ticket)) {
		t.Error("a lane beyond the last stays open")
	}
	first := engine.lane(0, engine.registered.Ticket)
	attached := func() uint64 { return server.byKey[decodedKey(t, engine.public)].lanes.Stats()[0].Carrier.Attached }
	eventually(t, "the lane was not attached", func() bool { return attached() == 1 })
	engine.lane(0, engine.registered.Ticket)
	if !isClosed(t, first) {
		t.Error("the stream before stays open")
	}
}

func decodedKey(t *testing.T, text string) (key publicKey) {
	t.Helper()
	if !decodeKey(text, (*[32]byte)(&key)) {
		t.Fatal("no key")
	}
	return key
}

func TestConnectionsPassAndSessionsStayApart(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t)})
	first, second := newEngine(t, server), newEngine(t, server)
	first.register(nil)
	second.register(nil)
	first.join(first.laptop())
	if err := first.echo("10.0.0.1:80"); err != nil {
		t.Fatal(err)
	}
	// The second pretends to be the first: WireGuard drops its packets, so nothing ever answers.
	second.join(first.laptop())
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if _, err := second.stack.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:80")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a spoofed address got %v", err)
	}
	if flows := server.byKey[decodedKey(t, second.public)].forwarder.Stats(); flows.TCPFlows+flows.HalfOpen != 0 {
		t.Errorf("spoofed packets made %+v", flows)
	}
	// As itself it still cannot reach the first.
	if err := first.echo(second.laptop() + ":22"); err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("connecting to another session gave %v", err)
	}
}

func TestLanesMayBeReplacedUnderAConnection(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t)})
	engine := newEngine(t, server)
	engine.register(nil)
	engine.join(engine.registered.Addresses[0].Engine)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	connection, err := engine.stack.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(time.Minute))
	for round := range 3 {
		message := []byte{byte(round)}
		connection.Write(message)
		if _, err := io.ReadFull(connection, message); err != nil || message[0] != byte(round) {
			t.Fatalf("round %d: %v", round, err)
		}
		engine.openControl()
		engine.register(nil)
		for lane := range engine.registered.Lanes {
			opened := engine.lane(lane, engine.registered.Ticket)
			opened.SetDeadline(time.Time{})
			engine.lanes.Attach(lane, stream.New("test", opened))
		}
		for lane := range engine.registered.FlowLanes {
			opened := engine.flowLane(lane, engine.registered.Ticket)
			opened.SetDeadline(time.Time{})
			engine.flows.Attach(lane, opened)
		}
	}
}

// A laptop that sleeps says nothing for an hour, and its programs go on where they were.
func TestASessionWithConnectionsIsKeptForLonger(t *testing.T) {
	server := serve(t, Config{Expiry: time.Hour, Keep: 90 * time.Minute, Dialer: echoServer(t)})
	engine, idle := newEngine(t, server), newEngine(t, server)
	engine.carry()
	opened := engine.open(20 * time.Second)
	if opened == nil {
		t.Fatal("no connection")
	}
	idle.register(nil)
	sessions := func() int {
		server.mu.Lock()
		defer server.mu.Unlock()
		return len(server.byKey)
	}
	engine.lanes.Detach(0, io.EOF)
	for lane := range engine.registered.FlowLanes {
		engine.flows.Detach(lane, io.EOF)
	}
	server.expire(time.Now().Add(2 * time.Hour))
	if sessions() != 1 {
		t.Fatalf("%d sessions are left", sessions())
	}
	before := engine.registered.Session
	engine.openControl()
	if engine.register(nil); engine.registered.Session != before {
		t.Fatal("it is another session")
	}
	go opened.Write([]byte("x"))
	lane := engine.flowLane(0, engine.registered.Ticket)
	lane.SetDeadline(time.Time{})
	engine.flows.Attach(0, lane)
	opened.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(opened, make([]byte, 1)); err != nil {
		t.Errorf("after the sleep: %v", err)
	}
	server.expire(time.Now().Add(4 * time.Hour))
	if sessions() != 0 {
		t.Error("it is kept for ever")
	}
}

func TestSessionExpiresUnlessRenewed(t *testing.T) {
	server := serve(t, Config{Expiry: 400 * time.Millisecond, Dialer: echoServer(t)})
	idle, busy := newEngine(t, server), newEngine(t, server)
	idle.register(nil)
	busy.register(nil)
	lane := idle.lane(0, idle.registered.Ticket)
	eventually(t, "the session does not expire", func() bool {
		if reply := busy.renew(); reply.Renewed == nil {
			t.Fatalf("renewing: %+v", reply)
		}
		server.mu.Lock()
		defer server.mu.Unlock()
		return len(server.byKey) == 1
	})
	if !isClosed(t, lane) {
		t.Error("a lane of an expired session stays open")
	}
	if !isClosed(t, idle.control) {
		t.Error("the control stream of an expired session stays open")
	}
	if server.EmptyFor(time.Now()) != 0 {
		t.Error("the server takes itself for empty")
	}
	first := idle.registered
	idle.openControl()
	if reply := idle.register(func(register *wire.Register) {
		register.WantedAddresses = first.Addresses
	}); reply.Registered == nil || reply.Registered.Addresses[0] != first.Addresses[0] || reply.Registered.Session == first.Session {
		t.Errorf("registering again after the expiry: %+v", reply)
	}
	busy.ask(wire.AgentRequest{Request: "leave"})
	idle.ask(wire.AgentRequest{Request: "leave"})
	if server.EmptyFor(time.Now().Add(time.Hour)) < time.Hour {
		t.Error("the server does not know that it is empty")
	}
}

func TestCloseEndsStreamsAndSessions(t *testing.T) {
	server := serve(t, Config{})
	engine := newEngine(t, server)
	engine.register(nil)
	lane := engine.lane(0, engine.registered.Ticket)
	server.Close()
	if !isClosed(t, lane) || !isClosed(t, engine.control) || !isClosed(t, connect(t, server)) {
		t.Error("a stream outlives the server")
	}
}
