package session

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/netstack"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// engine is what an engine holds: a key, a control stream, and after join the lanes and a network stack in them.
type engine struct {
	t          testing.TB
	server     *Server
	private    [32]byte
	public     string
	preshared  string
	control    net.Conn
	registered wire.Registered
	stack      *netstack.Stack
	lanes      *tunnel.Lanes
}

func serve(t *testing.T, config Config) *Server {
	t.Helper()
	server := NewServer(config)
	t.Cleanup(server.Close)
	return server
}

// connect gives the engine's end of a new stream to the server.
func connect(t testing.TB, server *Server) net.Conn {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { near.Close() })
	server.Take(far)
	return near
}

func newEngine(t testing.TB, server *Server) *engine {
	t.Helper()
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &engine{
		t: t, server: server, private: [32]byte(private.Bytes()),
		public: hex.EncodeToString(private.PublicKey().Bytes()), preshared: randomText(32),
	}
	made.openControl()
	return made
}

func (e *engine) openControl() {
	e.t.Helper()
	e.control = connect(e.t, e.server)
	send(e.t, e.control, wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol, Role: "engine"}})
	if reply := receive(e.t, e.control); reply.Hello == nil || reply.Hello.Role != "agent" {
		e.t.Fatalf("the hello was answered by %+v", reply)
	}
}

func send(t testing.TB, stream net.Conn, message any) {
	t.Helper()
	if err := wire.WriteFrame(stream, message, wire.MaxFrame); err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, stream net.Conn) wire.AgentReply {
	t.Helper()
	body, err := wire.ReadFrame(stream, wire.MaxFrame)
	if err != nil {
		t.Fatal(err)
	}
	var reply wire.AgentReply
	if err := json.Unmarshal(body, &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

func (e *engine) ask(request wire.AgentRequest) wire.AgentReply {
	e.t.Helper()
	send(e.t, e.control, request)
	return receive(e.t, e.control)
}

func (e *engine) register(change func(*wire.Register)) wire.AgentReply {
	e.t.Helper()
	register := &wire.Register{PublicKey: e.public, PresharedKey: wire.Secret(e.preshared)}
	if change != nil {
		change(register)
	}
	reply := e.ask(wire.AgentRequest{Request: "register", Register: register})
	if reply.Registered != nil {
		e.registered = *reply.Registered
	}
	return reply
}

func (e *engine) renew() wire.AgentReply {
	e.t.Helper()
	return e.ask(wire.AgentRequest{Request: "renew", RenewOfKey: e.public})
}

// lane opens a lane's stream, with the ticket given.
func (e *engine) lane(number int, ticket wire.Secret) net.Conn {
	e.t.Helper()
	stream := connect(e.t, e.server)
	send(e.t, stream, wire.AgentOpening{Kind: "lane", Session: e.registered.Session, Ticket: ticket, Lane: number})
	return stream
}

// join brings the tunnel up, with a network stack that has the address given.
func (e *engine) join(address string) {
	e.t.Helper()
	e.makeTunnel(address)
	for lane := range e.registered.Lanes {
		stream := e.lane(lane, e.registered.Ticket)
		stream.SetDeadline(time.Time{})
		e.lanes.Attach(lane, stream)
	}
}

func (e *engine) makeTunnel(address string) {
	e.t.Helper()
	var peer, preshared [32]byte
	hex.Decode(peer[:], []byte(e.registered.AgentPublicKey))
	hex.Decode(preshared[:], []byte(e.preshared))
	var err error
	e.stack, err = netstack.New(netstack.Config{
		MTU: e.registered.MTU, Addresses: []netip.Addr{netip.MustParseAddr(address)},
		Output: func(packet []byte) { e.lanes.Send(tunnel.LaneOf(packet, e.registered.Lanes), packet) },
	})
	if err != nil {
		e.t.Fatal(err)
	}
	e.lanes, err = tunnel.New(tunnel.Config{
		PrivateKey: e.private, PeerPublicKey: peer, PresharedKey: preshared,
		LaneCount: e.registered.Lanes, MTU: e.registered.MTU,
		AllowedIPs: []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)},
		Receive: func(_ int, packets [][]byte) {
			for _, packet := range packets {
				e.stack.Input(packet)
			}
		},
	})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		e.lanes.Close()
		e.stack.Close()
	})
}

// clusterDialer leads every destination to one listener of the test, which echoes.
type clusterDialer struct{ address string }

func (d clusterDialer) DialTCP(ctx context.Context, _ netip.AddrPort) (*net.TCPConn, error) {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp4", d.address)
	if err != nil {
		return nil, err
	}
	return connection.(*net.TCPConn), nil
}

