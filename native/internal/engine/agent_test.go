//go:build linux

package engine

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/forward"
	"slipway/native/internal/memnet"
	"slipway/native/internal/packet"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// What one name holds: 40 kilobytes, which a datagram carries and a packet of the tunnel does not.
const (
	largeName    = "large.webshop.svc.cluster.test."
	largeRecords = 190
)

// fakeCluster is an API server in front of agents: real tunnels and real forwarding, whose sockets all go to one
// echo server and one nameserver on loopback.
type fakeCluster struct {
	t     *testing.T
	echo  *net.TCPAddr
	names *net.UDPAddr

	mutex   sync.Mutex
	agents  map[string]*fakeAgent // by pod
	refusal error                 // of every dial
	streams []*memnet.End
	ofKind  map[string][]*memnet.End // the agents' ends, by what their openings said
	cutOff  string                   // a kind of streams that ends at once
	dials   int
}

type fakeAgent struct {
	cluster  *fakeCluster
	private  *ecdh.PrivateKey
	mutex    sync.Mutex
	sessions map[string]*fakeSession // by key
	made     int
	renewals int
	left     int
	wanted   []string    // laptop addresses of the last registration
	owner    wire.Secret // of the last registration
}

type fakeSession struct {
	granted   wire.Registered
	lanes     *tunnel.Lanes
	flows     *bytestream.Session
	forwarder *forward.Forwarder
}

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer socket.Close()
				_, _ = io.Copy(socket, socket)
			}()
		}
	}()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(writer dns.ResponseWriter, request *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(request)
		switch request.Question[0].Name {
		case "kubernetes.default.svc.cluster.test.":
			record, _ := dns.NewRR("kubernetes.default.svc.cluster.test. 5 IN A 10.96.0.1")
			answer.Answer = []dns.RR{record}
		case largeName:
			record, _ := dns.NewRR(largeName + " 5 IN TXT " + strings.Repeat("x", 200))
			answer.Answer = slices.Repeat([]dns.RR{record}, largeRecords)
		default:
			answer.Rcode = dns.RcodeNameError
		}
		_ = writer.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	cluster := &fakeCluster{
		t: t, echo: listener.Addr().(*net.TCPAddr), names: packets.LocalAddr().(*net.UDPAddr), agents: map[string]*fakeAgent{},
		ofKind: map[string][]*memnet.End{},
	}
	cluster.start(firstAgent.Pod)
	t.Cleanup(func() {
		cluster.reset()
		for pod := range cluster.agents {
			cluster.remove(pod)
		}
	})
	return cluster
}

func (cluster *fakeCluster) start(pod string) *fakeAgent {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		cluster.t.Fatal(err)
	}
	agent := &fakeAgent{cluster: cluster, private: private, sessions: map[string]*fakeSession{}}
	cluster.mutex.Lock()
	defer cluster.mutex.Unlock()
	cluster.agents[pod] = agent
	return agent
}

// remove ends a pod: its streams break, and dials say that it is gone.
func (cluster *fakeCluster) remove(pod string) {
	cluster.mutex.Lock()
	agent := cluster.agents[pod]
	delete(cluster.agents, pod)
	cluster.mutex.Unlock()
	agent.end()
}

// restart starts the container of a pod anew: streams break, and dials reach a process that knows nothing. There is
// no moment in which the pod is gone.
func (cluster *fakeCluster) restart(pod string) {
	cluster.mutex.Lock()
	agent := cluster.agents[pod]
	cluster.mutex.Unlock()
	cluster.start(pod)
	agent.end()
}

func (agent *fakeAgent) end() {
	agent.cluster.reset()
	agent.mutex.Lock()
	defer agent.mutex.Unlock()
	for _, session := range agent.sessions {
		session.lanes.Close()
		session.flows.Close(bytestream.Ended)
		session.forwarder.Close()
	}
}

// reset breaks every connection to the API server.
func (cluster *fakeCluster) reset() {
	cluster.mutex.Lock()
	streams := cluster.streams
	cluster.streams = nil
	cluster.mutex.Unlock()
	for _, stream := range streams {
		stream.Reset()
	}
}

