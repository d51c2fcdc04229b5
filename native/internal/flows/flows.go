// Package flows keeps the table of TCP and UDP flows that cross the tunnel, learnt from the raw packets themselves.
// It counts them, and it makes the resets that tell the laptop's programs that the far end of their connections is
// gone. It must never allocate, block on anything but its own short locks, or change a packet that it is shown.
package flows

import (
	"encoding/binary"
	"sync"
	"time"
)

// MaxFlows bounds the table over all protocols; the flow that was silent longest gives way.
const MaxFlows = 65536

// Idle limits. An established TCP flow may be silent for days (Linux conntrack's default is five); one that is
// opening or closed for at most the 127 s that Linux retries a SYN (tcp_syn_retries 6); a UDP flow has no end of
// its own, and is counted while it was used within the last minute.
const (
	establishedIdle = 5 * 24 * time.Hour
	transientIdle   = 130 * time.Second
	datagramIdle    = time.Minute
)

// Table is safe for concurrent use. Packets are IPv4; anything else, and anything malformed, is ignored.
type Table struct {
	shards [shardCount]shard
	now    func() time.Duration // monotonic, since New
}

// New makes an empty table.
func New() *Table {
	started := time.Now()
	return newTable(func() time.Duration { return time.Since(started) })
}

func newTable(now func() time.Duration) *Table {
	table := &Table{now: now}
	for index := range table.shards {
		table.shards[index].reset()
	}
	return table
}

// Outbound notes a packet from the laptop.
func (table *Table) Outbound(packet []byte) {
	segment, ok := parse(packet)
	if !ok {
		return
	}
	segment.key.laptop, segment.key.remote = segment.source, segment.destination
	segment.key.laptopPort, segment.key.remotePort = segment.sourcePort, segment.destinationPort
	shard, now := table.shardOf(segment.key), table.now()
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
	shard, now := table.shardOf(segment.key), table.now()
	shard.mutex.Lock()
	shard.inbound(&segment, now)
	shard.mutex.Unlock()
}

// Count tells how many TCP connections are established and not closed by both sides, and how many UDP flows were
// used within the last minute.
func (table *Table) Count() (tcp, udp int) {
	now := table.now()
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		shard.expire(now)
		tcp += shard.lists[established].length
		udp += shard.lists[datagram].length
		shard.mutex.Unlock()
	}
	return tcp, udp
}

