// Package flows keeps the table of what the laptop asked for through the tunnel, learnt from its packets: TCP and UDP
// flows, and echo requests without an answer. It tells which packets belong to them, counts them, and makes the resets
// that tell the laptop's programs that the far end of their connections is gone. It must never take a flow from a
// packet that came in, allocate, block on anything but its own short locks, or change a packet that it is shown.
package flows

import (
	"net/netip"
	"sync/atomic"

	"slipway/native/internal/packet"
)

// MaxFlows bounds the table over all protocols; the flow that was silent longest gives way.
const MaxFlows = 65536

// Idle limits in ticks of one second. An established TCP flow may be silent for days (Linux conntrack keeps one for
// five); one whose SYN or FIN nobody answered is given up by Linux after retries at most 120 s apart (TCP_RTO_MAX);
// one that the laptop closed on its side may still be read for hours. A UDP flow has no end of its own: a NAT keeps one
// for two minutes (RFC 4787 REQ-5), which is longer than the agent does. A question for a name is answered at once or
// never, and each has a port of its own. The agent waits half a minute for an echo.
const (
	establishedSeconds = 5 * 24 * 3600
	halfClosedSeconds  = 2 * 3600
	closingSeconds     = 130
	datagramSeconds    = 120
	questionSeconds    = 15
	echoSeconds        = 60
)

// Table is safe for concurrent use. Of fragments the first one counts, which has the ports.
type Table struct {
	shards [shardCount]shard
	turned atomic.Uint64
	clock  atomic.Uint32 // seconds, moved by Tick: reading the clock for each packet would cost more than the rest
}

// New makes an empty table. Its owner calls Tick once a second.
func New() *Table {
	table := &Table{}
	for index := range table.shards {
		table.shards[index].clear()
	}
	return table
}

// Tick tells that a second has passed, and forgets flows that were idle for too long.
func (table *Table) Tick() {
	now := table.clock.Add(1)
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		shard.expire(now)
		shard.mutex.Unlock()
	}
}

// Outbound notes a packet from the laptop.
func (table *Table) Outbound(parsed *packet.Packet) {
	switch parsed.Kind {
	case packet.Segment, packet.Datagram, packet.EchoRequest:
	default:
		return
	}
	segment, shard, now := segmentOf(parsed), table.shardOf(&parsed.Flow), table.clock.Load()
	shard.mutex.Lock()
	shard.outbound(parsed.Flow, parsed.Kind, &segment, now)
	shard.mutex.Unlock()
}

// Inbound notes a packet toward the laptop, and tells whether it belongs to something that the laptop asked for: a
// flow, or an echo that has no answer yet. It never makes a flow.
func (table *Table) Inbound(parsed *packet.Packet) bool {
	switch parsed.Kind {
	case packet.Segment, packet.Datagram, packet.EchoReply:
	default:
		return false
	}
	key := parsed.Flow.Reversed()
	segment, shard, now := segmentOf(parsed), table.shardOf(&key), table.clock.Load()
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	admitted, turnedAway := shard.inbound(key, parsed.Kind, &segment, now)
	if turnedAway {
		table.turned.Add(1)
	}
	return admitted
}

// TurnedAway counts connections whose first answer was a reset.
func (table *Table) TurnedAway() uint64 { return table.turned.Load() }

// Knows tells whether the table has a flow, or an echo without an answer, in the laptop's direction.
func (table *Table) Knows(flow packet.Flow) bool {
	shard := table.shardOf(&flow)
	shard.mutex.Lock()
	defer shard.mutex.Unlock()
	_, known := shard.index[flow]
	return known
}

// Count tells how many TCP connections are open or opening, and how many UDP flows were used of late.
func (table *Table) Count() (tcp, udp int) {
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		for _, list := range live {
			tcp += shard.lists[list].length
		}
		udp += shard.lists[datagram].length + shard.lists[question].length
		shard.mutex.Unlock()
	}
	return tcp, udp
}

// Live is the number of TCP connections that are open or opening.
func (table *Table) Live() int {
	tcp, _ := table.Count()
	return tcp
}

// Resets returns raw packets to be written to the TUN in this order: for each TCP connection that the laptop
// has taken part in, or whose far end has answered, a RST from the far end. A receiver takes a RST at once only at exactly the sequence number that
// it expects next (RFC 5961 section 3.2). That is the end of what was delivered, or, where the laptop lost some of
// it, what it acknowledged last; where the two differ, both are sent. The connections leave the table. Those of
// which only a SYN was seen stay: its next retry finds the new far end.
func (table *Table) Resets() [][]byte {
	return table.end(live[:], func(flow *entry) bool { return flow.heard })
}

// Withdraw forgets every flow and echo whose far end may not be reached any more, and returns resets as Resets does.
func (table *Table) Withdraw(mayReach func(remote netip.Addr) bool) [][]byte {
	return table.end(all[:], func(flow *entry) bool { return !mayReach(flow.key.Destination) })
}

// end removes flows of some lists and returns the resets of those that are open.
func (table *Table) end(lists []uint8, chosen func(*entry) bool) [][]byte {
	var packets [][]byte
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		for _, list := range lists {
			for slot := shard.lists[list].head; slot != none; {
				flow, next := &shard.entries[slot], shard.entries[slot].next
				if chosen(flow) {
					packets = append(packets, flow.resets()...)
					shard.remove(slot)
				}
				slot = next
			}
		}
		shard.mutex.Unlock()
	}
	return packets
}

func (flow *entry) resets() [][]byte {
	if !flow.heard || flow.list == closed {
		return nil
	}
	fromFar := flow.key.Reversed()
	packets := [][]byte{packet.Reset(fromFar, flow.delivered)}
	if flow.synchronised && flow.acknowledged != flow.delivered {
		packets = append(packets, packet.Reset(fromFar, flow.acknowledged))
	}
	return packets
}

// shardOf spreads flows, in the laptop's direction, by what differs between them (Fibonacci hashing).
func (table *Table) shardOf(flow *packet.Flow) *shard {
	mixed := packet.Folded(flow.Destination) ^ (uint64(flow.SourcePort)<<16|uint64(flow.DestinationPort))<<24
	return &table.shards[mixed*0x9e3779b97f4a7c15>>(64-shardBits)]
}
