package agent

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

	"slipway/native/internal/bytestream"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
	"slipway/native/internal/terminate"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// engine is what an engine holds: a key, a control stream, and after join the lanes and a network stack in them.
type engine struct {
	t          testing.TB
	dial       func(testing.TB) net.Conn // a new stream to the agent
	server     *Server                   // the agent, where it is of this process
	private    [32]byte
	public     string
	preshared  string
	control    net.Conn
	registered wire.Registered
	stack      *netstack.Stack
	lanes      *tunnel.Lanes
	flows      *bytestream.Session
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
	server.Take(far, stream.Accept)
	return near
}

func newEngine(t testing.TB, server *Server) *engine {
	t.Helper()
	made := newEngineOver(t, func(t testing.TB) net.Conn { return connect(t, server) })
	made.server = server
	return made
}

func newEngineOver(t testing.TB, dial func(testing.TB) net.Conn) *engine {
	t.Helper()
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &engine{
		t: t, dial: dial, private: [32]byte(private.Bytes()),
		public: hex.EncodeToString(private.PublicKey().Bytes()), preshared: randomText(32),
	}
	made.openControl()
	return made
}

func (e *engine) openControl() {
	e.t.Helper()
	e.control = e.dial(e.t)
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

// laptop is the address of the TUN.
func (e *engine) laptop() string { return e.registered.Addresses[0].Laptop }

// lane opens a lane's stream, with the ticket given.
func (e *engine) lane(number int, ticket wire.Secret) net.Conn {
	e.t.Helper()
	stream := e.dial(e.t)
	send(e.t, stream, wire.AgentOpening{Kind: "lane", Session: e.registered.Session, Ticket: ticket, Lane: number})
	return stream
}

// flowLane opens the stream of a lane of flows, with the ticket given.
func (e *engine) flowLane(number int, ticket wire.Secret) net.Conn {
	e.t.Helper()
	stream := e.dial(e.t)
	send(e.t, stream, wire.AgentOpening{Kind: "flows", Session: e.registered.Session, Ticket: ticket, Lane: number})
	return stream
}

// join brings the tunnel up, with a network stack that has the address given.
func (e *engine) join(address string) {
	e.t.Helper()
	e.makeTunnel(address)
	for lane := range e.registered.Lanes {
		opened := e.lane(lane, e.registered.Ticket)
		opened.SetDeadline(time.Time{})
		e.lanes.Attach(lane, stream.New("test", opened))
	}
	for lane := range e.registered.FlowLanes {
		opened := e.flowLane(lane, e.registered.Ticket)
		opened.SetDeadline(time.Time{})
		e.flows.Attach(lane, opened)
	}
}

// carry registers and brings the tunnel up, and proves that it carries.
func (e *engine) carry() {
	e.t.Helper()
	if reply := e.register(nil); reply.Registered == nil {
		e.t.Fatalf("registering: %+v", reply.Problem)
	}
	e.join(e.laptop())
	if err := e.echo("10.0.0.1:80"); err != nil {
		e.t.Fatal(err)
	}
}

// open opens a connection that stays; nil where the agent takes none in time.
func (e *engine) open(patience time.Duration) net.Conn {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), patience)
	defer cancel()
	connection, err := e.stack.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:80"))
	if err != nil {
		return nil
	}
	e.t.Cleanup(func() { connection.Close() })
	return connection
}

func (e *engine) makeTunnel(address string) {
	e.t.Helper()
	var peer, preshared [32]byte
	hex.Decode(peer[:], []byte(e.registered.AgentPublicKey))
	hex.Decode(preshared[:], []byte(e.preshared))
	private, err := ecdh.X25519().NewPrivateKey(e.private[:])
	if err != nil {
		e.t.Fatal(err)
	}
	e.flows, err = bytestream.New(bytestream.Config{Lanes: e.registered.FlowLanes, Keys: bytestream.Keys{
		Session: e.registered.Session, Private: e.private, Public: [32]byte(private.PublicKey().Bytes()), Peer: peer, Preshared: preshared,
	}})
	if err != nil {
		e.t.Fatal(err)
	}
	connections, err := terminate.New(terminate.Config{
		MTU: e.registered.MTU, Open: e.flows.Open,
		Output: func(parsed *packet.Packet, behind [][]byte) { e.stack.Input(parsed.Whole(behind)) },
		Router: func(netip.Addr) netip.Addr { return wire.AgentAddress },
	})
	if err != nil {
		e.t.Fatal(err)
	}
	e.stack, err = netstack.New(netstack.Config{
		MTU: e.registered.MTU, Addresses: []netip.Addr{netip.MustParseAddr(address)},
		Output: func(raw []byte) {
			if parsed, ok := packet.Parse(raw); ok && parsed.Protocol == packet.TCP {
				connections.Input(&parsed)
			} else if ok {
				e.lanes.Send(tunnel.LaneOf(&parsed, e.registered.Lanes), &parsed)
			}
		},
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
		e.flows.Close(bytestream.Ended)
		connections.Close()
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
