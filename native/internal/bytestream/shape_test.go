package bytestream

import (
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slipway/native/internal/memnet"
)

func TestVerdictsReachTheEngine(t *testing.T) {
	for _, verdict := range []Verdict{Connected, Refused, HostUnreachable, NetworkUnreachable, Prohibited, Silent} {
		t.Run(verdict.String(), func(t *testing.T) {
			p := newPair(t, 2, memnet.Options{})
			p.verdict = verdict
			engine, agent := p.open()
			if engine.verdict != verdict {
				t.Errorf("told %v", engine.verdict)
			}
			if got := agent.Opening(); got != testOpening {
				t.Errorf("opening %v", got)
			}
			if verdict == Connected {
				engine.Flow.Reset(Aborted)
				agent.await(t, "the reset", func() bool { return len(agent.resets) == 1 && agent.resets[0] == Aborted })
			}
			p.settled()
			if engine.answers != 1 || len(engine.resets) != 0 {
				t.Errorf("%d answers, resets %v", engine.answers, engine.resets)
			}
		})
	}
}

func TestAFlowWaitsForALane(t *testing.T) {
	p := newPair(t, 1, memnet.Options{})
	p.cut(0)
	<-p.engineL[0]
	e := newEnd()
	flow, err := p.engine.Open(testOpening, e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Write([]byte("x")); !errors.Is(err, ErrWouldBlock) {
		t.Errorf("write before the answer: %v", err)
	}
	p.attach(0)
	e.await(t, "the answer", func() bool { return e.verdict == Connected })
}

func TestCloseResetsEveryFlow(t *testing.T) {
	p := newPair(t, 2, memnet.Options{})
	engine, agent := p.open()
	p.agent.Close(Ended)
	agent.await(t, "the reset", func() bool { return len(agent.resets) == 1 && agent.resets[0] == Ended })
	if _, err := agent.Write([]byte("x")); !errors.Is(err, ErrReset) {
		t.Errorf("write: %v", err)
	}
	if _, err := agent.Read(make([]byte, 1)); !errors.Is(err, ErrReset) {
		t.Errorf("read: %v", err)
	}
	for _, lost := range p.engineL {
		<-lost
	}
	if _, err := engine.Read(make([]byte, 1)); !errors.Is(err, ErrWouldBlock) {
		t.Errorf("the engine's end heard of it without a lane: %v", err)
	}
	if _, err := p.agent.Open(testOpening, nil); err == nil {
		t.Error("the agent opened a flow")
	}
}

// readUntilReset reads what came before a reset, and tells how much it was.
func readUntilReset(t *testing.T, e *end) (read int) {
	t.Helper()
	buffer := make([]byte, 64<<10)
	for begun := time.Now(); time.Since(begun) < deadline; time.Sleep(time.Millisecond) {
		n, err := e.Read(buffer)
		read += n
		if errors.Is(err, ErrReset) {
			return read
		}
	}
	t.Fatal("the reset did not come")
	return 0
}

// TestAResetComesBehindWhatWasSaid loses neither what is under way when the far end breaks, nor that it broke.
func TestAResetComesBehindWhatWasSaid(t *testing.T) {
	p := newPair(t, 4, memnet.Options{Delay: time.Millisecond})
	for round := range 100 {
		from, to := p.open()
		if round%2 == 1 {
			from, to = to, from
		}
		sent, _ := from.Write(make([]byte, 1+round*500))
		from.ResetBehind(TimedOut)
		if _, err := from.Write([]byte("x")); err == nil {
			t.Fatal("something was written behind the reset")
		}
		from.await(t, "its own reset", func() bool { return len(from.resets) == 1 && from.resets[0] == TimedOut })
		got := readUntilReset(t, to) // which is later than the reset came
		if got != sent {
			t.Fatalf("%d of %d bytes came before the reset", got, sent)
		}
		to.await(t, "the reset", func() bool { return len(to.resets) == 1 && to.resets[0] == TimedOut })
	}
	for _, session := range []*Session{p.engine, p.agent} {
		if held := session.Stats(); held.Flows != 0 || held.Kept != 0 || held.Unread != 0 {
			t.Errorf("left: %+v", held)
		}
	}
}

// TestEndsCrossACut resets and closes at random while lanes are cut: both sides agree in the end, and nothing is left.
func TestEndsCrossACut(t *testing.T) {
	for seed := range uint64(6) {
		random, faults := rand.New(rand.NewPCG(seed, 3)), rand.New(rand.NewPCG(seed, 4))
		p := newPair(t, 2, memnet.Options{Delay: time.Millisecond})
		disturb(func() {
			for range 60 {
				engine, agent := p.open()
				one, other := engine, agent
				if random.IntN(2) == 0 {
					one, other = agent, engine
				}
				sent, _ := one.Write(make([]byte, 1+random.IntN(30000)))
				if random.IntN(2) == 0 {
					one.Flow.Reset(TimedOut)
					readUntilReset(t, other) // it comes behind what can be read
					other.await(t, "the reset", func() bool { return len(other.resets) == 1 && other.resets[0] == TimedOut })
					continue
				}
				one.CloseWrite()
				if got := drain(t, other); got != sent {
					t.Fatalf("%d bytes instead of %d before the end", got, sent)
				}
				if _, err := one.Write([]byte("x")); !errors.Is(err, ErrFinished) {
					t.Errorf("write after the end: %v", err)
				}
				// The other direction still carries.
				sent, _ = other.Write(make([]byte, 1+random.IntN(30000)))
				other.CloseWrite()
				if got := drain(t, one); got != sent {
					t.Fatalf("%d bytes instead of %d back", got, sent)
				}
			}
		}, func(isOver func() bool) {
			p.carries(faults.IntN(120<<10), isOver)
			lane := int(seed) % 2
			p.cut(lane)
			p.attach(lane)
		})
		p.settled()
	}
}

// drain reads to the end.
func drain(t *testing.T, e *end) (total int) {
	t.Helper()
	buffer := make([]byte, 10<<10)
	for {
		e.mu.Lock()
		told := e.readable
		e.mu.Unlock()
		n, err := e.Read(buffer)
		total += n
		switch {
		case errors.Is(err, io.EOF):
			return total
		case errors.Is(err, ErrWouldBlock):
			e.await(t, "bytes", func() bool { return e.readable > told })
		case err != nil:
			t.Fatal(err)
		}
	}
}

func TestWhoDoesNotReadHoldsBackTheWriter(t *testing.T) {
	p := newPair(t, 2, memnet.Options{})
	engine, agent := p.open()
	total := 0
	for idle := time.Now(); time.Since(idle) < 200*time.Millisecond; {
		n, err := engine.Write(make([]byte, 1<<20))
		if total += n; n > 0 {
			idle = time.Now()
		}
		if err != nil && !errors.Is(err, ErrWouldBlock) {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	if total != windowAtFirst {
		t.Errorf("%d bytes went, and nobody read", total)
	}
	if held := agent.Held() + engine.Held(); held > 3*windowAtFirst {
		t.Errorf("%d bytes are held", held)
	}
	other, there := p.open() // which is not held back
	_, _ = other.Write([]byte("hello"))
	there.await(t, "bytes", func() bool { return there.Buffered() == 5 })
	told := engine.writable
	if n, err := agent.Read(make([]byte, 1<<20)); n != windowAtFirst || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	engine.await(t, "room", func() bool { return engine.writable > told })
}

func TestAWindowGrowsWithItsUse(t *testing.T) {
	for _, delay := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 40 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			p := newPair(t, 4, memnet.Options{Delay: delay, Buffer: 16 << 20})
			p.live()
			engine, agent := p.open()
			stop := make(chan struct{})
			defer close(stop)
			go engine.push(stop) // whole windows at once, as from a fast socket
			go agent.sink(stop)
			window := func() int {
				p.agent.mu.Lock()
				defer p.agent.mu.Unlock()
				return agent.in.window
			}
			for begun := time.Now(); window() < 1<<20; time.Sleep(time.Millisecond) {
				if time.Since(begun) > deadline {
					t.Fatalf("the window is %d bytes", window())
				}
			}
		})
	}
}

