package congestion

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
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
