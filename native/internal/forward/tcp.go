package forward

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
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

// attempt is a connection being dialled: its SYN was seen and has no answer yet.
type attempt struct {
	quoted      []byte // start of the SYN: Linux believes an ICMP error only with its sequence number
	first, last time.Time
	ctx         context.Context
	cancel      context.CancelFunc
}

// abandoned tells that the laptop stopped asking. SYNs are repeated after doubling gaps (RFC 6298): one that came at
// age a is followed by the next at age 2a+1 s.
func (a *attempt) abandoned(now time.Time) bool {
	age := a.last.Sub(a.first)
	return now.Sub(a.last) > 2*age+5*time.Second
}

type attempts struct {
	mu   sync.Mutex
	byID map[stack.TransportEndpointID]*attempt
}

func (a *attempts) init() { a.byID = map[stack.TransportEndpointID]*attempt{} }

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.byID)
}

func (a *attempts) get(id stack.TransportEndpointID) *attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byID[id]
}

func (a *attempts) remove(id stack.TransportEndpointID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.byID[id]; found != nil {
		found.cancel()
		delete(a.byID, id)
	}
}

// note remembers a SYN. It is false when there are limit attempts already.
func (a *attempts) note(ctx context.Context, id stack.TransportEndpointID, syn *stack.PacketBuffer, limit int) bool {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.byID[id]; found != nil {
		found.last = now
		return true
	}
	if len(a.byID) >= limit {
		return false
	}
	made := &attempt{first: now, last: now}
	made.quoted = append(bytes.Clone(syn.NetworkHeader().Slice()), syn.TransportHeader().Slice()...)
	made.ctx, made.cancel = context.WithCancel(ctx)
	a.byID[id] = made
	return true
}

// expire stops dials that the laptop no longer waits for; their handlers remove them.
func (a *attempts) expire(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, found := range a.byID {
		if found.abandoned(now) {
			found.cancel()
		}
	}
}

// serveTCP hands every SYN that no connection of the stack owns to connect.
func (f *Forwarder) serveTCP(from *lane, inner *stack.Stack) {
	forwarder := tcp.NewForwarder(inner, 0, f.config.Limits.HalfOpen, func(request *tcp.ForwarderRequest) {
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
		full := f.tcpFlows.Load() >= int64(f.config.Limits.TCPFlows) || f.config.Full()
		if full && f.attempts.get(id) == nil {
			return true // silence: the laptop tries again
		}
		if !f.attempts.note(f.ctx, id, received, f.config.Limits.HalfOpen) {
			return true
		}
		if !forwarder.HandlePacket(id, received) {
			f.attempts.remove(id)
			return false
		}
		return true
	})
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
	defer f.attempts.remove(id)
	f.tcpFlows.Add(1)
	defer f.tcpFlows.Add(-1)

	destination := netip.AddrPortFrom(packet.FromStack(id.LocalAddress), id.LocalPort)
	connection, err := f.config.Dialer.DialTCP(tried.ctx, destination)
	if err != nil {
		told := verdictOf(err)
		f.config.Log.Debug("dial", "destination", destination, "told", string(told), "error", err)
		if about, ok := packet.ParseStart(tried.quoted); ok {
			from.reply(unreachable(told, f.config.Agent.Like(about.Source), &about))
		}
		request.Complete(told == verdictRefused)
		return
	}
	var queue waiter.Queue
	endpoint, failed := request.CreateEndpoint(&queue)
	request.Complete(false)
	if failed != nil {
		connection.SetLinger(0)
		connection.Close()
		return
	}
	f.attempts.remove(id)
	keepAlive(endpoint)
	relay := newRelay(connection, endpoint, &queue, newRoom(&from.busy, f.config.MTU, endpoint))
	f.relays.add(relay)
	defer f.relays.remove(relay)
	relay.run()
}

func keepAlive(endpoint tcpip.Endpoint) {
	idle := tcpip.KeepaliveIdleOption(laptopKeepAliveIdle)
	interval := tcpip.KeepaliveIntervalOption(laptopKeepAliveInterval)
	endpoint.SetSockOpt(&idle)
	endpoint.SetSockOpt(&interval)
	endpoint.SetSockOptInt(tcpip.KeepaliveCountOption, laptopKeepAliveCount)
	endpoint.SocketOptions().SetKeepAlive(true)
}
