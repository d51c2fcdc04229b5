// Package window bounds what is under way on one ordered byte stream by time, whatever the stream carries. It follows
// one direction by what was sent and what the far end reported. It moves no bytes, and has neither lock nor clock.
package window

import (
	"errors"
	"fmt"
	"time"
)

// ErrReportInvalid is of a report that goes back, or past what was sent.
var ErrReportInvalid = errors.New("window report is not possible")

// Sizes in bytes.
const (
	// Minimum keeps a stream busy on any path that is not long and fast at once; at 40 ms it is 52 Mbit/s before the
	// first measurement.
	Minimum = 256 << 10

	// Maximum is 1.6 Gbit/s at 40 ms.
	Maximum = 8 << 20
)

const (
	// The window is a gain times what the path has under way without a queue. While it grows, it may double each
	// round; after that a quarter more than needed is enough to notice a path that became faster (its rate then grows
	// by a quarter each round), and what stands in the queues of the path is a quarter of a round trip: less than those
	// queues hold, so that the stream's own TCP meets no loss that we caused. BBR does the same for a whole connection
	// (draft-ietf-ccwg-bbr, sections 5.3.1 and 5.6).
	growthGain = 2
	steadyGain = 1.25

	// The path is full when its rate did not grow by a quarter in fullRounds rounds that the window limited.
	fullRounds = 3

	// windowSlack is added to that time. API server, kubelet and container runtime pass bytes on in bursts when they get
	// the processor, which no round trip of an idle path shows.
	windowSlack = 5 * time.Millisecond

	// rateRounds is for how many round trips that the window limited the best rate is remembered, but no longer than
	// rateLifetime: when a path becomes slow, its rounds become long.
	rateRounds   = 10
	rateLifetime = 2 * time.Second

	// roundTripLifetime is how long the least round trip is believed while the path is never idle.
	roundTripLifetime = 10 * time.Second
)

// Window follows one direction of one stream: what was sent, what the far end reported, the path's least round trip
// and best rate, and from these how much may be under way.
type Window struct {
	minimum, maximum int

	sent, reported uint64    // bytes of messages
	reportedAt     time.Time // or when the path was last known to be empty
	limit          int       // bytes

	roundTrip   time.Duration // least; 0 before the first measurement
	roundTripAt time.Time
	draining    bool // for one round less may be under way, so that the round trip shows without our own queue

	rates    [rateRounds]rateSample
	nextRate int

	fullRate    float64 // bytes per second, when it last grew by a quarter
	roundsSince int     // that

	// One byte of the stream is followed at a time.
	marked     bool
	markSent   uint64 // its position
	markAt     time.Time
	markDone   uint64    // reported when it was sent
	markSince  time.Time // when that was reported
	markQueued bool      // more was under way than a drained path has
	limited    bool      // the window held something back since
}

type rateSample struct {
	bytesPerSecond float64
	at             time.Time
}

// New makes a window that stays between two sizes in bytes.
func New(minimum, maximum int) Window {
	return Window{minimum: minimum, maximum: maximum, limit: minimum}
}

// Outstanding is how many bytes were sent and not reported.
func (w *Window) Outstanding() int { return int(w.sent - w.reported) }

// Add counts bytes that go out now.
func (w *Window) Add(bytes int, now time.Time) {
	outstanding := w.Outstanding()
	if outstanding == 0 {
		w.reportedAt = now
	}
	w.sent += uint64(bytes)
	if w.marked {
		return
	}
	w.marked, w.limited = true, false
	w.markSent, w.markAt = w.sent, now
	w.markDone, w.markSince = w.reported, w.reportedAt
	w.markQueued = outstanding > w.drained()
}

// HoldBack tells that something waits only because of the window.
func (w *Window) HoldBack() { w.limited = true }

// Report takes a window report. A report that goes back, or past what was sent, is an error.
func (w *Window) Report(received uint64, now time.Time) error {
	if received < w.reported || received > w.sent {
		return fmt.Errorf("%w: %d received, %d reported before, %d sent", ErrReportInvalid, received, w.reported, w.sent)
	}
	w.reported, w.reportedAt = received, now
	if !w.marked || received < w.markSent {
		return nil
	}
	w.marked = false
	elapsed := max(now.Sub(w.markAt), time.Microsecond)
	w.measureRoundTrip(elapsed, now)
	// From the report before the mark, not from the mark: reports that were held up and come together would make the
	// path look faster than it is.
	since := max(now.Sub(w.markSince), time.Microsecond)
	w.measureRate(float64(received-w.markDone)/since.Seconds(), now)
	gain := steadyGain
	if w.roundsSince < fullRounds {
		gain = growthGain
	}
	wanted := w.clamp(int(gain*w.underWay() + w.Rate()*windowSlack.Seconds()))
	if w.draining {
		wanted = w.drained()
	}
	// At most twice as much as in the round before, so that what comes after a drain is no burst of a whole window.
	w.limit = min(wanted, 2*w.limit)
	return nil
}

func (w *Window) measureRoundTrip(elapsed time.Duration, now time.Time) {
	switch {
	case w.roundTrip == 0 || elapsed <= w.roundTrip || !w.markQueued && now.Sub(w.roundTripAt) > roundTripLifetime:
		w.roundTrip, w.roundTripAt, w.draining = elapsed, now, false
	case now.Sub(w.roundTripAt) > roundTripLifetime:
		w.draining = true
	}
}

// Limit is how many bytes may be under way.
func (w *Window) Limit() int { return w.limit }

// Sent is how many bytes were, since the beginning.
func (w *Window) Sent() uint64 { return w.sent }

// RoundTrip is the least that was measured, the far end's delay included; 0 before the first.
func (w *Window) RoundTrip() time.Duration { return w.roundTrip }

// measureRate remembers the rate of a round. A round that had less to send than it might says nothing about the
// path, unless it was the fastest of all.
func (w *Window) measureRate(rate float64, now time.Time) {
	if !w.limited && rate <= w.Rate() {
		return
	}
	if rate > steadyGain*w.fullRate {
		w.fullRate, w.roundsSince = rate, 0
	} else {
		w.roundsSince++
	}
	for i := range w.rates {
		if now.Sub(w.rates[i].at) > rateLifetime {
			w.rates[i] = rateSample{}
		}
	}
	w.rates[w.nextRate] = rateSample{rate, now}
	w.nextRate = (w.nextRate + 1) % rateRounds
}

// Rate is the best of the last rounds in bytes per second; 0 before the first.
func (w *Window) Rate() float64 {
	best := 0.0
	for _, sample := range w.rates {
		best = max(best, sample.bytesPerSecond)
	}
	return best
}

// underWay is the bandwidth-delay product in bytes.
func (w *Window) underWay() float64 { return w.Rate() * w.roundTrip.Seconds() }

// drained is how many bytes may be under way for a round trip to be believed free of our own queue.
func (w *Window) drained() int { return w.clamp(int(w.underWay() / 2)) }

func (w *Window) clamp(bytes int) int { return min(max(bytes, w.minimum), w.maximum) }
