package bytestream

import (
	"math"
	"testing"
	"time"

	"slipway/native/internal/memnet"
)

// asked has bytes go from the engine to the agent's end, and others back after a wait.
func (p *pair) asked(engine, agent *end, wait time.Duration) {
	p.t.Helper()
	before := agent.readable
	if _, err := engine.Write([]byte("request")); err != nil {
		p.t.Fatal(err)
	}
	agent.await(p.t, "the request", func() bool { return agent.readable > before })
	var into [64]byte
	if _, err := agent.Read(into[:]); err != nil {
		p.t.Fatal(err)
	}
	_, _ = agent.Read(into[:]) // asks for the next Readable
	time.Sleep(wait)
	before = engine.readable
	if _, err := agent.Write([]byte("answer")); err != nil {
		p.t.Fatal(err)
	}
	engine.await(p.t, "the answer", func() bool { return engine.readable > before })
	if _, err := engine.Read(into[:]); err != nil {
		p.t.Fatal(err)
	}
	_, _ = engine.Read(into[:])
}

// wantsAtLeast: sleeps and delays are never shorter than asked for, and everything may be longer on a busy machine.
func wantsAtLeast(t *testing.T, what string, got, least time.Duration) {
	t.Helper()
	if got < least {
		t.Errorf("%s is %v, want at least %v", what, got, least)
	}
}

func TestTimesTellTheTunnelFromWhatIsBehindIt(t *testing.T) {
	const delay, dial, answer = 20 * time.Millisecond, 60 * time.Millisecond, 90 * time.Millisecond
	p := newPair(t, 2, memnet.Options{Delay: delay}, func(_, agent *Config) {
		accepted := agent.Accept
		agent.Accept = func(f *Flow, opening Opening) Events {
			time.Sleep(dial)
			return accepted(f, opening)
		}
	})
	p.live()
	engine, agent := p.open()
	p.asked(engine, agent, answer)
	p.asked(engine, agent, answer)
	times := engine.Times()
	wantsAtLeast(t, "dialled", times.Dialled, dial)
	wantsAtLeast(t, "the tunnel's part of the answer", times.Answered-times.Dialled, 2*delay-time.Millisecond)
	wantsAtLeast(t, "served", times.Served, 2*answer)
	wantsAtLeast(t, "the tunnel's part of two requests", times.Waited-times.Served, 2*(2*delay-time.Millisecond))
}

func TestTimesOfFirstTurnsOnly(t *testing.T) {
	p := newPair(t, 1, memnet.Options{})
	p.live()
	engine, agent := p.open()
	for range turnsTimed {
		p.asked(engine, agent, 0)
	}
	before := engine.Times()
	p.asked(engine, agent, 10*time.Millisecond)
	if after := engine.Times(); after != before {
		t.Errorf("times went on: %+v, then %+v", before, after)
	}
}

func TestTimesOfAServerThatSpeaksFirst(t *testing.T) {
	p := newPair(t, 1, memnet.Options{})
	p.live()
	engine, agent := p.open()
	time.Sleep(30 * time.Millisecond)
	if _, err := agent.Write([]byte("220 hello")); err != nil {
		t.Fatal(err)
	}
	engine.await(t, "the greeting", func() bool { return engine.readable > 0 })
	wantsAtLeast(t, "served", engine.Times().Served, 30*time.Millisecond)
}

func TestTimesAreNotBelievedPastOwnClock(t *testing.T) {
	s, peer, _, _ := meet(t, false, nil)
	e := newEnd()
	flow, err := s.Open(testOpening, e)
	if err != nil {
		t.Fatal(err)
	}
	peer.hear(kindOpen)
	if s.Find(testOpening) != flow {
		t.Error("the flow is not found by its opening")
	}
	peer.say(outcome(kindAnswer, 1, byte(Connected)), appendNumbers(nil, kindTimes, 1, largestNumber, largestNumber))
	e.await(t, "the answer", func() bool { return e.answers > 0 })
	peer.say(data(1, 0, 10), appendNumbers(nil, kindTimes, 1, math.MaxUint32, 1))
	e.await(t, "bytes", func() bool { return e.readable > 0 })
	times := flow.Times()
	if times.Dialled > times.Answered || times.Served > times.Waited {
		t.Errorf("the agent was believed: %+v", times)
	}
	if times.Answered > deadline || times.Waited > deadline {
		t.Errorf("own times are the agent's: %+v", times)
	}
}

func TestTimesSurviveALane(t *testing.T) {
	p := newPair(t, 2, memnet.Options{Delay: 5 * time.Millisecond})
	p.live()
	engine, agent := p.open()
	if _, err := engine.Write([]byte("request")); err != nil {
		t.Fatal(err)
	}
	agent.await(t, "the request", func() bool { return agent.readable > 0 })
	var into [64]byte
	if _, err := agent.Read(into[:]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if _, err := agent.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	p.cut(0) // whichever the frames are on, they come
	p.attach(0)
	engine.await(t, "the answer", func() bool { return engine.readable > 0 })
	for begun := time.Now(); engine.Times().Served < 20*time.Millisecond; time.Sleep(time.Millisecond) {
		if time.Since(begun) > deadline {
			t.Fatalf("the agent's times were lost: %+v", engine.Times())
		}
	}
}