// stall makes every connection silent, as a network that drops packets does.
func (cluster *fakeCluster) stall() {
	cluster.mutex.Lock()
	defer cluster.mutex.Unlock()
	for _, stream := range cluster.streams {
		stream.Stall(true)
	}
	cluster.streams = nil
}

// cut breaks all streams of a kind, and those to come, until the next call.
func (cluster *fakeCluster) cut(kind string) {
	cluster.mutex.Lock()
	cluster.cutOff = kind
	streams := cluster.ofKind[kind]
	cluster.mutex.Unlock()
	for _, stream := range streams {
		stream.Reset()
	}
}

// opened notes a stream; it is false where it ends.
func (cluster *fakeCluster) opened(kind string, stream *memnet.End) bool {
	cluster.mutex.Lock()
	defer cluster.mutex.Unlock()
	cluster.ofKind[kind] = append(cluster.ofKind[kind], stream)
	return cluster.cutOff != kind
}

func (cluster *fakeCluster) refuse(err error) {
	cluster.mutex.Lock()
	defer cluster.mutex.Unlock()
	cluster.refusal = err
}

// carrier makes the cluster itself the carrier.
func (cluster *fakeCluster) carrier(wire.ClusterAddress, carrier.CredentialSource) (carrier.Carrier, error) {
	return cluster, nil
}

// Name implements carrier.Carrier.
func (*fakeCluster) Name() string { return "fake" }

// Cost implements carrier.Carrier.
func (*fakeCluster) Cost() carrier.Cost { return carrier.Cost{Relays: 3} }

// Packets implements carrier.Carrier.
func (*fakeCluster) Packets(opened carrier.Stream) carrier.Packets { return stream.New("fake", opened) }

// Dial implements carrier.Carrier.
func (cluster *fakeCluster) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	cluster.mutex.Lock()
	defer cluster.mutex.Unlock()
	cluster.dials++
	if cluster.refusal != nil {
		return nil, cluster.refusal
	}
	agent := cluster.agents[target.Pod]
	if agent == nil {
		return nil, &wire.Problem{Code: wire.CodeAgentGone, Cause: "no such pod"}
	}
	near, far := memnet.Pipe(memnet.Options{})
	cluster.streams = append(cluster.streams, near)
	go agent.serve(far)
	return near, ctx.Err()
}

func (agent *fakeAgent) serve(opened *memnet.End) {
	var opening wire.AgentOpening
	if read(opened, &opening) != nil || !agent.cluster.opened(opening.Kind, opened) {
		opened.Close()
		return
	}
	if opening.Kind != "control" {
		agent.mutex.Lock()
		defer agent.mutex.Unlock()
		for _, session := range agent.sessions {
			if session.granted.Session == opening.Session && session.granted.Ticket == opening.Ticket {
				if opening.Kind == "flows" {
					session.flows.Attach(opening.Lane, opened)
				} else {
					session.lanes.Attach(opening.Lane, stream.Accept(opened))
				}
				return
			}
		}
		opened.Close()
		return
	}
	defer opened.Close()
	reply := wire.AgentReply{Hello: &wire.Hello{Protocol: wire.Protocol, Role: "agent"}}
	for wire.WriteFrame(opened, reply, wire.MaxFrame) == nil {
		var request wire.AgentRequest
		if read(opened, &request) != nil {
			return
		}
		reply = agent.answer(request)
	}
}

func read(stream io.Reader, into any) error {
	body, err := wire.ReadFrame(stream, wire.MaxFrame)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (agent *fakeAgent) answer(request wire.AgentRequest) wire.AgentReply {
	agent.mutex.Lock()
	defer agent.mutex.Unlock()
	switch request.Request {
	case "register":
		agent.wanted, agent.owner = nil, request.Register.OwnerSecret
		for _, wanted := range request.Register.WantedAddresses {
			agent.wanted = append(agent.wanted, wanted.Laptop)
		}
		session := agent.sessions[request.Register.PublicKey]
		if session == nil {
			session = agent.makeSession(*request.Register)
			agent.sessions[request.Register.PublicKey] = session
		}
		return wire.AgentReply{Registered: &session.granted}
	case "renew":
		if agent.sessions[request.RenewOfKey] == nil {
			return wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "no such session"}}
		}
		agent.renewals++
		return wire.AgentReply{Renewed: &wire.Renewed{ExpiresSeconds: 60}}
	}
	agent.left++
	return wire.AgentReply{Left: true}
}