func TestIdleFlowsHoldLittle(t *testing.T) {
	const flows = 20000
	var answered atomic.Int64
	counting := counter{&answered}
	p := newPair(t, 4, memnet.Options{}, func(_, agent *Config) {
		agent.Accept = func(f *Flow, _ Opening) Events {
			f.Answer(Connected)
			return counting
		}
	})
	var before, after runtime.MemStats
	goroutines := runtime.NumGoroutine()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range flows {
		if _, err := p.engine.Open(testOpening, counting); err != nil {
			t.Fatal(err)
		}
	}
	for begun := time.Now(); answered.Load() < flows; time.Sleep(time.Millisecond) {
		if time.Since(begun) > deadline {
			t.Fatalf("%d answers", answered.Load())
		}
	}
	for _, f := range p.engine.Flows() {
		if _, err := f.Write([]byte("a request")); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range p.agent.Flows() {
		for begun := time.Now(); ; time.Sleep(time.Millisecond) {
			if n, _ := f.Read(make([]byte, 100)); n > 0 {
				break
			}
			if time.Since(begun) > deadline {
				t.Fatal("no request")
			}
		}
	}
	for begun := time.Now(); p.engine.Stats().Kept > 0; time.Sleep(time.Millisecond) {
		if time.Since(begun) > deadline {
			t.Fatal("not delivered")
		}
	}
	runtime.GC()
	runtime.GC() // empties the pools
	runtime.ReadMemStats(&after)
	// Both ends are in this process.
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / flows / 2
	t.Logf("%d bytes for an idle flow at one end", each)
	if each > 1<<10 {
		t.Errorf("%d bytes for an idle flow at one end", each)
	}
	if more := runtime.NumGoroutine() - goroutines; more > 20 {
		t.Errorf("%d goroutines more", more)
	}
}

type counter struct{ answered *atomic.Int64 }

func (c counter) Answered(Verdict) { c.answered.Add(1) }
func (counter) Readable()          {}
func (counter) Writable()          {}
func (counter) Reset(Cause)        {}

// TestSmallFlowsPassBulk counts how many bytes of bulk get in front of a request: those that the stream had.
func TestSmallFlowsPassBulk(t *testing.T) {
	p := newPair(t, 1, memnet.Options{Rate: 8 << 20, Buffer: 64 << 10})
	p.exchange(1, 1<<20, 1) // the lane knows its rate
	var sinks []*end
	stop := make(chan struct{})
	for range 8 {
		engine, agent := p.open()
		go engine.push(stop)
		go agent.sink(stop)
		sinks = append(sinks, agent)
	}
	defer close(stop)
	received := func() (bytes uint64) {
		for _, one := range sinks {
			bytes += one.Info().Received
		}
		return bytes
	}
	for received() < 4<<20 {
		time.Sleep(time.Millisecond)
	}
	request, there := p.open()
	before := received()
	if _, err := request.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	there.await(t, "the request", func() bool { return there.readable > 0 })
	if passed := received() - before; passed > 1<<20 {
		t.Errorf("%d bytes of bulk came first", passed)
	} else {
		t.Logf("%d bytes of bulk came first, %d wait", passed, p.engine.Stats().Kept)
	}
}

// push writes until it is stopped.
func (e *end) push(stop <-chan struct{}) {
	for buffer := make([]byte, 1<<20); ; {
		select {
		case <-stop:
			return
		default:
		}
		if n, _ := e.Write(buffer); n == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// sink reads until it is stopped.
func (e *end) sink(stop <-chan struct{}) {
	for buffer := make([]byte, 1<<20); ; {
		select {
		case <-stop:
			return
		default:
		}
		if n, _ := e.Read(buffer); n == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestOneFlowUsesWhatAnotherLaneHas joins lanes on a long path, each with a window of its own, and streams that take much
// or hold back the writer long before that window would.
func TestOneFlowUsesWhatAnotherLaneHas(t *testing.T) {
	for _, buffer := range []int{1 << 20, 64 << 10} {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, 4, memnet.Options{Delay: 15 * time.Millisecond, Rate: 4 << 20, Buffer: buffer})
			p.live()
			engine, agent := p.open()
			go engine.send(t, 1, 8<<20)
			agent.receive(t, 1, 8<<20)
			busy := 0
			for _, one := range p.agent.Stats().Lanes {
				if one.Received > 512<<10 {
					busy++
				}
			}
			if busy < 2 {
				t.Errorf("buffer %d: %d lanes carried the flow: %+v", buffer, busy, p.agent.Stats().Lanes)
			}
		})
	}
}
