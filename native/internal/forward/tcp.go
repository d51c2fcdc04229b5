package forward

import (
	"bytes"
	"math"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

// Keep-alive towards the laptop only finds programs whose kernel forgot them; an outage of the tunnel shorter than
// a session's expiry must not end a connection, so it is slow.
const (
	laptopKeepAliveIdle     = 5 * time.Minute
	laptopKeepAliveInterval = time.Minute
	laptopKeepAliveCount    = 9
)

// serveTCP hands every SYN that no connection of the stack owns to connect. What there is no room for is refused at
// once: a program that waits for a SYN that nobody will answer waits for two minutes.
func (f *Forwarder) serveTCP(from *lane, inner *stack.Stack) {
	// The attempts bound what is under way; gVisor's own limit drops without a word.
	forwarder := tcp.NewForwarder(inner, 0, math.MaxInt, func(request *tcp.ForwarderRequest) {
		if !f.enter() {
			request.Complete(false)
			return
		}
		defer f.running.Done()
		f.connect(from, request)
	})
	inner.SetTransportProtocolHandler(tcp.ProtocolNumber, func(id stack.TransportEndpointID, received *stack.PacketBuffer) bool {
		flags := header.TCP(received.TransportHeader().Slice()).Flags()
		if flags&(header.TCPFlagSyn|header.TCPFlagAck|header.TCPFlagRst) != header.TCPFlagSyn {
			return false // gVisor resets it
		}
		if f.attempts.get(id) == nil {
			if short := f.shortOf(int(f.tcpFlows.Load()), f.config.Limits.TCPFlows); short != "" {
				f.refused.count(short)
				return false
			}
		}
		switch f.attempts.note(f.ctx, id, received, f.config.Limits) {
		case postponed:
			return true
		case refused:
			f.refused.count(ShortOfPatience)
			f.tellUnreachable(from, append(bytes.Clone(received.NetworkHeader().Slice()), received.TransportHeader().Slice()...))
			return true
		}
		if !forwarder.HandlePacket(id, received) {
			f.attempts.remove(id, false)
			return false
		}
		return true
	})
}

// tellUnreachable answers a SYN as the router of a host that does not answer would: connect(2) fails with EHOSTUNREACH.
func (f *Forwarder) tellUnreachable(from *lane, syn []byte) {
	if about, ok := packet.ParseStart(syn); ok {
		from.reply(packet.Error(packet.HostUnreachable, f.config.Agent.Like(about.Source), &about))
	}
}

// reopens handles a SYN whose addresses a closed connection still reserves. The laptop may use them again (RFC 9293
// section 3.6.1), but gVisor redirects such a SYN to listeners only and drops it otherwise, which costs the laptop
// a second. The lock that Abort takes may be held for long, so this does not happen on the caller's goroutine.
func reopens(inside *netstack.Stack, parsed *packet.Packet) bool {
	if parsed.Protocol != packet.TCP || !opensFlow(parsed) {
		return false
	}
	id := stack.TransportEndpointID{
		LocalAddress:  packet.ForStack(parsed.Destination),
		LocalPort:     parsed.DestinationPort,
		RemoteAddress: packet.ForStack(parsed.Source),
		RemotePort:    parsed.SourcePort,
	}
	found := inside.Inner().FindTransportEndpoint(ipv4.ProtocolNumber, tcp.ProtocolNumber, id, netstack.NIC)
	closed, ok := found.(*tcp.Endpoint)
	if !ok || tcp.EndpointState(closed.State()) != tcp.StateTimeWait {
		return false
	}
	raw := bytes.Clone(parsed.Raw)
	go func() {
		closed.Abort()
		inside.Input(raw)
	}()
	return true
}

// connect dials first and answers the SYN with what came of it.
func (f *Forwarder) connect(from *lane, request *tcp.ForwarderRequest) {
	id := request.ID()
	tried := f.attempts.get(id)
	if tried == nil {
		request.Complete(false)
		return
	}
	f.tcpFlows.Add(1)
	connection, err := f.config.Dialer.DialTCP(tried.ctx, destinationOf(id))
	if err != nil {
		defer f.tcpFlows.Add(-1)
		told := verdictOf(err)
		f.config.Log.Debug("dial", "destination", destinationOf(id), "told", string(told), "error", err)
		short := shortageOf(err)
		if f.attempts.remove(id, told == verdictRefused) {
			short, told = ShortOfPatience, verdictHostUnreachable
		}
		f.refused.count(short)
		if about, ok := packet.ParseStart(tried.quoted); ok {
			from.reply(unreachable(told, f.config.Agent.Like(about.Source), &about))
		}
		request.Complete(told == verdictRefused || told != verdictHostUnreachable && short != "")
		return
	}
	var queue waiter.Queue
	endpoint, failed := request.CreateEndpoint(&queue)
	request.Complete(false)
	f.attempts.remove(id, true)
	if failed != nil || !f.enter() {
		connection.SetLinger(0)
		connection.Close()
		if failed == nil {
			endpoint.Abort()
		}
		f.tcpFlows.Add(-1)
		return
	}
	keepAlive(endpoint)
	relay := newRelay(connection, endpoint, &queue, newRoom(&from.busy, f.config.MTU, endpoint), f.lingering)
	f.relays.add(relay)
	// Dialling and the handshake have grown this goroutine's stack, which a connection that waits would keep.
	go func() {
		defer f.running.Done()
		defer f.tcpFlows.Add(-1)
		defer f.relays.remove(relay)
		relay.run()
	}()
}

func keepAlive(endpoint tcpip.Endpoint) {
	idle := tcpip.KeepaliveIdleOption(laptopKeepAliveIdle)
	interval := tcpip.KeepaliveIntervalOption(laptopKeepAliveInterval)
	endpoint.SetSockOpt(&idle)
	endpoint.SetSockOpt(&interval)
	endpoint.SetSockOptInt(tcpip.KeepaliveCountOption, laptopKeepAliveCount)
	endpoint.SocketOptions().SetKeepAlive(true)
}