// Resets returns one raw IPv4 packet for each established TCP flow, to be written to the TUN: a RST from the
// remote address whose sequence number is the last one that the laptop acknowledged, which is the only number that
// a receiver takes at once (RFC 5961 section 3.2). The flows leave the table. A flow that received data and has
// not acknowledged it yet answers with a challenge ACK instead, which the new far end answers with a reset.
func (table *Table) Resets() [][]byte {
	var packets [][]byte
	for index := range table.shards {
		shard := &table.shards[index]
		shard.mutex.Lock()
		for shard.lists[established].length > 0 {
			slot := shard.lists[established].tail
			packets = append(packets, reset(&shard.entries[slot]))
			shard.remove(slot)
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

const (
	shardBits  = 4
	shardCount = 1 << shardBits
	shardFlows = MaxFlows / shardCount
)

// Each entry is in exactly one of these lists of its shard, most recently used first.
const (
	established = iota // TCP, acknowledged by the laptop, not closed by both sides
	transient          // TCP, opening or closed
	datagram           // UDP
	listCount
)

const none = int32(-1)

type key struct {
	laptop, remote         uint32
	laptopPort, remotePort uint16
	protocol               uint8
}

type entry struct {
	key                  key
	seen                 time.Duration
	acknowledged         uint32 // the last acknowledgement number of the laptop: what it expects next
	previous, next       int32
	list                 uint8
	finOutbound, finOver bool
}

type list struct {
	head, tail int32
	length     int
}

type shard struct {
	mutex   sync.Mutex
	index   map[key]int32
	entries []entry
	free    []int32
	lists   [listCount]list
	_       [64]byte // keeps neighbours' locks off one cache line
}

func (shard *shard) reset() {
	shard.index = make(map[key]int32)
	for number := range shard.lists {
		shard.lists[number] = list{head: none, tail: none}
	}
}

func (shard *shard) outbound(segment *segment, now time.Duration) {
	slot, known := shard.index[segment.key]
	if segment.key.protocol == protocolUDP {
		if !known {
			slot = shard.add(segment.key, datagram)
		}
		shard.touch(slot, datagram, now)
		return
	}
	switch {
	case segment.flags&flagRST != 0:
		if known {
			shard.remove(slot)
		}
		return
	case segment.flags&flagSYN != 0 && segment.flags&flagACK == 0:
		if known { // the ports are used again
			shard.remove(slot)
		}
		shard.touch(shard.add(segment.key, transient), transient, now)
		return
	case segment.flags&flagACK == 0:
		return // every segment after the first SYN acknowledges (RFC 9293 section 3.10.7.4)
	case !known:
		if segment.flags&flagFIN != 0 {
			return
		}
		// Older than the table, or it gave way and speaks again.
		slot = shard.add(segment.key, transient)
		shard.entries[slot].acknowledged = segment.acknowledgement
	}
	flow := &shard.entries[slot]
	if flow.list == transient && !flow.over() {
		flow.acknowledged = segment.acknowledgement
	} else if int32(segment.acknowledgement-flow.acknowledged) > 0 {
		flow.acknowledged = segment.acknowledgement
	}
	if segment.flags&flagFIN != 0 {
		flow.finOutbound = true
	}
	shard.touch(slot, flow.listOfTCP(), now)
}

func (shard *shard) inbound(segment *segment, now time.Duration) {
	slot, known := shard.index[segment.key]
	if !known {
		return
	}
	flow := &shard.entries[slot]
	if segment.key.protocol == protocolTCP {
		if segment.flags&flagRST != 0 {
			shard.remove(slot)
			return
		}
		if segment.flags&flagFIN != 0 {
			flow.finOver = true
		}
	}
	list := flow.list
	if flow.over() {
		list = transient
	}
	shard.touch(slot, list, now)
}

func (flow *entry) over() bool { return flow.finOutbound && flow.finOver }

func (flow *entry) listOfTCP() uint8 {
	if flow.over() {
		return transient
	}
	return established
}

// add takes a slot for a flow that is not in the table. The caller touches it, which puts it into its list.
func (shard *shard) add(key key, list uint8) int32 {
	if len(shard.index) >= shardFlows {
		for _, victim := range [...]uint8{transient, datagram, established} {
			if shard.lists[victim].length > 0 {
				shard.remove(shard.lists[victim].tail)
				break
			}
		}
	}
	var slot int32
	if last := len(shard.free) - 1; last >= 0 {
		slot, shard.free = shard.free[last], shard.free[:last]
	} else {
		slot = int32(len(shard.entries))
		shard.entries = append(shard.entries, entry{})
	}
	shard.entries[slot] = entry{key: key, list: list}
	shard.index[key] = slot
	shard.push(slot, list)
	return slot
}

func (shard *shard) touch(slot int32, list uint8, now time.Duration) {
	flow := &shard.entries[slot]
	flow.seen = now
	if flow.list == list && shard.lists[list].head == slot {
		return
	}
	shard.unlink(slot)
	shard.push(slot, list)
}

func (shard *shard) remove(slot int32) {
	shard.unlink(slot)
	delete(shard.index, shard.entries[slot].key)
	shard.free = append(shard.free, slot)
}

func (shard *shard) push(slot int32, number uint8) {
	list, flow := &shard.lists[number], &shard.entries[slot]
	flow.list, flow.previous, flow.next = number, none, list.head
	if list.head != none {
		shard.entries[list.head].previous = slot
	} else {
		list.tail = slot
	}
	list.head = slot
	list.length++
}

func (shard *shard) unlink(slot int32) {
	flow := &shard.entries[slot]
	list := &shard.lists[flow.list]
	if flow.previous != none {
		shard.entries[flow.previous].next = flow.next
	} else {
		list.head = flow.next
	}
	if flow.next != none {
		shard.entries[flow.next].previous = flow.previous
	} else {
		list.tail = flow.previous
	}
	list.length--
}

func (shard *shard) expire(now time.Duration) {
	for number, idle := range [listCount]time.Duration{establishedIdle, transientIdle, datagramIdle} {
		list := &shard.lists[number]
		for list.length > 0 && now-shard.entries[list.tail].seen > idle {
			shard.remove(list.tail)
		}
	}
}

// reset makes the RST for one flow: 20 bytes of IPv4 and 20 of TCP.
func reset(flow *entry) []byte {
	packet := make([]byte, 40)
	packet[0] = 0x45
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	packet[6] = 0x40 // do not fragment
	packet[8] = 64   // hops
	packet[9] = protocolTCP
	binary.BigEndian.PutUint32(packet[12:], flow.key.remote)
	binary.BigEndian.PutUint32(packet[16:], flow.key.laptop)
	binary.BigEndian.PutUint16(packet[10:], ^fold(sum(packet[:20])))
	transport := packet[20:]
	binary.BigEndian.PutUint16(transport[0:], flow.key.remotePort)
	binary.BigEndian.PutUint16(transport[2:], flow.key.laptopPort)
	binary.BigEndian.PutUint32(transport[4:], flow.acknowledged)
	transport[12] = 5 << 4
	transport[13] = flagRST
	pseudo := sum(packet[12:20]) + protocolTCP + uint32(len(transport))
	binary.BigEndian.PutUint16(transport[16:], ^fold(pseudo+sum(transport)))
	return packet
}

// sum adds 16-bit words (RFC 1071); the length is even.
func sum(bytes []byte) (total uint32) {
	for ; len(bytes) >= 2; bytes = bytes[2:] {
		total += uint32(binary.BigEndian.Uint16(bytes))
	}
	return total
}

func fold(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
