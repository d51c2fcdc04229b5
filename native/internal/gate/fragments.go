package gate

import (
	"net/netip"
	"sync"

	"slipway/native/internal/packet"
)

const (
	// fragmentSeconds is how long the fragments of a datagram may follow its first one. Lanes keep order, so that they
	// come right behind it; Linux itself waits 30 s (ipfrag_time).
	fragmentSeconds = 15

	// datagramsAtMost bounds the datagrams whose fragments may come; the oldest gives way.
	datagramsAtMost = 1024

	// largestDatagram is what the length field of IPv4 can say; a larger one would overflow where it is put together.
	largestDatagram = 65535
)

// datagram is what the fragments of one datagram have in common (RFC 791, RFC 8200 section 4.5). All are the gate's
// own address's.
type datagram struct {
	source         netip.Addr
	identification uint32
	protocol       uint8
}

// fragments remembers the datagrams whose first fragment was let in.
type fragments struct {
	mutex   sync.Mutex
	decided map[datagram]uint32 // the second of the first fragment
	order   []datagram          // oldest first
}

// judgeFragment lets the first fragment decide about its datagram. It has the whole transport header, and no later one
// can overlap it: offsets count in eight bytes. TCP is never sent in fragments (its sender knows the MTU), and what
// has a longer header than that could be overlapped (RFC 3128).
func (gate *Gate) judgeFragment(parsed *packet.Packet) reason {
	if parsed.More && len(parsed.Payload)%8 != 0 || len(parsed.Payload) == 0 ||
		int(parsed.Offset)+len(parsed.Payload) > largestDatagram {
		return malformed
	}
	key := datagram{parsed.Source, parsed.Identification, parsed.Protocol}
	if parsed.Offset != 0 {
		if !gate.fragments.isDecided(key) {
			return fragment
		}
		return passed
	}
	switch {
	case parsed.Kind != packet.Datagram && parsed.Kind != packet.EchoReply:
		return fragment
	case !gate.flows.Inbound(parsed):
		return unasked
	}
	gate.fragments.decide(key, gate.clock.Load())
	return passed
}

func (fragments *fragments) isDecided(key datagram) bool {
	fragments.mutex.Lock()
	defer fragments.mutex.Unlock()
	_, decided := fragments.decided[key]
	return decided
}

func (fragments *fragments) decide(key datagram, now uint32) {
	fragments.mutex.Lock()
	defer fragments.mutex.Unlock()
	if _, known := fragments.decided[key]; known {
		return // its time counts from the first
	}
	if len(fragments.order) == datagramsAtMost {
		fragments.dropOldest()
	}
	fragments.decided[key] = now
	fragments.order = append(fragments.order, key)
}

func (fragments *fragments) expire(now uint32) {
	fragments.mutex.Lock()
	defer fragments.mutex.Unlock()
	for len(fragments.order) > 0 && now-fragments.decided[fragments.order[0]] > fragmentSeconds {
		fragments.dropOldest()
	}
}

func (fragments *fragments) dropOldest() {
	delete(fragments.decided, fragments.order[0])
	fragments.order = fragments.order[1:]
}
