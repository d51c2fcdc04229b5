// Package forward is the far end of a session's flows: byte streams and raw packets of one laptop come in, ordinary
// sockets of the agent's pod go out, and what happens there goes back: as the verdict on a dial, as a reset, or as the
// packets that a real network would have sent. It must never reach what Policy refuses, never carry anything from one
// session to another, and knows neither keys nor carriers.
package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
	"slipway/native/internal/readiness"
)

// Limits bound what one session may hold at once. A zero field takes the default. How many connections and datagram flows
// there may be is for memory and descriptors to decide (Config.Full); the numbers here only bound tables.
type Limits struct {
	TCPFlows     int // connections, dialled and established
	UDPFlows     int // datagram flows
	HalfOpen     int // connections being dialled
	HalfOpenEach int // of these, toward one destination
	Unanswered   int // datagram flows that have no answer yet
	Echoes       int // pings waiting for their answer
}

// DefaultLimits are those of an agent whose memory nobody limits.
var DefaultLimits = Limits{
	TCPFlows: 1 << 20, UDPFlows: 1 << 20, HalfOpen: 4096, HalfOpenEach: 512, Unanswered: 4096, Echoes: 4096,
}

// Dialer opens the sockets on the cluster's side. Its errors are those of package net: what they wrap (refused,
// unreachable, prohibited) decides what the laptop is told.
type Dialer interface {
	DialTCP(ctx context.Context, destination netip.AddrPort) (*net.TCPConn, error)
	DialUDP(destination netip.AddrPort) (*net.UDPConn, error)
}

// Config describes the Forwarder of one session.
type Config struct {
	Lanes  int              // that carry packets
	MTU    int              // of these, in bytes
	Agent  packet.PerFamily // its addresses answer echoes, and are the source of ICMP errors of our own
	Policy *Policy
	Dialer Dialer // nil: ordinary sockets
	Limits Limits
	Log    *slog.Logger // addresses appear at debug level only

	// Send gives a packet to a lane; its bytes are valid only during the call. It may block, which is back-pressure
	// for the datagram flows of that lane alone.
	Send func(lane int, parsed packet.Packet)
	// LaneOf gives the lane of a packet, the same as for the packets it answers.
	LaneOf func(parsed packet.Packet) int
	// Full tells what is short, so that no new flow is taken; empty where nothing is. May be nil.
	Full func() Shortage
}

// Stats counts what a session holds now.
type Stats struct{ TCPFlows, HalfOpen, UDPFlows, Echoes int }

