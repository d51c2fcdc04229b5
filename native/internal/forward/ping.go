package forward

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/packet"
)

// echoWait is how long an answer to a ping is waited for. ping(8) itself waits 10 s at the end.
const echoWait = 30 * time.Second

// echo is a ping that was sent on and has no answer yet.
type echo struct {
	lane           int
	source         netip.Addr
	destination    netip.Addr
	identification uint16 // the ICMP identifier and sequence number of the laptop's ping
	sequence       uint16
	sent           time.Time
	quoted         []byte // start of the laptop's packet, for ICMP errors
	place          *member[uint16]
}

// pinger sends the laptop's pings through an unprivileged ICMP socket of each family (icmp(7)). The kernel sets the identifier to
// the socket's own, so the sequence number on the cluster's side is a token of ours that finds the ping again.
type pinger struct {
	config  Config
	reply   func(lane int, raw []byte)
	socket4 *pingSocket // nil where the kernel does not let us: pings are then silent
	socket6 *pingSocket // the same

	mu      sync.Mutex
	waiting map[uint16]*echo
	crowd   crowd[uint16] // of tokens
	next    uint16
}

func newPinger(config Config, reply func(int, []byte)) *pinger {
	result := &pinger{config: config, reply: reply, waiting: map[uint16]*echo{}}
	result.crowd.init()
	for _, family := range []struct {
		is6    bool
		socket **pingSocket
	}{{false, &result.socket4}, {true, &result.socket6}} {
		socket, err := openPingSocket(family.is6)
		if err != nil {
			config.Log.Debug("ping socket", "error", err)
			continue
		}
		*family.socket = socket
		go socket.run(result)
	}
	return result
}

// socketLike is the socket of an address's family.
func (p *pinger) socketLike(address netip.Addr) *pingSocket {
	if address.Is6() {
		return p.socket6
	}
	return p.socket4
}

// CanPing tells whether the kernel gives this process a ping socket (sysctl net.ipv4.ping_group_range).
func CanPing() bool {
	socket, err := openPingSocket(false)
	if err != nil {
		return false
	}
	socket.close()
	return true
}

func (p *pinger) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

func (p *pinger) close() {
	for _, socket := range []*pingSocket{p.socket4, p.socket6} {
		if socket != nil {
			socket.close()
		}
	}
}

func (p *pinger) expire(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for token, waiting := range p.waiting {
		if now.Sub(waiting.sent) > echoWait {
			p.forgetLocked(token)
		}
	}
}

// request sends a ping on. It never waits.
func (p *pinger) request(lane int, request *packet.Packet) {
	socket := p.socketLike(request.Destination)
	if socket == nil {
		return
	}
	if request.HopLimit <= 1 {
		// The agent is a hop: traceroute shows it.
		p.reply(lane, packet.Error(packet.HopLimitExceeded, p.config.Agent.Like(request.Source), request))
		return
	}
	token := p.remember(lane, request)
	message := bytes.Clone(request.Payload)
	binary.BigEndian.PutUint16(message[6:], token)
	if err := socket.send(message, request.Destination, request.HopLimit-1); err != nil {
		p.forget(token)
		if told, _ := verdictOf(err); told != bytestream.HostUnreachable {
			p.reply(lane, unreachable(err, p.config.Agent.Like(request.Source), request))
		}
	}
}

// remember makes a token. Where too many wait, the destination with most of them loses the oldest: an answer to that one
// is no longer told, which is what a free address is like anyway.
func (p *pinger) remember(lane int, request *packet.Packet) (token uint16) {
	quotedLength := len(request.Raw) - len(request.Payload) + packet.MessageHeader
	made := &echo{
		lane:           lane,
		source:         request.Source,
		destination:    request.Destination,
		identification: request.SourcePort,
		sequence:       request.DestinationPort,
		sent:           time.Now(),
		quoted:         bytes.Clone(request.Raw[:quotedLength]),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) >= p.config.Limits.Echoes {
		p.forgetLocked(p.crowd.greediest().value)
	}
	for p.waiting[p.next] != nil {
		p.next++
	}
	token = p.next
	p.next++
	p.waiting[token] = made
	made.place = p.crowd.join(netip.AddrPortFrom(request.Destination, 0), token, made.sent)
	return token
}

