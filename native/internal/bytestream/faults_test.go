package bytestream

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/memnet"
)

// disturb calls a fault again and again while work runs.
func disturb(work func(), fault func(isOver func() bool)) {
	var over atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		for !over.Load() {
			fault(over.Load)
		}
	})
	work()
	over.Store(true)
	running.Wait()
}

// carries waits until so many more bytes of flows have come, at either end: however slow the machine is, what faults leave gets on.
func (p *pair) carries(bytes int, isOver func() bool) {
	come := func() uint64 { return p.engine.Stats().Received + p.agent.Stats().Received }
	for begun := come(); come() < begun+uint64(bytes) && !isOver(); {
		time.Sleep(time.Millisecond)
	}
}

func TestNothingIsLostOrTwiceWhenLanesAreCut(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			lanes := 1 + random.IntN(4)
			p := newPair(t, lanes, memnet.Options{Delay: time.Duration(random.IntN(3)) * time.Millisecond, Rate: 60 << 20})
			disturb(func() { p.exchange(12, 1<<20, seed+1) }, func(isOver func() bool) {
				p.carries(random.IntN(1<<20), isOver)
				if random.IntN(4) > 0 {
					lane := random.IntN(lanes)
					p.cut(lane)
					p.attach(lane)
					return
				}
				for lane := range lanes {
					p.cut(lane)
				}
				time.Sleep(time.Duration(random.IntN(80)) * time.Millisecond)
				for lane := range lanes {
					p.attach(lane)
				}
			})
			p.settled()
		})
	}
}

func TestALaneThatStallsHoldsUpNoFlow(t *testing.T) {
	quick := func(engine, agent *Config) {
		engine.Timing = Timing{StalledAfter: 300 * time.Millisecond}
		agent.Timing = engine.Timing
	}
	p := newPair(t, 3, memnet.Options{Delay: time.Millisecond}, quick)
	p.live()
	p.exchange(4, 1<<20, 1)
	for _, stalled := range p.ends[1] {
		stalled.Stall(true)
	}
	p.exchange(12, 1<<20, 2)
	p.settled()
	for _, stalled := range p.ends[1] {
		stalled.Stall(false)
	}
	p.exchange(12, 1<<20, 3)
	p.settled()
}

func TestASilentLaneEnds(t *testing.T) {
	quick := func(engine, agent *Config) {
		engine.Timing = Timing{PingAfter: 100 * time.Millisecond, SilentAfter: 500 * time.Millisecond}
		agent.Timing = engine.Timing
	}
	p := newPair(t, 2, memnet.Options{}, quick)
	p.live()
	p.exchange(2, 1<<10, 1)
	p.ends[1][1].Stall(true)
	select {
	case err := <-p.engineL[1]:
		if err != ErrSilent {
			t.Errorf("the lane ended with %v", err)
		}
	case <-time.After(deadline):
		t.Fatal("the lane lives")
	}
	select {
	case err := <-p.engineL[0]:
		t.Errorf("the other lane ended with %v", err)
	default:
	}
	p.exchange(2, 1<<10, 2)
}

// TestASlowPathIsNotTakenForStalled shares a narrow link among lanes: nothing goes twice.
func TestASlowPathIsNotTakenForStalled(t *testing.T) {
	p := newPair(t, 4, memnet.Options{Delay: 20 * time.Millisecond, Rate: 16 << 10, Buffer: 64 << 10})
	p.live()
	const flows, each = 6, 64 << 10
	const total = flows * each
	p.exchange(flows, each, 1)
	var sent uint64
	for _, lane := range p.engine.Stats().Lanes {
		sent += lane.Sent
	}
	if sent > total*5/4 {
		t.Errorf("%d bytes were sent for %d", sent, total)
	}
}

// TestAFlowThatIsGivenUpBeforeItOpened resets flows whose openings are lost, held up, or were never sent: the lanes go on, and
// so do the others.
func TestAFlowThatIsGivenUpBeforeItOpened(t *testing.T) {
	for _, test := range []struct {
		name   string
		hold   func(p *pair) // before it is opened
		resume func(p *pair) // after it was reset
	}{
		{"no lane", func(p *pair) { p.cut(0); <-p.engineL[0] }, func(p *pair) { p.attach(0) }},
		{"lost", func(p *pair) { p.ends[0][0].Stall(true) }, func(p *pair) { p.cut(0); p.attach(0) }},
		{"late", func(p *pair) { p.ends[0][0].Stall(true) }, func(p *pair) { p.ends[0][0].Stall(false) }},
		{"answer lost", func(p *pair) { p.ends[0][1].Stall(true) }, func(p *pair) { p.cut(0); p.attach(0) }},
		{"answer late", func(p *pair) { p.ends[0][1].Stall(true) }, func(p *pair) { p.ends[0][1].Stall(false) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, 1, memnet.Options{})
			p.live()
			p.exchange(1, 1<<10, 1)
			test.hold(p)
			for range 5 {
				given, err := p.engine.Open(testOpening, newEnd())
				if err != nil {
					t.Fatal(err)
				}
				given.Reset(Aborted)
			}
			test.resume(p)
			for len(p.accepted) > 0 {
				<-p.accepted
			}
			other := newEnd()
			if _, err := p.engine.Open(Opening{Source: testOpening.Source, Destination: testOpening.Source}, other); err != nil {
				t.Fatal(err)
			}
			other.await(t, "the answer to another flow", func() bool { return other.verdict == Connected })
			for _, f := range p.engine.Flows() {
				f.Reset(Ended)
			}
			p.settled()
			select {
			case err := <-p.engineL[0]:
				t.Errorf("the lane ended: %v", err)
			default:
			}
		})
	}
}