// Forwarder serves one session.
type Forwarder struct {
	config    Config
	lanes     []*lane
	datagrams *netstack.Stack // of all lanes: a flow's large datagrams come in fragments, on another lane
	poller    *readiness.Poller
	attempts  attempts
	flows     datagramFlows
	pings     *pinger
	tcpFlows  atomic.Int64
	streams   streams
	refused   refusals

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

// New makes a Forwarder. The caller closes it.
func New(config Config) (*Forwarder, error) {
	if config.Send == nil || config.LaneOf == nil || config.Policy == nil || config.Lanes < 1 {
		return nil, errors.New("make forwarder: send, lanes and policy are needed")
	}
	if config.Dialer == nil {
		config.Dialer = socketDialer{}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Full == nil {
		config.Full = func() Shortage { return "" }
	}
	config.Limits = config.Limits.withDefaults()
	result := &Forwarder{config: config, lanes: make([]*lane, config.Lanes)}
	var err error
	if result.poller, err = readiness.New(); err != nil {
		return nil, fmt.Errorf("make forwarder: %w", err)
	}
	result.ctx, result.cancel = context.WithCancel(context.Background())
	result.attempts.init()
	result.flows.init()
	result.streams.init()
	for number := range result.lanes {
		result.lanes[number] = newLane(result, number)
	}
	result.pings = newPinger(config, result.reply)
	if result.datagrams, err = netstack.New(netstack.Config{MTU: config.MTU, Promiscuous: true, Output: func(raw []byte) {
		if parsed, ok := packet.Parse(raw); ok {
			config.Send(config.LaneOf(parsed), parsed)
		}
	}}); err != nil {
		result.Close()
		return nil, fmt.Errorf("make forwarder: %w", err)
	}
	result.serveUDP(result.datagrams.Inner())
	result.servePings(result.datagrams.Inner())
	result.running.Go(result.expire)
	return result, nil
}

// Receive takes packets that arrived on a lane. It never waits: not for a dial, not for Send. The packets are
// valid during the call only.
func (f *Forwarder) Receive(lane int, packets [][]byte) {
	if lane < 0 || lane >= len(f.lanes) {
		return
	}
	for _, raw := range packets {
		f.receive(f.lanes[lane], raw)
	}
}

// Stats counts flows.
func (f *Forwarder) Stats() Stats {
	return Stats{
		TCPFlows: int(f.tcpFlows.Load()),
		HalfOpen: f.attempts.count(),
		UDPFlows: f.flows.count(),
		Echoes:   f.pings.count(),
	}
}

// Close ends every flow: towards the cluster by RST, towards the laptop silently, since nobody is there. Send must
// not block any more when Close is called.
func (f *Forwarder) Close() {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.pings.close()
	f.flows.closeAll()
	for _, opened := range f.streams.close() {
		opened.reset(bytestream.Ended)
	}
	if f.datagrams != nil {
		f.datagrams.Close()
	}
	f.running.Wait()
	f.poller.Close()
}

// enter counts the calling goroutine as one that Close waits for; it is false after Close. running.Done leaves.
func (f *Forwarder) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.running.Add(1)
	return true
}

func (f *Forwarder) receive(from *lane, raw []byte) {
	parsed, ok := packet.Parse(raw)
	if !ok || parsed.Protocol == packet.TCP || !f.config.Agent.Like(parsed.Destination).IsValid() {
		return // connections are flows; or of a family that the session has no addresses of
	}
	if f.config.Agent.Has(parsed.Destination) && parsed.IsMessage() {
		if parsed.Kind == packet.EchoRequest && !parsed.IsFragment() {
			from.reply(packet.Answer(parsed.Payload, parsed.Destination, parsed.Source, packet.HopLimit))
		}
		return
	}
	if !f.config.Policy.Allows(parsed.Protocol, parsed.Destination, portOf(&parsed)) {
		if opensFlow(&parsed) {
			from.reply(packet.Error(packet.Prohibited, f.config.Agent.Like(parsed.Source), &parsed))
		}
		return
	}
	if parsed.IsMessage() && !parsed.IsFragment() {
		switch {
		case parsed.Kind == packet.EchoRequest:
			f.pings.request(from.number, &parsed)
			return
		case parsed.Kind != packet.ErrorMessage || !packet.IsUnreachable(parsed.Payload[0], parsed.Is6()):
			return // nothing of ours asks for other messages
		}
	}
	f.datagrams.Input(parsed.Raw)
}

// portOf is the port that a policy is asked about: 0 where there is none.
func portOf(parsed *packet.Packet) uint16 {
	if parsed.Kind == packet.Segment || parsed.Kind == packet.Datagram {
		return parsed.DestinationPort
	}
	return 0
}

// opensFlow tells whether an answer that refuses it makes sense: a datagram, an echo. To anything else silence is right.
func opensFlow(parsed *packet.Packet) bool {
	if parsed.IsMessage() {
		return parsed.Kind == packet.EchoRequest
	}
	return parsed.Offset == 0
}

func (f *Forwarder) reply(lane int, raw []byte) { f.lanes[lane].reply(raw) }

// expire looks after what nobody closes: hopeless dials, idle datagram flows, pings without answer.
func (f *Forwarder) expire() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			f.attempts.expire(now, f.config.Limits)
			f.flows.expire(now)
			f.pings.expire(now)
			f.streams.expire()
		case <-f.ctx.Done():
			return
		}
	}
}

// shortOf tells why no flow may be added to those that there are.
func (f *Forwarder) shortOf(flows, limit int) Shortage {
	if flows >= limit {
		return ShortOfMemory
	}
	return f.config.Full()
}

func (l Limits) withDefaults() Limits {
	choose := func(value *int, fallback int) {
		if *value <= 0 {
			*value = fallback
		}
	}
	choose(&l.TCPFlows, DefaultLimits.TCPFlows)
	choose(&l.UDPFlows, DefaultLimits.UDPFlows)
	choose(&l.HalfOpen, DefaultLimits.HalfOpen)
	choose(&l.HalfOpenEach, min(DefaultLimits.HalfOpenEach, l.HalfOpen))
	choose(&l.Unanswered, DefaultLimits.Unanswered)
	choose(&l.Echoes, DefaultLimits.Echoes)
	return l
}
