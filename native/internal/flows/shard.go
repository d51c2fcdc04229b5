package flows

import "sync"

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
	closed             // closed both ways; kept because last segments may be sent again
	datagram           // UDP
	listCount
)

var live = [...]uint8{established, halfClosed, unanswered}

var idleSeconds = [listCount]uint32{establishedSeconds, halfClosedSeconds, closingSeconds, closingSeconds, datagramSeconds}

const none = int32(-1)

type key struct {
	laptop, remote         uint32
	laptopPort, remotePort uint16
	protocol               uint8
}

type entry struct {
	key            key
	seen           uint32 // second of the clock
	acknowledged   uint32 // the laptop's last acknowledgement number
	delivered      uint32 // the end of what was delivered to the laptop without a gap
	finish         uint32 // the acknowledgement number that covers the laptop's FIN
	previous, next int32
	list           uint8
	heard          bool // delivered is known
	synchronised   bool // the laptop has acknowledged something
	finOutbound    bool
	finCovered     bool
	finInbound     bool
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

func (shard *shard) clear() {
	shard.index = make(map[key]int32)
	for number := range shard.lists {
		shard.lists[number] = list{head: none, tail: none}
	}
}

func (shard *shard) outbound(segment *segment, now uint32) {
	slot, known := shard.index[segment.key]
	if segment.key.protocol == protocolUDP {
		if !known {
			slot = shard.add(segment.key, datagram)
		}
		shard.touch(slot, datagram, now)
		return
	}
	acknowledges := segment.flags&flagACK != 0
	switch {
	case segment.flags&flagRST != 0:
		if known {
			shard.remove(slot)
		}
		return
	case segment.flags&flagSYN != 0 && !acknowledges:
		if known { // a retry, or the ports are used again
			shard.remove(slot)
		}
		shard.touch(shard.add(segment.key, unanswered), unanswered, now)
		return
	case !acknowledges:
		return // every segment after the first SYN acknowledges (RFC 9293 section 3.10.7.4)
	case !known && segment.flags&flagFIN != 0:
		return
	case !known: // older than the table, or it had to give way and speaks again
		slot = shard.add(segment.key, established)
	}
	flow := &shard.entries[slot]
	flow.acknowledge(segment.acknowledgement)
	if segment.flags&flagFIN != 0 && !flow.finOutbound {
		flow.finOutbound, flow.finish = true, segment.end()
	}
	shard.touch(slot, flow.place(), now)
}

func (shard *shard) inbound(segment *segment, now uint32) {
	slot, known := shard.index[segment.key]
	if !known {
		return
	}
	flow := &shard.entries[slot]
	if segment.key.protocol == protocolUDP {
		shard.touch(slot, datagram, now)
		return
	}
	if segment.flags&flagRST != 0 {
		shard.remove(slot)
		return
	}
	flow.deliver(segment)
	if segment.flags&flagACK != 0 && flow.finOutbound && int32(segment.acknowledgement-flow.finish) >= 0 {
		flow.finCovered = true
	}
	shard.touch(slot, flow.place(), now)
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
	case !flow.heard && segment.flags&flagSYN != 0:
		flow.heard, flow.delivered = true, end
	case flow.heard && int32(segment.sequence-flow.delivered) <= 0 && int32(end-flow.delivered) >= 0:
		flow.delivered = end
		if segment.flags&flagFIN != 0 {
			flow.finInbound = true
		}
	}
}

func (flow *entry) place() uint8 {
	switch {
	case flow.finOutbound && flow.finInbound:
		return closed
	case flow.finCovered:
		return halfClosed
	case flow.finOutbound || !flow.synchronised:
		return unanswered
	}
	return established
}

// add takes a slot for a flow that is not in the table. The caller touches it.
func (shard *shard) add(key key, list uint8) int32 {
	if len(shard.index) >= shardLimit {
		for _, victim := range [...]uint8{closed, unanswered, datagram, halfClosed, established} {
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
