package direct

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// lookEvery is how often a lane's losses are looked at.
	lookEvery = 500 * time.Millisecond

	// leastSegments must have gone for their losses to say anything, and leastLosses of them been lost; lossPart is from
	// which share on they matter.
	leastSegments = 100
	leastLosses   = 2
	lossPart      = 0.002

	// A path is taken for one without a queue where its round trip is not longer than this, by its least one.
	queuePart  = 1.5
	queueSlack = 2 * time.Millisecond

	// looksInARow is how often losses must have come without a queue.
	looksInARow = 2
)

// losses tells by a connection's counters when it loses packets that no full queue dropped. Its zero value begins.
type losses struct {
	segments, lost uint32 // at the last look that said something
	inARow         int
}

// look takes what the kernel counts. It is true once losses came without a queue for long enough.
func (l *losses) look(info *unix.TCPInfo) bool {
	segments, lost := info.Data_segs_out-l.segments, info.Total_retrans-l.lost
	if segments < leastSegments {
		return false
	}
	l.segments, l.lost = info.Data_segs_out, info.Total_retrans
	roundTrip, least := time.Duration(info.Rtt)*time.Microsecond, time.Duration(info.Min_rtt)*time.Microsecond
	isLossy := lost >= leastLosses && float64(lost) >= lossPart*float64(segments)
	isQueued := roundTrip > time.Duration(queuePart*float64(least))+queueSlack
	if !isLossy || isQueued {
		l.inARow = 0
		return false
	}
	l.inARow++
	return l.inARow >= looksInARow
}

// followLosses changes a connection's congestion control to BBR, where this kernel has it for everybody, once it loses
// packets although there is no queue: cubic takes every loss for a full path, and stands still on a radio link that loses
// one packet in two hundred (docs/adr/0037). It returns with the connection's end.
func followLosses(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var seen losses
	for range ticker.C {
		isOver := false
		err := raw.Control(func(descriptor uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(descriptor), unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil {
				isOver = true
			} else if seen.look(info) {
				_ = unix.SetsockoptString(int(descriptor), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "bbr")
				isOver = true
			}
		})
		if err != nil || isOver {
			return
		}
	}
}