func (d clusterDialer) DialUDP(netip.AddrPort) (*net.UDPConn, error) {
	return nil, errors.New("no datagrams in this test")
}

func echoServer(t testing.TB) clusterDialer {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(connection, connection)
				connection.Close()
			}()
		}
	}()
	return clusterDialer{listener.Addr().String()}
}

func (e *engine) echo(destination string) error {
	ctx, cancel := context.WithTimeout(e.t.Context(), 20*time.Second)
	defer cancel()
	connection, err := e.stack.DialTCP(ctx, netip.MustParseAddrPort(destination))
	if err != nil {
		return err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	sent := strings.Repeat("over the lanes ", 10000)
	go io.WriteString(connection, sent)
	received := make([]byte, len(sent))
	if _, err := io.ReadFull(connection, received); err != nil {
		return err
	}
	if string(received) != sent {
		return errors.New("the echo differs")
	}
	return nil
}

func isClosed(t *testing.T, stream net.Conn) bool {
	t.Helper()
	_, err := stream.Read(make([]byte, 1))
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout())
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

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

func TestTooManyOpeningStreamsAreClosedAtOnce(t *testing.T) {
	server := serve(t, Config{OpeningAtMost: 2})
	waiting := []net.Conn{connect(t, server), connect(t, server)}
	if !isClosed(t, connect(t, server)) {
		t.Error("a third stream was taken")
	}
	waiting[0].Close()
	eventually(t, "the place of a closed stream stays taken", func() bool {
		server.mu.Lock()
		defer server.mu.Unlock()
		return server.opening == 1
	})
	newEngine(t, server).register(nil)
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
		again.AgentPublicKey != first.AgentPublicKey || again.LaptopAddress != first.LaptopAddress {
		t.Error("another session came of the same key")
	}
	engine.preshared = randomText(32)
	if reply := engine.register(nil); reply.Problem == nil {
		t.Error("the session was given to one who knows only its public key")
	}
}

func TestSessionsAreLimited(t *testing.T) {
	server := serve(t, Config{SessionsAtMost: 2})
	newEngine(t, server).register(nil)
	second := newEngine(t, server)
	second.register(nil)
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
		if !isClosed(t, engine.lane(1, ticket)) {
			t.Errorf("ticket %s: the lane stays open", name)
		}
	}
	if !isClosed(t, engine.lane(wire.LaneCount, engine.registered.Ticket)) {
		t.Error("a lane beyond the last stays open")
	}
	first := engine.lane(1, engine.registered.Ticket)
	attached := func() uint64 { return server.byKey[decodedKey(t, engine.public)].lanes.Stats()[1].Carrier.Attached }
	eventually(t, "the lane was not attached", func() bool { return attached() == 1 })
	engine.lane(1, engine.registered.Ticket)
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
	first.join(first.registered.LaptopAddress)
	if err := first.echo("10.0.0.1:80"); err != nil {
		t.Fatal(err)
	}
	// The second pretends to be the first: WireGuard drops its packets, so nothing ever answers.
	second.join(first.registered.LaptopAddress)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if _, err := second.stack.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:80")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a spoofed address got %v", err)
	}
	if flows := server.byKey[decodedKey(t, second.public)].forwarder.Stats(); flows.TCPFlows+flows.HalfOpen != 0 {
		t.Errorf("spoofed packets made %+v", flows)
	}
	// As itself it still cannot reach the first.
	if err := first.echo(second.registered.LaptopAddress + ":22"); err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("connecting to another session gave %v", err)
	}
}

func TestLanesMayBeReplacedUnderAConnection(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t)})
	engine := newEngine(t, server)
	engine.register(nil)
	engine.join(engine.registered.EngineAddress)
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
			stream := engine.lane(lane, engine.registered.Ticket)
			stream.SetDeadline(time.Time{})
			engine.lanes.Attach(lane, stream)
		}
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
	if reply := idle.renew(); reply.Problem == nil {
		t.Errorf("renewing an expired session: %+v", reply)
	}
	if server.EmptyFor(time.Now()) != 0 {
		t.Error("the server takes itself for empty")
	}
	first := idle.registered
	idle.openControl()
	if reply := idle.register(func(register *wire.Register) {
		register.WantedLaptopAddress, register.WantedEngineAddress = first.LaptopAddress, first.EngineAddress
	}); reply.Registered == nil || reply.Registered.LaptopAddress != first.LaptopAddress || reply.Registered.Session == first.Session {
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
