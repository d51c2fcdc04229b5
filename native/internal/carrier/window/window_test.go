package window

import (
	"errors"
	"testing"
	"time"
)

// path is a simulated stream: bytes arrive at a rate after half of the round trip behind those before, and reports
// come back after the other half.
type path struct {
	window    Window
	now       time.Time
	rate      float64 // bytes per second
	roundTrip time.Duration
	free      time.Time // when the bottleneck has sent what it took
	reports   []report
	longest   time.Duration // that bytes stood in the bottleneck's queue
}

type report struct {
	at    time.Time
	total uint64
}

const simulatedMessage = 16032

// run sends as much as the window lets, for a time, in steps of 100 µs.
func (p *path) run(t *testing.T, duration time.Duration) {
	t.Helper()
	for end := p.now.Add(duration); p.now.Before(end); p.now = p.now.Add(100 * time.Microsecond) {
		for len(p.reports) > 0 && !p.reports[0].at.After(p.now) {
			if err := p.window.Report(p.reports[0].total, p.now); err != nil {
				t.Fatal(err)
			}
			p.reports = p.reports[1:]
		}
		for p.window.Outstanding()+simulatedMessage <= p.window.limit {
			p.window.Add(simulatedMessage, p.now)
			if p.free.Before(p.now) {
				p.free = p.now
			}
			p.longest = max(p.longest, p.free.Sub(p.now))
			p.free = p.free.Add(time.Duration(simulatedMessage / p.rate * float64(time.Second)))
			p.reports = append(p.reports, report{p.free.Add(p.roundTrip), p.window.sent})
		}
		p.window.HoldBack()
	}
}

func newPath(rate float64, roundTrip time.Duration) *path {
	return &path{window: New(Minimum, Maximum), now: time.Unix(1000, 0), rate: rate, roundTrip: roundTrip}
}

func TestWindowFillsALongPathAndQueuesLittle(t *testing.T) {
	const megabit = 1e6 / 8
	for _, test := range []struct {
		rate      float64
		roundTrip time.Duration
	}{
		{200 * megabit, 40 * time.Millisecond},
		{50 * megabit, 100 * time.Millisecond},
		{1000 * megabit, 20 * time.Millisecond},
		{1000 * megabit, time.Millisecond},
		{10 * megabit, 10 * time.Millisecond},
	} {
		p := newPath(test.rate, test.roundTrip)
		p.run(t, 2*time.Second) // to grow
		p.longest = 0
		before := p.window.reported
		p.run(t, 30*time.Second) // through more than two drains
		rate := float64(p.window.reported-before) / 30
		if rate < 0.95*test.rate {
			t.Errorf("%.0f Mbit/s and %v: carried %.0f Mbit/s", test.rate/megabit, test.roundTrip, rate/megabit)
		}
		// A quarter of its own round trip and the slack, or the least window; twice after a drain.
		allowed := test.roundTrip/2 + 2*windowSlack + time.Duration(2*Minimum/test.rate*float64(time.Second))
		if p.longest > allowed {
			t.Errorf("%.0f Mbit/s and %v: bytes stood %v in the queue, over %v", test.rate/megabit, test.roundTrip, p.longest, allowed)
		}
	}
}

func TestWindowFollowsAPathThatChanges(t *testing.T) {
	p := newPath(25e6, 10*time.Millisecond)
	p.run(t, 5*time.Second)
	p.roundTrip = 60 * time.Millisecond
	p.run(t, 25*time.Second) // the least round trip of before is believed for 10 s, then drained for
	before := p.window.reported
	p.run(t, 10*time.Second)
	if rate := float64(p.window.reported-before) / 10; rate < 0.9*25e6 {
		t.Errorf("after the round trip grew: %.1f MB/s of 25", rate/1e6)
	}
	p.rate = 5e6
	p.run(t, 10*time.Second)
	p.longest = 0
	p.run(t, 10*time.Second)
	if p.longest > 300*time.Millisecond {
		t.Errorf("after the rate fell: bytes stand %v in the queue", p.longest)
	}
}

func TestImpossibleReportsAreErrors(t *testing.T) {
	now := time.Unix(1000, 0)
	w := New(1000, 2000)
	w.Add(500, now)
	if err := w.Report(501, now); !errors.Is(err, ErrReportInvalid) {
		t.Errorf("more than was sent: %v", err)
	}
	if err := w.Report(400, now); err != nil || w.Outstanding() != 100 {
		t.Errorf("400 of 500: %v, %d outstanding", err, w.Outstanding())
	}
	if err := w.Report(399, now); !errors.Is(err, ErrReportInvalid) {
		t.Errorf("less than before: %v", err)
	}
	if err := w.Report(1<<63, now); !errors.Is(err, ErrReportInvalid) {
		t.Errorf("huge: %v", err)
	}
	if w.Outstanding() != 100 {
		t.Errorf("%d outstanding after reports that were refused", w.Outstanding())
	}
}
