package engine

import (
	"testing"
	"time"
)

// Whether the tunnel is said to be up while lanes are lost: flows may wait for a way that is being dialled, and no real outage
// is hidden for longer than a silent lane is.
func TestWhatIsSaidWhileLanesAreLost(t *testing.T) {
	const limit = 6 * time.Second
	direct := &route{}
	type step struct {
		at             time.Duration
		packets, flows bool
		happened       func(*replacement, time.Time)
		want           bool
	}
	nothing := func(*replacement, time.Time) {}
	lost := func(over *route) func(*replacement, time.Time) {
		return func(r *replacement, now time.Time) { r.lost(over, time.Time{}, now) }
	}
	leftBefore := func(before time.Duration) func(*replacement, time.Time) {
		return func(r *replacement, now time.Time) { r.lost(direct, now.Add(-before), now) }
	}
	refused := func(r *replacement, _ time.Time) { r.failed() }
	for name, steps := range map[string][]step{
		"both over the API server": {{0, false, false, lost(nil), false}},
		"both over the direct path, and the API server's comes": {
			{0, false, false, lost(direct), true}, {2 * time.Second, false, true, nothing, true}, {3 * time.Second, true, true, nothing, true},
		},
		"both over the direct path, and the API server is silent": {
			{0, false, false, lost(direct), true}, {limit - 1, false, false, nothing, true}, {limit, false, false, nothing, false},
		},
		"both over the direct path, and the API server refuses": {
			{0, false, false, lost(direct), true}, {time.Second, false, false, refused, false},
		},
		"both fell silent over the direct path, which was left before": {
			{0, false, false, leftBefore(5 * time.Second), true}, {time.Second, false, false, nothing, false},
		},
		"both fell silent over the direct path, which was left long before": {{0, false, false, leftBefore(limit), false}},
		"both over the direct path, then both over the API server": {
			{0, false, false, lost(direct), true}, {time.Second, true, true, nothing, true}, {time.Minute, false, false, lost(nil), false},
		},
		"both over the direct path, long after the API server refused a lane": {
			{0, true, true, refused, true}, {time.Minute, false, false, lost(direct), true},
		},
		"packets over the direct path, flows over the API server": {
			{0, false, true, lost(direct), true}, {time.Second, false, false, lost(nil), false},
		},
		"packets alone over the API server": {
			{0, false, true, lost(nil), true}, {limit - 1, false, true, nothing, true}, {limit, false, true, nothing, false},
		},
		"flows alone over the direct path": {
			{0, true, false, lost(direct), true}, {limit, true, false, nothing, false},
		},
		"one kind after the other over the direct path": {
			{0, false, true, lost(direct), true}, {4 * time.Second, false, false, lost(direct), true}, {limit, false, false, nothing, false},
		},
		"kinds in turn": {
			{0, false, true, lost(direct), true}, {4 * time.Second, true, false, lost(direct), true}, {limit, false, true, nothing, false},
		},
		"back with one kind alone": {
			{0, false, false, lost(nil), false}, {time.Second, false, true, nothing, false}, {2 * time.Second, true, true, nothing, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			lull, replaced, isUp := &lull{limit: limit}, &replacement{}, true
			start := time.Now()
			for index, step := range steps {
				now := start.Add(step.at)
				step.happened(replaced, now)
				if step.packets && step.flows {
					replaced.over()
				}
				isUp = lull.judge(now, isUp, step.packets, step.flows, replaced.began())
				if isUp != step.want {
					t.Fatalf("step %d, after %v: up is %v", index, step.at, isUp)
				}
			}
		})
	}
}
