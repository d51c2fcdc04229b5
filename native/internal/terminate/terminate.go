// Package terminate ends the laptop's TCP connections on the laptop: a userspace stack (gVisor) takes their segments, a
// SYN is answered by what came of the agent's dial, and what programs write goes on as a byte stream. Refused is RST,
// unreachable is ICMP, a destination that does not answer is silence. It must never open a socket of the operating
// system, hold a goroutine or a buffer for a connection that waits, or know lanes, keys and interfaces.
package terminate

import (
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

// Sizes of gVisor's buffers of one connection in bytes. Its peer is a kernel on the same machine, microseconds away: they
// hold a few segments of the largest size, and what is under way through the cluster waits in the byte stream's window.
const (
	receiveBuffer = 1 << 20 // half of it is the window
	sendBuffer    = 512 << 10
)

// connectionsAtMost bounds the connections that are open or opening; Linux has 28,232 ports toward one destination.
const connectionsAtMost = 1 << 16

// Config describes a Terminator.
type Config struct {
	MTU int // of the interface that segments come from, in bytes
	// Open begins a byte stream to the cluster. An error is taken for silence: the laptop asks again.
	Open func(bytestream.Opening, bytestream.Events) (*bytestream.Flow, error)
	// Output takes each packet for the laptop, from several goroutines at once; its bytes are valid during the call only. A segment
	// may lie in parts: what is behind the parsed one, all headers in it. Its checksum is that of the pseudo header alone.
	Output func(parsed *packet.Packet, behind [][]byte)
	// Router is in whose name a destination is said to be unreachable: of the family of an address.
	Router func(like netip.Addr) netip.Addr
	Log    *slog.Logger // addresses appear at debug level only

	// Began is told of a connection when its first SYN came, and Ended of how it ended. Both are called where segments wait
	// and must return at once; either may be nil.
	Began, Ended func(Account)

	HalfOpen int // connections that have no answer yet; more are met with silence. 0: 16384
}

// Stats counts what there is now.
type Stats struct{ Connections, HalfOpen int }

// Terminator is the laptop's end of its connections.
type Terminator struct {
	config   Config
	stack    *netstack.Stack
	attempts attempts
	numbers  atomic.Uint64 // of the last connection

	mu          sync.Mutex
	connections map[*connection]struct{} // open ones
	closed      bool
	done        chan struct{}
	running     sync.WaitGroup
}

// New makes a Terminator. The caller closes it.
func New(config Config) (*Terminator, error) {
	if config.Open == nil || config.Output == nil || config.Router == nil {
		return nil, errors.New("make terminator: open, output and router are needed")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.HalfOpen <= 0 {
		config.HalfOpen = 1 << 14
	}
	result := &Terminator{config: config, connections: map[*connection]struct{}{}, done: make(chan struct{})}
	result.attempts.byID = map[stack.TransportEndpointID]*connection{}
	var err error
	result.stack, err = netstack.New(netstack.Config{
		MTU: config.MTU, Promiscuous: true, ReceiveBuffer: receiveBuffer, SendBuffer: sendBuffer,
		OutputParts: func(parts [][]byte) {
			size := 0
			for _, part := range parts[1:] {
				size += len(part)
			}
			if parsed, ok := packet.ParseHead(parts[0], size); ok {
				config.Output(&parsed, parts[1:])
			}
		},
	})
	if err != nil {
		return nil, err
	}
	result.serve(result.stack.Inner())
	result.running.Go(result.expire)
	return result, nil
}

// Input takes a segment of the laptop. It copies it and waits for nothing. Anything else is dropped, and so are fragments:
// no system sends them, for TCP cuts its segments to the MTU.
func (t *Terminator) Input(parsed *packet.Packet) {
	switch {
	case parsed.Kind != packet.Segment || parsed.IsFragment():
	case !packet.IsHost(parsed.Destination): // gVisor drops what is for loopback without a word
		if isOpening(parsed.TCPFlags) {
			t.tell(packet.Prohibited, parsed)
		}
	case !t.reopens(parsed):
		t.stack.Input(parsed.Raw)
	}
}

// tell answers a packet by an ICMP error, in the router's name.
func (t *Terminator) tell(failure packet.Failure, about *packet.Packet) {
	if parsed, ok := packet.Parse(packet.Error(failure, t.config.Router(about.Source), about)); ok {
		t.config.Output(&parsed, nil)
	}
}

// Stats counts connections.
func (t *Terminator) Stats() Stats {
	halfOpen := t.attempts.count()
	t.mu.Lock()
	defer t.mu.Unlock()
	return Stats{Connections: len(t.connections), HalfOpen: halfOpen}
}

// End resets the connections that were chosen, on both sides.
func (t *Terminator) End(chosen func(bytestream.Opening) bool) {
	for _, opening := range t.attempts.list() {
		if chosen(opening.opening) {
			go func() {
				if !opening.giveUp(Withdrawn) { // it was answered since
					opening.fail(Withdrawn)
				}
			}()
		}
	}
	for _, open := range t.list() {
		if chosen(open.opening) {
			go open.fail(Withdrawn)
		}
	}
}

// Lose resets every connection that is open: its far end is gone. Attempts go on.
func (t *Terminator) Lose() {
	for _, open := range t.list() {
		go open.fail(SessionEnded)
	}
}

// Close ends every connection: toward the cluster by a reset, toward the laptop without a word.
func (t *Terminator) Close() {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.closed = true
	close(t.done)
	t.mu.Unlock()
	for _, opening := range t.attempts.list() {
		opening.giveUp(SessionEnded)
	}
	t.stack.Close() // ends handshakes too
	for _, open := range t.list() {
		open.fail(SessionEnded)
	}
	t.running.Wait()
}

// enter counts the calling goroutine as one that Close waits for; it is false after Close. running.Done leaves.
func (t *Terminator) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.running.Add(1)
	return true
}

func (t *Terminator) list() []*connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*connection, 0, len(t.connections))
	for open := range t.connections {
		all = append(all, open)
	}
	return all
}

