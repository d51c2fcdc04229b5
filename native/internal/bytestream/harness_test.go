package bytestream

import (
	"crypto/ecdh"
	"crypto/rand"
	"net/netip"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/memnet"
)

// deadline is for what happens at once on a machine that is not busy.
const deadline = 2 * time.Minute

var testOpening = Opening{
	Source:      netip.MustParseAddrPort("100.64.0.2:40000"),
	Destination: netip.MustParseAddrPort("10.96.0.10:80"),
}

// end is a flow with an end that counts events.
type end struct {
	*Flow
	mu       sync.Mutex
	changed  sync.Cond
	verdict  Verdict
	answers  int
	readable int
	writable int
	resets   []Cause
}

func newEnd() *end {
	e := &end{}
	e.changed.L = &e.mu
	return e
}

func (e *end) note(what func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what()
	e.changed.Broadcast()
}

func (e *end) Answered(verdict Verdict) { e.note(func() { e.verdict = verdict; e.answers++ }) }
func (e *end) Readable()                { e.note(func() { e.readable++ }) }
func (e *end) Writable()                { e.note(func() { e.writable++ }) }
func (e *end) Reset(cause Cause)        { e.note(func() { e.resets = append(e.resets, cause) }) }

// await waits until met, which is called with the end's lock held, or fails the test.
func (e *end) await(t testing.TB, what string, met func() bool) {
	t.Helper()
	timer := time.AfterFunc(deadline, e.changed.Broadcast)
	defer timer.Stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	for begun := time.Now(); !met(); e.changed.Wait() {
		if time.Since(begun) >= deadline {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// pair is an engine's and an agent's session. Every opening is connected and comes out of accepted.
type pair struct {
	t               testing.TB
	engine, agent   *Session
	accepted        chan *end
	verdict         Verdict
	mu              sync.Mutex
	ends            map[int][2]*memnet.End // of the live lanes
	options         memnet.Options
	engineL, agentL map[int]<-chan error
}

func testKeys(t testing.TB) (engine, agent Keys) {
	t.Helper()
	make1 := func() ([32]byte, [32]byte) {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return [32]byte(key.Bytes()), [32]byte(key.PublicKey().Bytes())
	}
	engine.Session, agent.Session = "a session", "a session"
	engine.Private, engine.Public = make1()
	agent.Private, agent.Public = make1()
	engine.Peer, agent.Peer = agent.Public, engine.Public
	_, _ = rand.Read(engine.Preshared[:])
	agent.Preshared = engine.Preshared
	return engine, agent
}

func newPair(t testing.TB, lanes int, options memnet.Options, change ...func(engine, agent *Config)) *pair {
	t.Helper()
	p := &pair{
		t: t, accepted: make(chan *end, 1<<16), verdict: Connected, ends: map[int][2]*memnet.End{}, options: options,
		engineL: map[int]<-chan error{}, agentL: map[int]<-chan error{},
	}
	engineKeys, agentKeys := testKeys(t)
	engine := Config{Keys: engineKeys, Lanes: lanes}
	agent := Config{Keys: agentKeys, Lanes: lanes, Accept: func(f *Flow, _ Opening) Events {
		e := newEnd()
		e.Flow = f
		f.Answer(p.verdict)
		p.accepted <- e
		return e
	}}
	for _, one := range change {
		one(&engine, &agent)
	}
	var err error
	if p.engine, err = New(engine); err != nil {
		t.Fatal(err)
	}
	if p.agent, err = New(agent); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.engine.Close(Ended)
		p.agent.Close(Ended)
	})
	for lane := range lanes {
		p.attach(lane)
	}
	return p
}

// attach joins both sessions by a new lane.
func (p *pair) attach(lane int) {
	left, right := memnet.Pipe(p.options)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends[lane] = [2]*memnet.End{left, right}
	p.agentL[lane] = p.agent.Attach(lane, right)
	p.engineL[lane] = p.engine.Attach(lane, left)
}

// live waits until all lanes carry at both ends.
func (p *pair) live() {
	p.t.Helper()
	for begun := time.Now(); len(p.engine.Stats().Lanes) < len(p.ends) || len(p.agent.Stats().Lanes) < len(p.ends); time.Sleep(time.Millisecond) {
		if time.Since(begun) > deadline {
			p.t.Fatal("not all lanes carry")
		}
	}
}

func (p *pair) cut(lane int) {
	p.mu.Lock()
	ends := p.ends[lane]
	p.mu.Unlock()
	ends[0].Reset()
}

// open makes a connected flow and returns both of its ends.
func (p *pair) open() (engine, agent *end) {
	p.t.Helper()
	engine = newEnd()
	flow, err := p.engine.Open(testOpening, engine)
	if err != nil {
		p.t.Fatal(err)
	}
	engine.Flow = flow
	engine.await(p.t, "the answer", func() bool { return engine.answers > 0 })
	select {
	case agent = <-p.accepted:
	case <-time.After(deadline):
		p.t.Fatal("nothing was accepted")
	}
	return engine, agent
}
