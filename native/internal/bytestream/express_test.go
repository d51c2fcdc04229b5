package bytestream

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"slipway/native/internal/memnet"
)

// TestRequestsPassBulkOfManyFlows has more flows than lanes fill their lanes, in simulated time, and counts what of it comes
// before a request, and before a new flow and its first bytes.
func TestRequestsPassBulkOfManyFlows(t *testing.T) {
	for _, test := range []struct {
		delay time.Duration
		cut   bool // the lane that is kept free
	}{{time.Millisecond, false}, {8 * time.Millisecond, false}, {time.Millisecond, true}} {
		t.Run(fmt.Sprintf("%v, cut %t", test.delay, test.cut), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rate = 8 << 20 // of a lane
				p := newPair(t, 4, memnet.Options{Delay: test.delay, Rate: rate, Buffer: 512 << 10})
				p.live()
				old, oldThere := p.open()
				stop := make(chan struct{})
				var sinks []*end
				for range 8 {
					engine, agent := p.open()
					go engine.push(stop)
					go agent.sink(stop)
					sinks = append(sinks, agent)
				}
				time.Sleep(2 * time.Second)
				if test.cut {
					p.cut(3)
					time.Sleep(time.Second)
				}
				most := uint64(0)
				for range 20 {
					before := receivedBy(sinks)
					if _, err := old.Write(make([]byte, 100)); err != nil {
						t.Fatal(err)
					}
					read := oldThere.Info().Received + 100
					for oldThere.Buffered() == 0 {
						time.Sleep(100 * time.Microsecond)
					}
					oldThere.Discard(oldThere.Buffered())
					if oldThere.Info().Received != read {
						t.Fatal("not all of a request came")
					}
					opened, openedThere := p.open()
					if _, err := opened.Write(make([]byte, 100)); err != nil {
						t.Fatal(err)
					}
					for openedThere.Buffered() == 0 {
						time.Sleep(100 * time.Microsecond)
					}
					// Three passages of the path without anything in front, which bulk fills meanwhile, and one reader's pause.
					allowed := uint64(4 * rate * (4*test.delay + 4*time.Millisecond).Seconds())
					passed := receivedBy(sinks) - before
					most = max(most, passed)
					if passed > allowed {
						t.Errorf("%d bytes of bulk came before, more than %d", passed, allowed)
					}
					opened.Reset(Aborted)
					time.Sleep(37 * time.Millisecond)
				}
				t.Logf("at most %d bytes of bulk came first", most)
				close(stop)
				for _, one := range sinks {
					one.Flow.Reset(Aborted)
				}
				time.Sleep(time.Second)
			})
		})
	}
}