// TestAPauseIsNotTakenForAStall lets this end stand still while a report is under way: nothing goes twice for it.
func TestAPauseIsNotTakenForAStall(t *testing.T) {
	s, peer, _, _ := meet(t, false, nil)
	first, second := newLane(s, 1, nil), newLane(s, 2, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	peer.lane.stream.Close()
	s.lanes[1], s.lanes[2] = first, second
	defer func() { s.lanes[1], s.lanes[2] = nil, nil }()
	now := time.Now()
	first.progressAt = now.Add(-time.Hour)
	first.window.Add(1000, now.Add(-time.Hour))
	first.suspectLocked(now)
	first.watchLocked(now.Add(watchEvery))
	if first.isStalled {
		t.Error("the lane is taken for stalled")
	}
	first.watchLocked(now.Add(s.config.Timing.StalledAfter + 2*watchEvery))
	if !first.isStalled {
		t.Error("a lane that reports nothing is not taken for stalled")
	}
}

// TestAFlowThatGoesOnOverAnotherLaneWakesIt takes a turn of one lane, after which the flow is the other one's.
func TestAFlowThatGoesOnOverAnotherLaneWakesIt(t *testing.T) {
	engineKeys, _ := testKeys(t)
	s, err := New(Config{Keys: engineKeys, Lanes: 2})
	if err != nil {
		t.Fatal(err)
	}
	var lanes [2]*lane
	for number := range lanes {
		left, right := memnet.Pipe(memnet.Options{Buffer: 1 << 20})
		t.Cleanup(func() { left.Close(); right.Close() })
		lanes[number] = newLane(s, number, left)
		if lanes[number].outgoing.keyed, err = newKeyed(suiteChaCha, [32]byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	s.lanes[1] = lanes[1]
	for id := range uint64(3) {
		f := newFlow(s, testOpening)
		f.id, f.verdict, f.out.burst, f.out.busyAt, f.out.limit = id+1, Connected, smallBurst, time.Now().Add(time.Hour), 1<<20
		f.out.kept.append(make([]byte, 4*bulkTurn))
		s.flows[f.id] = f
		s.readyLocked(f)
	}
	s.lanes[0] = lanes[0] // from here on there is a lane that has nothing to do
	s.mu.Unlock()
	waits, isAwake := make(chan struct{}), false
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(waits)
		lanes[0].wake.Wait()
		isAwake = true
	}()
	<-waits
	s.mu.Lock() // it waits
	for range 2 * bulkTurn / leastRecord {
		lanes[1].writeLocked(maxRecord)
	}
	if lanes[0].bulk.first == nil {
		t.Error("no flow went over")
	}
	for begun := time.Now(); !isAwake; {
		if time.Since(begun) > deadline {
			t.Error("the other lane sleeps")
			break
		}
		s.mu.Unlock()
		time.Sleep(time.Millisecond)
		s.mu.Lock()
	}
	s.mu.Unlock()
}

// TestFlowsThatAreGivenUpWithoutALaneAreForgotten opens and gives up flows while there is no lane, as programs do that try again.
func TestFlowsThatAreGivenUpWithoutALaneAreForgotten(t *testing.T) {
	p := newPair(t, 1, memnet.Options{})
	p.live()
	p.cut(0)
	<-p.engineL[0]
	var kept []*Flow
	for number := range 300 {
		f, err := p.engine.Open(testOpening, newEnd())
		if err != nil {
			t.Fatal(err)
		}
		if kept = append(kept, f); number%3 == 0 {
			continue
		}
		victim := len(kept) - 1 - number%3%2 // the last one, or that before
		kept[victim].Reset(Aborted)
		kept = append(kept[:victim], kept[victim+1:]...)
	}
	p.engine.mu.Lock()
	waiting := 0
	for f := p.engine.control.first; f != nil; f = f.nextDue {
		waiting++
	}
	p.engine.mu.Unlock()
	if waiting != len(kept) {
		t.Errorf("%d flows wait for a lane, of which %d are meant", waiting, len(kept))
	}
	p.attach(0)
	for range kept {
		select {
		case <-p.accepted:
		case <-time.After(deadline):
			t.Fatal("a flow was not opened")
		}
	}
	for _, f := range kept {
		f.Reset(Ended)
	}
	p.settled()
}
