package tunnel

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

const (
	// acknowledgementGap is how long acknowledgements gather after some have left. A receiver that gets a hundred
	// megabytes a second acknowledges every 64 KiB of them, and through API server, kubelet and container runtime each
	// such message costs as much processor as 16 KiB of data (docs/adr/0006). The window's slack is longer.
	acknowledgementGap = 2 * time.Millisecond

	// acknowledgementBytes is how many bytes of pure acknowledgements wait.
	acknowledgementBytes = 256 << 10
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

// add takes the place of the one before of the same connection, or queues a copy of parsed.
func (a *acknowledgements) add(parsed *packet.Packet, flow int) {
	before := a.newest[flow]
	if before != nil && replaces(parsed, before.bytes[:before.size]) {
		copy(before.bytes, parsed.Raw)
		return
	}
	b := copyToBuffer(parsed.Raw)
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

// replaces tells whether later says all that waiting says: an acknowledgement of more on the same connection, with
// nothing but the number, the window and time stamps. Duplicates and gaps (SACK) tell the sender something each.
func replaces(later *packet.Packet, waiting []byte) bool {
	earlier, ok := packet.Parse(waiting)
	if !ok || !isPureACK(later) || !isPureACK(&earlier) || later.Flow != earlier.Flow || later.TCPFlags != earlier.TCPFlags ||
		len(later.Raw) != len(earlier.Raw) || len(later.Payload) != len(earlier.Payload) {
		return false
	}
	isNewer := int32(later.TCP().AckNumber()-earlier.TCP().AckNumber()) > 0
	return isNewer && !hasSACK(later.TCP().Options()) && !hasSACK(earlier.TCP().Options())
}

// hasSACK is true also for options that cannot be read.
func hasSACK(options []byte) bool {
	for len(options) > 0 && options[0] != header.TCPOptionEOL {
		switch {
		case options[0] == header.TCPOptionNOP:
			options = options[1:]
		case options[0] == header.TCPOptionSACK || len(options) < 2 || options[1] < 2 || int(options[1]) > len(options):
			return true
		default:
			options = options[options[1]:]
		}
	}
	return false
}
