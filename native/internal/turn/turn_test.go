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
				switch number % 3 {
				case 0:
					turn.Start(work)
				case 1:
					turn.Run(work)
				default:
					turn.Begin(func() bool { work(); return number%2 == 0 }, work)
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

// Who begins work that does not end, or that others ask for again and again, is free at once.
func TestWhoBeginsDoesOnePieceOnly(t *testing.T) {
	for name, first := range map[string]func(*Turn) bool{
		"more is left":        func(*Turn) bool { return false },
		"somebody asks again": func(turn *Turn) bool { return !turn.Take() },
	} {
		t.Run(name, func(t *testing.T) {
			var turn Turn
			release, done := make(chan struct{}), make(chan struct{})
			turn.Begin(func() bool { return first(&turn) }, func() {
				<-release
				close(done)
			})
			close(release)
			<-done
		})
	}
}
