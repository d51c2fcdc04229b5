package turn

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Whatever was asked for is seen by a round that began later, and no two rounds overlap.
func TestNothingThatWasAskedForIsLost(t *testing.T) {
	var turn Turn
	var asked, seen, running atomic.Int64
	work := func() {
		if running.Add(1) != 1 {
			t.Error("two rounds at once")
		}
		seen.Store(asked.Load())
		running.Add(-1)
	}
	var all sync.WaitGroup
	for number := range 8 {
		all.Go(func() {
			for range 10000 {
				asked.Add(1)
				if number%2 == 0 {
					turn.Start(work)
				} else {
					turn.Run(work)
				}
			}
		})
	}
	all.Wait()
	for !turn.Take() { // a goroutine of Start may still be in its last round
	}
	if seen.Load() != 80000 {
		t.Errorf("the last round saw %d of 80000", seen.Load())
	}
}
