// Package flows keeps the table of TCP and UDP flows that cross the tunnel, learnt from the raw packets themselves.
// It counts them, and it makes the resets that tell the laptop's programs that the far end of their connections is
// gone. It must never allocate, block on anything but its own short locks, or change a packet that it is shown.
package flows

import "sync/atomic"

// MaxFlows bounds the table over all protocols; the flow that was silent longest gives way.
const MaxFlows = 65536

// Idle limits in ticks of one second. An established TCP flow may be silent for days (Linux conntrack keeps one for
// five); one whose SYN or FIN nobody answered is given up by Linux after retries at most 120 s apart (TCP_RTO_MAX);
// one that the laptop closed on its side may still be read for hours; a UDP flow has no end of its own.
const (
	establishedSeconds = 5 * 24 * 3600
	halfClosedSeconds  = 2 * 3600
	closingSeconds     = 130
	datagramSeconds    = 60
)

// Table is safe for concurrent use. Packets are IPv4; anything else, and anything malformed, is ignored.
type Table struct {
	shards [shardCount]shard
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
func (table *Table) Outbound(packet []byte) {
	segment, ok := parse(packet)
	if !ok {
		return
	}
	segment.key.laptop, segment.key.remote = segment.source, segment.destination
	segment.key.laptopPort, segment.key.remotePort = segment.sourcePort, segment.destinationPort
	shard, now := table.shardOf(segment.key), table.clock.Load()
	shard.mutex.Lock()
	shard.outbound(&segment, now)
	shard.mutex.Unlock()
}

// Inbound notes a packet toward the laptop. It never makes a flow: what nobody on the laptop asked for is none.
func (table *Table) Inbound(packet []byte) {
	segment, ok := parse(packet)
	if !ok {
		return
	}
	segment.key.laptop, segment.key.remote = segment.destination, segment.source
	segment.key.laptopPort, segment.key.remotePort = segment.destinationPort, segment.sourcePort
	shard, now := table.shardOf(segment.key), table.clock.Load()
	shard.mutex.Lock()
	shard.inbound(&segment, now)
	shard.mutex.Unlock()
}

// Count tells how many TCP connections are open or opening, and how many UDP flows were used in the last minute.
func (table *Table) Count() (tcp, udp int) {
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		for _, list := range live {
			tcp += shard.lists[list].length
		}
		udp += shard.lists[datagram].length
		shard.mutex.Unlock()
	}
	return tcp, udp
}

// Live is the number of TCP connections that are open or opening.
func (table *Table) Live() int {
	tcp, _ := table.Count()
	return tcp
}

// Resets returns raw IPv4 packets to be written to the TUN in this order: for each TCP connection that the laptop
// has taken part in, a RST from the far end. A receiver takes a RST at once only at exactly the sequence number that
// it expects next (RFC 5961 section 3.2). That is the end of what was delivered, or, where the laptop lost some of
// it, what it acknowledged last; where the two differ, both are sent. The connections leave the table. Those of
// which only a SYN was seen stay: its next retry finds the new far end.
func (table *Table) Resets() [][]byte {
	var packets [][]byte
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		for _, list := range live {
			for slot := shard.lists[list].head; slot != none; {
				flow, next := &shard.entries[slot], shard.entries[slot].next
				if flow.synchronised {
					packets = append(packets, reset(flow.key, flow.delivered))
					if flow.acknowledged != flow.delivered {
						packets = append(packets, reset(flow.key, flow.acknowledged))
					}
					shard.remove(slot)
				}
				slot = next
			}
		}
		shard.mutex.Unlock()
	}
	return packets
}

func (table *Table) shardOf(key key) *shard {
	mixed := (uint64(key.laptop)<<32 | uint64(key.remote)) * 0x9e3779b97f4a7c15
	mixed ^= (uint64(key.laptopPort)<<16 | uint64(key.remotePort)) * 0xff51afd7ed558ccd
	return &table.shards[mixed>>(64-shardBits)]
}
