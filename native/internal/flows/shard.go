package flows

import (
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

const (
	shardBits  = 4
	shardCount = 1 << shardBits
	shardLimit = MaxFlows / shardCount
)

// Each entry is in exactly one of these lists of its shard, most recently used first.
const (
	established = iota // open both ways, or closed by the far end only
	halfClosed         // the laptop has sent its FIN, which was acknowledged; it may still receive
	unanswered         // the laptop has sent a SYN or FIN that was not acknowledged yet
	closed             // closed both ways, or reset by the laptop; kept because last segments may be sent again
	datagram           // UDP
	question           // UDP to a nameserver
	echo               // an echo request that was not answered yet
	listCount
)

var (
	live = [...]uint8{established, halfClosed, unanswered}
	all  = [...]uint8{established, halfClosed, unanswered, closed, datagram, question, echo}
)

var idleSeconds = [listCount]uint32{establishedSeconds, halfClosedSeconds, closingSeconds, closingSeconds, datagramSeconds, questionSeconds, echoSeconds}

const (
	none    = int32(-1)
	portDNS = 53
)

type entry struct {
	key            packet.Flow // as the laptop sends
	seen           uint32      // second of the clock
	acknowledged   uint32      // the laptop's last acknowledgement number
	delivered      uint32      // the end of what was delivered to the laptop without a gap
	finish         uint32      // the acknowledgement number that covers the laptop's FIN
	previous, next int32
	list           uint8
	heard          bool // delivered is known
	synchronised   bool // the laptop has acknowledged something
	finOutbound    bool
	finCovered     bool
	finInbound     bool
	wasReset       bool // by the laptop
}

type list struct {
	head, tail int32
	length     int
}

type shard struct {
	mutex   sync.Mutex
	index   map[packet.Flow]int32
	entries []entry
	free    []int32
	lists   [listCount]list
	_       [64]byte // keeps neighbours' locks off one cache line
}

func (shard *shard) clear() {
	shard.index = make(map[packet.Flow]int32)
	for number := range shard.lists {
		shard.lists[number] = list{head: none, tail: none}
	}
}

func (shard *shard) outbound(key packet.Flow, kind packet.Kind, segment *segment, now uint32) {
	slot, known := shard.index[key]
	if kind != packet.Segment {
		list := placeOf(key, kind)
		if !known {
			slot = shard.add(key, list)
		}
		shard.touch(slot, list, now)
		return
	}
	acknowledges := segment.has(header.TCPFlagAck)
	switch {
	case segment.has(header.TCPFlagRst):
		// It may be of a number that the far end does not take (RFC 5961 section 3.2): then this is said again about what it sends again.
		if known {
			shard.entries[slot].wasReset = true
			shard.touch(slot, closed, now)
		}
		return
	case segment.has(header.TCPFlagSyn) && !acknowledges:
		if known { // a retry, or the ports are used again
			shard.remove(slot)
		}
		shard.touch(shard.add(key, unanswered), unanswered, now)
		return
	case !acknowledges:
		return // every segment after the first SYN acknowledges (RFC 9293 section 3.10.7.4)
	case !known && segment.has(header.TCPFlagFin|header.TCPFlagSyn):
		return // the end of what is forgotten, or the answer to a SYN that was not let in
	case !known: // older than the table, or it had to give way and speaks again
		slot = shard.add(key, established)
	}
	flow := &shard.entries[slot]
	flow.wasReset = false
	flow.acknowledge(segment.acknowledgement)
	if segment.has(header.TCPFlagFin) && !flow.finOutbound {
		flow.finOutbound, flow.finish = true, segment.end()
	}
	shard.touch(slot, flow.place(), now)
}

// inbound tells whether the laptop asked for the packet, and whether it refuses a connection that was opening.
func (shard *shard) inbound(key packet.Flow, kind packet.Kind, segment *segment, now uint32) (admitted, turnedAway bool) {
	slot, known := shard.index[key]
	if !known {
		return false, false
	}
	flow := &shard.entries[slot]
	switch kind {
	case packet.EchoReply:
		shard.remove(slot) // each is answered once
		return true, false
	case packet.Datagram:
		shard.touch(slot, flow.list, now)
		return true, false
	}
	if segment.has(header.TCPFlagRst) {
		turnedAway = !flow.heard
		shard.remove(slot)
		return true, turnedAway
	}
	flow.deliver(segment)
	if segment.has(header.TCPFlagAck) && flow.finOutbound && int32(segment.acknowledgement-flow.finish) >= 0 {
		flow.finCovered = true
	}
	shard.touch(slot, flow.place(), now)
	return true, false
}

// acknowledge notes what the laptop acknowledged, which it certainly received.
func (flow *entry) acknowledge(number uint32) {
	if !flow.synchronised || int32(number-flow.acknowledged) > 0 {
		flow.acknowledged = number
	}
	if !flow.heard || int32(number-flow.delivered) > 0 {
		flow.delivered = number
	}
	flow.synchronised, flow.heard = true, true
}

// deliver moves the end of what the laptop received, unless the segment leaves a gap before it.
func (flow *entry) deliver(segment *segment) {
	end := segment.end()
	switch {
	case !flow.heard && segment.has(header.TCPFlagSyn):
		flow.heard, flow.delivered = true, end
	case flow.heard && int32(segment.sequence-flow.delivered) <= 0 && int32(end-flow.delivered) >= 0:
		flow.delivered = end
		if segment.has(header.TCPFlagFin) {
			flow.finInbound = true
		}
	}
}

// placeOf is the list of what is no connection.
func placeOf(key packet.Flow, kind packet.Kind) uint8 {
	switch {
	case kind == packet.EchoRequest:
		return echo
	case key.DestinationPort == portDNS:
		return question
	}
	return datagram
}

// place is the list of a connection.
func (flow *entry) place() uint8 {
	switch {
	case flow.finOutbound && flow.finInbound || flow.wasReset:
		return closed
	case flow.finCovered:
		return halfClosed
	case flow.finOutbound || !flow.synchronised:
		return unanswered
	}
	return established
}

// add takes a slot for a flow that is not in the table. The caller touches it.
func (shard *shard) add(key packet.Flow, list uint8) int32 {
	if len(shard.index) >= shardLimit {
		for _, victim := range [...]uint8{echo, question, closed, unanswered, datagram, halfClosed, established} {
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
	shard.entries[slot] = entry{key: key}
	shard.index[key] = slot
	shard.push(slot, list)
	return slot
}

func (shard *shard) touch(slot int32, list uint8, now uint32) {
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

func (shard *shard) expire(now uint32) {
	for number, idle := range idleSeconds {
		list := &shard.lists[number]
		for list.length > 0 && now-shard.entries[list.tail].seen > idle {
			shard.remove(list.tail)
		}
	}
}
