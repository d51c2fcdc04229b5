package bytestream

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"slipway/native/internal/memnet"
)

// longPath is 40 ms of round trip, in bytes per second.
const (
	longPathDelay = 20 * time.Millisecond
	longPathRate  = 200e6 / 8
)

// TestFlowsFillALongPath has flows over lanes that share a line, in simulated time: they are near its rate within a second,
// on lanes that are new as on lanes that have carried much.
func TestFlowsFillALongPath(t *testing.T) {
	for _, test := range []struct {
		lanes int
		flows []int // one after another
		loss  float64
		first float64 // share of the rate in the first half of a second
		least float64 // and in each later one; a lane looks for its least round trip now and then
	}{
		{1, []int{1, 8, 1}, 0, 0.55, 0.85},
		{4, []int{1, 8, 1}, 0, 0.74, 0.85},
		{4, []int{1, 8, 1}, 0.005, 0.42, 0.75},
	} {
		t.Run(fmt.Sprintf("%d lanes, loss %v", test.lanes, test.loss), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				link := memnet.NewLink(longPathRate)
				p := newPair(t, test.lanes, memnet.Options{Delay: longPathDelay, Link: link, Loss: test.loss, Buffer: 8 << 20})
				p.live()
				for _, flows := range test.flows {
					stop := make(chan struct{})
					var sinks []*end
					for range flows {
						engine, agent := p.open()
						sinks = append(sinks, agent)
						go engine.push(stop)
						go agent.sink(stop)
					}
					var shares []float64
					for range 6 {
						before := receivedBy(sinks)
						time.Sleep(500 * time.Millisecond)
						shares = append(shares, float64(receivedBy(sinks)-before)/(longPathRate/2))
					}
					t.Logf("%d flows: %.2f of the rate in each half of a second", flows, shares)
					for half, share := range shares {
						if half == 0 && share < test.first || half > 0 && share < test.least {
							t.Errorf("%d flows: %.2f of the rate", flows, share)
						}
					}
					close(stop)
					for _, one := range sinks {
						one.Flow.Reset(Aborted)
					}
					time.Sleep(time.Second)
				}
			})
		})
	}
}

func receivedBy(sinks []*end) (bytes uint64) {
	for _, one := range sinks {
		bytes += one.Info().Received
	}
	return bytes
}
