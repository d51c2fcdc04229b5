// Package processors lets this process run on as many processors at once as its work fills, and no more. Go wakes another
// thread for each event of a socket while a processor seems free; that thread looks for work, finds none, and waits for
// the next event in the place of the one that has it. A process whose work is to pass on what hops of other processes bring
// piece by piece spends more on this than on its work, where one processor would do. Package processors measures and sets
// that number only; what work there is it does not know.
package processors

import (
	"runtime"
	"time"
)

// lookEvery is how often use is measured, and calmLooks how many measurements in a row must show little of it before
// there are fewer: what comes in bursts must not pay for each.
const (
	lookEvery = 200 * time.Millisecond
	calmLooks = 10
)

// A number of processors is too small from this part of it in use on, and half of it is enough below the other part of that half.
const (
	fullPart = 0.8
	calmPart = 0.6
)

// Follow begins with one processor and follows the process's use until done is closed. There are never more than Go had
// chosen, which knows the machine and the limits of its control group.
func Follow(done <-chan struct{}) {
	g := governor{most: runtime.GOMAXPROCS(0), now: 1}
	runtime.GOMAXPROCS(g.now)
	defer runtime.GOMAXPROCS(g.most)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	at, used := time.Now(), processorTime()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		nowAt, nowUsed := time.Now(), processorTime()
		before := g.now
		if g.look(nowUsed-used, nowAt.Sub(at)); g.now != before {
			runtime.GOMAXPROCS(g.now)
		}
		at, used = nowAt, nowUsed
	}
}

// governor chooses a number of processors.
type governor struct {
	most, now int
	calm      int // looks in a row that showed little use
}

// look takes how much processor time was used in a time.
func (g *governor) look(used, elapsed time.Duration) {
	filled := used.Seconds() / elapsed.Seconds()
	switch {
	case filled > fullPart*float64(g.now):
		g.now, g.calm = min(2*g.now, g.most), 0
	case g.now > 1 && filled < calmPart*float64(g.now/2):
		if g.calm++; g.calm >= calmLooks {
			g.now, g.calm = g.now/2, 0
		}
	default:
		g.calm = 0
	}
}