func (p *pinger) forget(token uint16) *echo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.forgetLocked(token)
}

func (p *pinger) forgetLocked(token uint16) *echo {
	found := p.waiting[token]
	if found != nil {
		delete(p.waiting, token)
		p.crowd.leave(found.place, false, time.Now())
	}
	return found
}

// answered handles an echo reply: message begins at the ICMP header.
func (p *pinger) answered(message []byte, from netip.Addr, ttl byte) {
	if len(message) < packet.MessageHeader || !packet.IsEchoReply(message[0], from.Is6()) {
		return
	}
	token := binary.BigEndian.Uint16(message[6:])
	p.mu.Lock()
	found := p.waiting[token]
	if found == nil || found.destination != from {
		p.mu.Unlock()
		return
	}
	p.forgetLocked(token)
	p.mu.Unlock()
	binary.BigEndian.PutUint16(message[4:], found.identification)
	binary.BigEndian.PutUint16(message[6:], found.sequence)
	answer := packet.Answer(message, from, found.source, max(ttl, 2)-1)
	packet.Fragments(answer, p.config.MTU, uint32(token), func(piece []byte) { p.reply(found.lane, piece) })
}

// failed handles an ICMP error of a family about a ping of ours: message is what it quotes, from the ICMP header on. A host that
// does not answer its neighbours stays silent: a free pod address must look the same on every node, whoever's
// address resolution failed.
func (p *pinger) failed(message []byte, is6 bool, kind, code byte, reporter netip.Addr) {
	isTold := packet.IsUnreachable(kind, is6) || packet.IsHopLimitExceeded(kind, is6)
	if len(message) < packet.MessageHeader || !isTold || packet.IsHostUnreachable(kind, code, is6) {
		return
	}
	found := p.forget(binary.BigEndian.Uint16(message[6:]))
	if found == nil {
		return
	}
	if reporter.Is4() != found.destination.Is4() || reporter.IsLoopback() || reporter.IsUnspecified() {
		reporter = p.config.Agent.Like(found.destination) // the agent's own kernel found it unreachable
	}
	if about, ok := packet.ParseStart(found.quoted); ok {
		p.reply(found.lane, packet.Error(packet.FailureOf(kind, code), reporter, &about))
	}
}

// servePings takes the pings that came in fragments and were put together by gVisor, which itself answers none: in
// a promiscuous stack all addresses are temporary.
func (f *Forwarder) servePings(inner *stack.Stack) {
	inner.SetTransportProtocolHandler(icmp.ProtocolNumber6, func(_ stack.TransportEndpointID, received *stack.PacketBuffer) bool {
		ip, message := header.IPv6(received.NetworkHeader().Slice()), received.TransportHeader().Slice()
		if len(ip) < header.IPv6MinimumSize || len(message) < packet.MessageHeader {
			return true
		}
		// Its headers are those of the first fragment still.
		whole := packet.Echo(packet.FromStack(ip.SourceAddress()), packet.FromStack(ip.DestinationAddress()),
			binary.BigEndian.Uint16(message[4:]), binary.BigEndian.Uint16(message[6:]), received.Data().AsRange().ToSlice())
		header.IPv6(whole).SetHopLimit(ip.HopLimit())
		request, ok := packet.Parse(whole)
		if ok && header.ICMPv6(message).Type() == header.ICMPv6EchoRequest {
			f.pings.request(0, &request)
		}
		return true
	})
	inner.SetTransportProtocolHandler(icmp.ProtocolNumber4, func(_ stack.TransportEndpointID, received *stack.PacketBuffer) bool {
		request, ok := packet.Parse(received.ToView().AsSlice())
		if ok && request.Kind == packet.EchoRequest {
			f.pings.request(0, &request)
		}
		return true
	})
}