func (agent *fakeAgent) makeSession(register wire.Register) *fakeSession {
	t := agent.cluster.t
	agent.made++
	session := &fakeSession{granted: wire.Registered{
		Session: fmt.Sprintf("%p-%d", agent, agent.made), Ticket: "ticket",
		AgentPublicKey: hex.EncodeToString(agent.private.PublicKey().Bytes()),
		Addresses: []wire.SessionAddresses{{
			Laptop: fmt.Sprintf("198.18.0.%d", 10*agent.made), Engine: fmt.Sprintf("198.18.0.%d", 10*agent.made+1), Agent: "198.18.0.1",
		}, {
			Laptop: fmt.Sprintf("fd34:8a0f:448::%d", 10*agent.made), Engine: fmt.Sprintf("fd34:8a0f:448::%d", 10*agent.made+1), Agent: "fd34:8a0f:448::1",
		}},
		Lanes: wire.LaneCount, FlowLanes: wire.FlowLaneCount, MTU: 16000, ExpiresSeconds: 60,
		Facts: wire.AgentFacts{Nameservers: []string{"10.96.0.10"}, ClusterDomain: "cluster.test", Search: []string{"svc.cluster.test"}, CanPing: true},
	}}
	for index, wanted := range register.WantedAddresses {
		own := &session.granted.Addresses[index]
		own.Laptop, own.Engine = wanted.Laptop, wanted.Engine
	}
	var allowed []netip.Prefix
	var agents []netip.Addr
	for _, own := range session.granted.Addresses {
		agents = append(agents, netip.MustParseAddr(own.Agent))
		for _, text := range []string{own.Laptop, own.Engine} {
			address := netip.MustParseAddr(text)
			allowed = append(allowed, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	peer, _ := hex.DecodeString(register.PublicKey)
	preshared, _ := hex.DecodeString(string(register.PresharedKey))
	var err error
	session.lanes, err = tunnel.New(tunnel.Config{
		PrivateKey: [32]byte(agent.private.Bytes()), PeerPublicKey: [32]byte(peer), PresharedKey: [32]byte(preshared),
		LaneCount: wire.LaneCount, MTU: 16000,
		AllowedIPs: allowed,
		Receive:    func(lane int, packets [][]byte) { session.forwarder.Receive(lane, packets) },
	})
	if err != nil {
		t.Error(err)
	}
	session.forwarder, err = forward.New(forward.Config{
		Lanes: wire.LaneCount, MTU: 16000, Agent: packet.NewPerFamily(agents...),
		Policy: &forward.Policy{}, Dialer: agent.cluster,
		Send:   func(lane int, parsed packet.Packet) { session.lanes.Send(lane, &parsed) },
		LaneOf: func(parsed packet.Packet) int { return tunnel.LaneOf(&parsed, wire.LaneCount) },
	})
	if err != nil {
		t.Error(err)
	}
	session.flows, err = bytestream.New(bytestream.Config{
		Accept: session.forwarder.Accept, Lanes: wire.FlowLaneCount,
		Keys: bytestream.Keys{
			Session: session.granted.Session, Private: [32]byte(agent.private.Bytes()),
			Public: [32]byte(agent.private.PublicKey().Bytes()), Peer: [32]byte(peer), Preshared: [32]byte(preshared),
		},
	})
	if err != nil {
		t.Error(err)
	}
	return session
}

// DialTCP implements forward.Dialer.
func (cluster *fakeCluster) DialTCP(ctx context.Context, _ netip.AddrPort) (*net.TCPConn, error) {
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp4", cluster.echo.String())
	if err != nil {
		return nil, err
	}
	return socket.(*net.TCPConn), nil
}

// DialUDP implements forward.Dialer.
func (cluster *fakeCluster) DialUDP(netip.AddrPort) (*net.UDPConn, error) {
	return net.DialUDP("udp4", nil, cluster.names)
}
