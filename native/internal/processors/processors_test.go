package processors

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestTheNumberFollowsUse(t *testing.T) {
	repeat := func(filled float64, times int) []float64 { return slices.Repeat([]float64{filled}, times) }
	for name, test := range map[string]struct {
		most   int
		filled []float64 // processors in use, look by look
		want   int
	}{
		"little work":                       {8, repeat(0.5, 50), 1},
		"a full processor gets another":     {8, []float64{0.9}, 2},
		"and twice as many each time":       {8, []float64{0.9, 1.8, 3.9}, 8},
		"but not more than there are":       {3, []float64{0.9, 1.8, 2.9, 2.9}, 3},
		"nor on a machine with one":         {1, repeat(1, 5), 1},
		"enough stays":                      {8, append([]float64{0.9}, repeat(1.2, 50)...), 2},
		"calm for long makes fewer":         {8, append([]float64{0.9, 1.8}, repeat(0.3, calmLooks)...), 2},
		"and then one":                      {8, append([]float64{0.9, 1.8}, repeat(0.3, 2*calmLooks)...), 1},
		"a pause makes none fewer":          {8, append([]float64{0.9}, repeat(0.1, calmLooks-1)...), 2},
		"nor do pauses with work in them":   {8, slices.Concat([]float64{0.9}, repeat(0.1, calmLooks-1), []float64{0.7}, repeat(0.1, calmLooks-1)), 2},
		"three go down as they came":        {3, slices.Concat([]float64{0.9, 1.8}, repeat(0.1, calmLooks)), 1},
		"what the old number cannot hold":   {8, append([]float64{0.9}, repeat(0.7, 100)...), 2},
		"use that cannot be told is no use": {8, repeat(0, 3), 1},
	} {
		g := governor{most: test.most, now: 1}
		for _, filled := range test.filled {
			g.look(time.Duration(filled*float64(lookEvery)), lookEvery)
		}
		if g.now != test.want {
			t.Errorf("%s: %d instead of %d", name, g.now, test.want)
		}
	}
}

func TestItBeginsWithOneAndLeavesWhatItFound(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	done, over := make(chan struct{}), make(chan struct{})
	go func() { Follow(done); close(over) }()
	for end := time.Now().Add(20 * time.Second); runtime.GOMAXPROCS(0) != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d processors", runtime.GOMAXPROCS(0))
		}
	}
	close(done)
	<-over
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("%d processors instead of %d", now, before)
	}
}

func TestTimeThatIsUsedShows(t *testing.T) {
	before := processorTime()
	for end := time.Now().Add(20 * time.Second); processorTime() == before; {
		if time.Now().After(end) {
			t.Fatal("no processor time shows")
		}
	}
}
