package bytestream

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/memnet"
)

// TestNothingIsLostOrTwiceInAnyWeather has lanes that stall in one direction, are cut, replaced, asked and detached, at either end
// and at the same time, while flows transfer, others are given up, and openings are refused.
func TestNothingIsLostOrTwiceInAnyWeather(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			const flows, bytes = 10, 2 << 20
			var accepted [flows]chan *end // by the port that it was opened from; others are given up
			for number := range accepted {
				accepted[number] = make(chan *end, 1)
			}
			quick := func(engine, agent *Config) {
				engine.Timing = Timing{
					PingAfter: 60 * time.Millisecond, SilentAfter: time.Second, SuspectAfter: 150 * time.Millisecond,
					StalledAfter: 80 * time.Millisecond, Handshake: 5 * time.Second,
				}
				agent.Timing = engine.Timing
				agent.Accept = func(f *Flow, opening Opening) Events {
					e := newEnd()
					e.Flow = f
					if f.Answer(Connected); opening.Source.Port() < flows {
						accepted[opening.Source.Port()] <- e
					}
					return e
				}
			}
			lanes := 2 + random.IntN(3)
			p := newPair(t, lanes, memnet.Options{Delay: time.Duration(random.IntN(4)) * time.Millisecond, Rate: 80 << 20}, quick)
			var stalls sync.WaitGroup
			stop := make(chan struct{})
			var again sync.WaitGroup
			for lane := range lanes { // a carrier that dials again
				again.Go(func() {
					for {
						p.mu.Lock()
						engine := p.engineL[lane]
						p.mu.Unlock()
						select {
						case <-stop:
							return
						case <-engine:
							p.attach(lane)
						}
					}
				})
			}
			exchange := func() {
				var running sync.WaitGroup
				for number := range uint64(flows) {
					running.Go(func() {
						engine := newEnd()
						source := netip.AddrPortFrom(testOpening.Source.Addr(), uint16(number))
						flow, err := p.engine.Open(Opening{Source: source, Destination: testOpening.Destination}, engine)
						if err != nil {
							t.Error(err)
							return
						}
						engine.Flow = flow
						engine.await(t, "the answer", func() bool { return engine.answers > 0 })
						agent := <-accepted[number]
						running.Go(func() { engine.send(t, 2*number, bytes) })
						running.Go(func() { agent.receive(t, 2*number, bytes) })
						running.Go(func() { agent.send(t, 2*number+1, bytes) })
						running.Go(func() { engine.receive(t, 2*number+1, bytes) })
					})
				}
				running.Wait()
			}
			disturb(exchange, func(isOver func() bool) {
				p.carries(random.IntN(256<<10), isOver)
				lane := random.IntN(lanes)
				p.mu.Lock()
				ends := p.ends[lane]
				p.mu.Unlock()
				switch random.IntN(8) {
				case 0:
					ends[random.IntN(2)].Reset()
				case 1:
					p.agent.Detach(lane, ErrSilent)
				case 2:
					p.engine.Revalidate()
				case 3:
					p.agent.Revalidate()
				case 4:
					given, err := p.engine.Open(Opening{Source: testOpening.Source, Destination: testOpening.Source}, newEnd())
					if err == nil {
						time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
						given.Reset(Aborted)
					}
				default:
					stalled := ends[random.IntN(2)]
					pause := time.Duration(random.IntN(250)) * time.Millisecond
					stalled.Stall(true)
					stalls.Go(func() {
						time.Sleep(pause)
						stalled.Stall(false)
					})
				}
			})
			stalls.Wait()
			for _, f := range p.engine.Flows() {
				f.Reset(Aborted)
			}
			p.settled()
			for begun := time.Now(); ; time.Sleep(time.Millisecond) {
				p.agent.mu.Lock()
				owed := p.agent.owed
				p.agent.mu.Unlock()
				if owed == 0 {
					break
				}
				if time.Since(begun) > deadline {
					t.Fatalf("%d answers are owed", owed)
				}
			}
			close(stop)
			p.engine.Close(Ended)
			again.Wait()
		})
	}
}