func (t *Terminator) add(open *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.connections[open] = struct{}{}
}

func (t *Terminator) remove(open *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.connections, open)
}

// serve takes every SYN that no connection of the stack owns.
func (t *Terminator) serve(inner *stack.Stack) {
	// The attempts bound what is under way; gVisor's own limit drops without a word.
	forwarder := tcp.NewForwarder(inner, receiveBuffer, math.MaxInt, t.begin)
	inner.SetTransportProtocolHandler(tcp.ProtocolNumber, func(id stack.TransportEndpointID, received *stack.PacketBuffer) bool {
		if !isOpening(header.TCP(received.TransportHeader().Slice()).Flags()) {
			return false // gVisor resets it
		}
		if t.attempts.again(id, time.Now()) {
			return true
		}
		stats := t.Stats()
		if stats.HalfOpen >= t.config.HalfOpen || stats.HalfOpen+stats.Connections >= connectionsAtMost {
			return true // silence, as behind a full queue: the laptop asks again in a second
		}
		attempt := newConnection(t, id, received)
		t.attempts.add(attempt)
		if t.config.Began != nil {
			t.config.Began(attempt.account(Opening))
		}
		if !forwarder.HandlePacket(id, received) {
			t.attempts.remove(attempt)
			return false
		}
		return true
	})
}

// begin asks the cluster's side to dial.
func (t *Terminator) begin(request *tcp.ForwarderRequest) {
	attempt := t.attempts.get(request.ID())
	if attempt == nil || !t.enter() {
		request.Complete(false)
		return
	}
	defer t.running.Done()
	attempt.begin(request)
}

// isOpening tells a SYN that asks for a connection.
func isOpening(flags header.TCPFlags) bool {
	return flags&(header.TCPFlagSyn|header.TCPFlagAck|header.TCPFlagRst) == header.TCPFlagSyn
}

// reopens handles a SYN whose addresses a closed connection still reserves. The laptop may use them again (RFC 9293
// section 3.6.1), but gVisor redirects such a SYN to listeners only and drops it otherwise, which costs the laptop
// a second. The lock that Abort takes may be held for long, so this does not happen on the caller's goroutine.
func (t *Terminator) reopens(parsed *packet.Packet) bool {
	if !isOpening(parsed.TCPFlags) {
		return false
	}
	id := stack.TransportEndpointID{
		LocalAddress:  packet.ForStack(parsed.Destination),
		LocalPort:     parsed.DestinationPort,
		RemoteAddress: packet.ForStack(parsed.Source),
		RemotePort:    parsed.SourcePort,
	}
	found := t.stack.Inner().FindTransportEndpoint(netstack.FamilyOf(parsed.Destination), tcp.ProtocolNumber, id, netstack.NIC)
	closed, ok := found.(*tcp.Endpoint)
	if !ok || tcp.EndpointState(closed.State()) != tcp.StateTimeWait {
		return false
	}
	raw := append([]byte(nil), parsed.Raw...)
	go func() {
		closed.Abort()
		t.stack.Input(raw)
	}()
	return true
}

// expire gives up what the laptop no longer waits for.
func (t *Terminator) expire() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			t.attempts.expire(now)
		case <-t.done:
			return
		}
	}
}

func addressOf(address tcpip.Address, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(packet.FromStack(address), port)
}
