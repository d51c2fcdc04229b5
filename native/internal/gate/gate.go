// Package gate decides which packets out of the tunnel may enter the laptop. It is a stateful packet filter: what may
// come in answers what went out, and comes from a range that is in force. It must never let anything from outside
// begin a flow, write a line for a packet, or know lanes, keys and interfaces.
//
// Connections end on the laptop, in a stack of its own, so that nothing can be forged into them: their segments pass to be
// counted, and so that those of ranges that are withdrawn are reset.
package gate

import (
	"net/netip"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/flows"
	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// Gate guards one address of each family. It is safe for concurrent use.
type Gate struct {
	own        packet.PerFamily
	anySource  bool // what was asked may answer from wherever it is
	flows      *flows.Table
	ranges     atomic.Pointer[Ranges]
	router     atomic.Pointer[packet.PerFamily]
	fragments  fragments
	clock      atomic.Uint32 // seconds
	refused    [reasonCount]atomic.Uint64
	unroutable atomic.Uint64
	unreached  atomic.Uint64 // errors that ended an opening
}

// New makes the gate of the laptop's addresses in the tunnel: nothing goes out or comes in until SetRanges names ranges.
// A family without an address is refused.
func New(own packet.PerFamily) *Gate {
	gate := &Gate{own: own, flows: flows.New()}
	gate.router.Store(&packet.PerFamily{})
	gate.ranges.Store(newRanges(nil, nil))
	gate.fragments.decided = map[datagram]uint32{}
	return gate
}

// NewForStack makes the gate of addresses whose only user is a network stack of our own, which asks where it was
// told to and nowhere else: answers are let in from there, whether a range holds it or not.
func NewForStack(own packet.PerFamily) *Gate {
	gate := New(own)
	gate.anySource = true
	return gate
}

// SetRanges names all ranges in force. What is outside them is closed at once; the resets of its connections are
// returned, to be written to the TUN. It may be called at any time.
func (gate *Gate) SetRanges(inForce []Range) (resets [][]byte) {
	ranges := newRanges(inForce, gate.ranges.Load())
	gate.ranges.Store(ranges)
	return gate.flows.Withdraw(gate.MayReach)
}

// MayReach tells whether an address is in a range in force.
func (gate *Gate) MayReach(remote netip.Addr) bool { return gate.ranges.Load().ownerOf(remote) >= 0 }

// SetRouter names the tunnel's far end, in whose name routers outside the ranges are heard.
func (gate *Gate) SetRouter(router packet.PerFamily) { gate.router.Store(&router) }

// Tick tells that a second has passed.
func (gate *Gate) Tick() {
	gate.flows.Tick()
	gate.fragments.expire(gate.clock.Add(1))
}

// Live is the number of TCP connections that are open or opening.
func (gate *Gate) Live() int { return gate.flows.Live() }

// Resets ends every connection; see flows.Table.
func (gate *Gate) Resets() [][]byte { return gate.flows.Resets() }

// Counted returns the bytes of each range in force.
func (gate *Gate) Counted() []wire.RangeCounters { return gate.ranges.Load().counted() }

// Outbound notes a packet that leaves, and tells whether it may: to a host in a range in force.
func (gate *Gate) Outbound(parsed *packet.Packet) bool {
	if !gate.anySource {
		ranges := gate.ranges.Load()
		owner := ranges.ownerOf(parsed.Destination)
		if owner < 0 {
			gate.unroutable.Add(1)
			return false
		}
		ranges.carried[owner].up.Add(uint64(parsed.Size()))
	}
	gate.flows.Outbound(parsed)
	return true
}

// Knows tells whether the laptop has a flow, in its direction, or waits for the answer to an echo.
func (gate *Gate) Knows(flow packet.Flow) bool { return gate.flows.Knows(flow) }

// KnowsFragment tells whether later fragments of a datagram from a source would be let in.
func (gate *Gate) KnowsFragment(source netip.Addr, identification uint32, protocol uint8) bool {
	return gate.fragments.isDecided(datagram{source, identification, protocol})
}

// Arrivals judge the packets of one batch; Done ends it. They belong to one goroutine.
type Arrivals struct {
	Packets, Bytes uint64 // that were let in

	gate   *Gate
	ranges *Ranges
	source netip.Addr // of the packet before, whose neighbours mostly have the same one
	owner  int32
	down   uint64 // bytes of owner that were not counted yet
}

// Arrivals begins a batch.
func (gate *Gate) Arrivals() Arrivals {
	return Arrivals{gate: gate, ranges: gate.ranges.Load(), owner: -1}
}

// RefusesConnection tells whether a packet, which came out of a lane of packets, claims to be of a connection: those end on
// the laptop and have no packets in the tunnel. It is counted.
func (gate *Gate) RefusesConnection(parsed *packet.Packet) bool {
	isOne := parsed.Protocol == packet.TCP
	if parsed.Kind == packet.ErrorMessage {
		quoted, ok := parsed.Quoted()
		isOne = ok && quoted.Protocol == packet.TCP
	}
	if isOne {
		gate.refused[unasked].Add(1)
	}
	return isOne
}

// Done counts what was let in.
func (arrivals *Arrivals) Done() { arrivals.ranges.addDown(arrivals.owner, arrivals.down) }

// Admit tells whether a packet may enter. An error from a router that no range holds is changed in place: the tunnel's
// far end is named in its stead.
func (arrivals *Arrivals) Admit(parsed *packet.Packet) bool {
	if parsed.Source != arrivals.source {
		arrivals.ranges.addDown(arrivals.owner, arrivals.down)
		arrivals.source, arrivals.owner, arrivals.down = parsed.Source, arrivals.ranges.ownerOf(parsed.Source), 0
	}
	if reason := arrivals.gate.judge(parsed, arrivals.owner >= 0 || arrivals.gate.anySource); reason != passed {
		arrivals.gate.refused[reason].Add(1)
		return false
	}
	arrivals.Packets++
	arrivals.Bytes += uint64(parsed.Size())
	arrivals.down += uint64(parsed.Size())
	return true
}

// judge decides about one packet. isKnown tells that its source may be heard.
func (gate *Gate) judge(parsed *packet.Packet, isKnown bool) reason {
	switch {
	case !gate.own.Has(parsed.Destination):
		return stranger
	case parsed.HasOptions || !parsed.HasSoundHeader():
		return malformed
	case parsed.Kind == packet.ErrorMessage:
		return gate.judgeError(parsed, isKnown)
	case !isKnown || !packet.IsHost(parsed.Source):
		return source
	case parsed.IsFragment():
		return gate.judgeFragment(parsed)
	case parsed.Kind == packet.Segment && !isSound(parsed.TCPFlags):
		return malformed
	case !gate.flows.Inbound(parsed):
		return unasked
	}
	return passed
}

// judgeError lets in what quotes a packet that the laptop sent on a flow that it still has.
func (gate *Gate) judgeError(parsed *packet.Packet, isKnown bool) reason {
	quoted, ok := parsed.Quoted()
	switch {
	case parsed.IsFragment() || !ok || quoted.Offset != 0 || !gate.own.Has(quoted.Source):
		return malformed
	case quoted.Kind != packet.Segment && quoted.Kind != packet.Datagram && quoted.Kind != packet.EchoRequest,
		!gate.flows.Knows(quoted.Flow):
		return unasked
	}
	gate.unreached.Add(1)
	if router := gate.router.Load().Like(parsed.Source); !gate.mayReport(parsed.Source, &quoted, router, isKnown) {
		if !router.IsValid() {
			return source
		}
		parsed.SetSource(router)
	}
	return passed
}

// mayReport tells whether an error's source may be shown: the tunnel's far end, who was asked, or a host of a range.
func (gate *Gate) mayReport(from netip.Addr, quoted *packet.Packet, router netip.Addr, isKnown bool) bool {
	return from == router || from == quoted.Destination ||
		isKnown && !gate.anySource && packet.IsHost(from)
}

// isSound knows the flags that a segment of an open or closing connection may have (RFC 9293). A SYN alone is none of
// them: it would open a connection from outside.
func isSound(flags header.TCPFlags) bool {
	switch flags & (header.TCPFlagSyn | header.TCPFlagAck | header.TCPFlagRst | header.TCPFlagFin) {
	case header.TCPFlagAck, header.TCPFlagSyn | header.TCPFlagAck, header.TCPFlagFin | header.TCPFlagAck,
		header.TCPFlagRst, header.TCPFlagRst | header.TCPFlagAck:
		return true
	}
	return false
}
