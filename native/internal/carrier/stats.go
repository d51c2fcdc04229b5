package carrier

import "time"

// Stats of a Bind. Sent and Received count bytes of WireGuard messages over all its streams; the others are those of
// the live stream, 0 without one.
type Stats struct {
	Live        bool
	Attached    uint64 // streams so far
	Sent        uint64
	Received    uint64
	Outstanding int           // bytes sent and not reported yet
	Window      int           // bytes
	RoundTrip   time.Duration // least measured on the stream, its far end's delay of the report included
	Rate        float64       // best of the last rounds, bytes per second
}

// Stats returns a snapshot.
func (b *Bind) Stats() Stats {
	b.lock.Lock()
	defer b.lock.Unlock()
	stats := Stats{Attached: b.attached, Sent: b.sentBefore, Received: b.receivedBefore}
	if b.current == nil {
		return stats
	}
	s := b.current
	s.lock.Lock()
	defer s.lock.Unlock()
	stats.Live = true
	stats.Sent += s.window.sent
	stats.Received += s.received
	stats.Outstanding = s.window.outstanding()
	stats.Window = s.window.limit
	stats.RoundTrip = s.window.roundTrip
	stats.Rate = s.window.rate()
	return stats
}
