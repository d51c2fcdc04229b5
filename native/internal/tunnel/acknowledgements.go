package tunnel

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	// acknowledgementGap is how long acknowledgements gather after some have left. A receiver that gets a hundred
	// megabytes a second acknowledges every 64 KiB of them, and through API server, kubelet and container runtime each
	// such message costs as much processor as 16 KiB of data (docs/adr/0006). The window's slack is longer.
	acknowledgementGap = 2 * time.Millisecond

	// acknowledgementBytes is how many bytes of pure acknowledgements wait.
	acknowledgementBytes = 256 << 10

	optionEnd  = 0
	optionNone = 1
	optionSACK = 5
)

// acknowledgements hold a lane's pure acknowledgements: the first of a while leaves at once, those that follow it soon
// gather for acknowledgementGap, and what the next one of its connection says too is dropped (RFC 3449, section 5.2).
type acknowledgements struct {
	fifo
	newest    [flowCount]*buffer // that waits, by its flow
	isLeaving bool               // until none waits
	leftAt    time.Time
	alarm     *time.Timer
}

// add takes the place of the one before of the same connection, or queues a copy of packet.
func (a *acknowledgements) add(packet []byte, flow int) {
	before := a.newest[flow]
	if before != nil && replaces(packet, before.bytes[:before.size]) {
		copy(before.bytes, packet)
		return
	}
	b := copyToBuffer(packet)
	b.flow = flow
	a.newest[flow] = b
	a.push(b)
}

// wait is how long those that wait must gather still.
func (a *acknowledgements) wait(now time.Time) time.Duration {
	if a.isLeaving {
		return 0
	}
	return acknowledgementGap - now.Sub(a.leftAt)
}

func (a *acknowledgements) take(now time.Time) *buffer {
	b := a.pop()
	if a.newest[b.flow] == b {
		a.newest[b.flow] = nil
	}
	a.isLeaving, a.leftAt = a.head != nil, now
	return b
}

// replaces tells whether later says all that earlier says: an acknowledgement of more on the same IPv4 connection, with
// nothing but the number, the window and time stamps. Duplicates and gaps (SACK) tell the sender something each.
func replaces(later, earlier []byte) bool {
	if len(later) != len(earlier) || later[0] != earlier[0] || later[0]>>4 != 4 {
		return false
	}
	header := int(later[0]&0x0f) * 4
	// Addresses; ports; flags and header length.
	if !bytes.Equal(later[12:20], earlier[12:20]) || !bytes.Equal(later[header:header+4], earlier[header:header+4]) ||
		!bytes.Equal(later[header+12:header+14], earlier[header+12:header+14]) {
		return false
	}
	isNewer := int32(binary.BigEndian.Uint32(later[header+8:])-binary.BigEndian.Uint32(earlier[header+8:])) > 0
	return isNewer && !hasSACK(later[header+20:]) && !hasSACK(earlier[header+20:])
}

// hasSACK is true also for options that cannot be read.
func hasSACK(options []byte) bool {
	for len(options) > 0 && options[0] != optionEnd {
		switch {
		case options[0] == optionNone:
			options = options[1:]
		case options[0] == optionSACK || len(options) < 2 || options[1] < 2 || int(options[1]) > len(options):
			return true
		default:
			options = options[options[1]:]
		}
	}
	return false
}
