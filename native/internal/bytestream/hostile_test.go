package bytestream

import (
	"errors"
	"io"
	"testing"
	"time"

	"slipway/native/internal/memnet"
)

// stranger is a peer that has the keys and says what it likes.
type stranger struct {
	t    testing.TB
	lane *lane
}

// meet joins a session, the agent's or the engine's, to a stranger in the other one's place.
func meet(t testing.TB, isAgent bool, change func(*Config)) (s *Session, peer *stranger, lost <-chan error, accepted chan *end) {
	t.Helper()
	engineKeys, agentKeys := testKeys(t)
	accepted = make(chan *end, 1<<10)
	engine := Config{Keys: engineKeys, Lanes: 4}
	agent := Config{Keys: agentKeys, Lanes: 4, Accept: func(f *Flow, _ Opening) Events {
		e := newEnd()
		e.Flow = f
		f.Answer(Connected)
		accepted <- e
		return e
	}}
	own, theirs := engine, agent
	if isAgent {
		own, theirs = agent, engine
	}
	if change != nil {
		change(&own)
	}
	s, err := New(own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(Ended) })
	left, right := memnet.Pipe(memnet.Options{Buffer: 1 << 20})
	lost = s.Attach(1, left)
	behind, err := New(theirs)
	if err != nil {
		t.Fatal(err)
	}
	peer = &stranger{t, newLane(behind, 1, right)}
	if err := peer.lane.shakeHands(); err != nil {
		t.Fatal(err)
	}
	return s, peer, lost, accepted
}

func (p *stranger) say(frames ...[]byte) {
	p.t.Helper()
	p.raw(p.record(frames...))
}

func (p *stranger) record(frames ...[]byte) []byte {
	p.t.Helper()
	buffer := make([]byte, recordHeader+maxRecord+recordTag)
	plain := buffer[recordHeader:recordHeader]
	for _, one := range frames {
		plain = append(plain, one...)
	}
	record, err := p.lane.outgoing.seal(buffer, len(plain))
	if err != nil {
		p.t.Fatal(err)
	}
	return record
}

func (p *stranger) raw(bytes []byte) {
	if _, err := p.lane.stream.Write(bytes); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		p.t.Fatal(err)
	}
}

// hear reads frames until one is of a kind.
func (p *stranger) hear(kind byte) frame {
	p.t.Helper()
	for {
		plain, err := p.lane.incoming.next(p.lane)
		if err != nil {
			p.t.Fatalf("waiting for a frame: %v", err)
		}
		var one frame
		for frames := (reader{plain}); len(frames.rest) > 0; {
			if err := frames.next(&one); err != nil {
				p.t.Fatal(err)
			}
			if one.kind == kind {
				return one
			}
		}
	}
}

func data(flow, offset uint64, size int) []byte {
	return append(appendNumbers(nil, kindData, flow, offset, uint64(size)), make([]byte, size)...)
}

func outcome(kind byte, flow uint64, value byte) []byte {
	return append(appendNumbers(nil, kind, flow), value)
}

func awaitEnd(t testing.TB, lost <-chan error, want error) {
	t.Helper()
	select {
	case err := <-lost:
		if !errors.Is(err, want) {
			t.Errorf("the lane ended with %v, not %v", err, want)
		}
	case <-time.After(deadline):
		t.Fatalf("the lane lives, instead of ending with %v", want)
	}
}

func TestAHostileEngineLosesItsLane(t *testing.T) {
	open := appendOpening(nil, 1, testOpening)
	mixed := appendNumbers(nil, kindOpen, 1)
	mixed = append(mixed, 4, 1, 2, 3, 4, 0, 80, 16)
	mixed = append(mixed, make([]byte, 18)...)
	for _, test := range []struct {
		name   string
		frames [][]byte
		want   error
	}{
		{"a kind that there is not", [][]byte{{99}}, ErrFrame},
		{"kind 0", [][]byte{{0}}, ErrFrame},
		{"half a frame", [][]byte{{kindData, 1}}, ErrFrame},
		{"a number that is too long", [][]byte{{kindWindow, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, ErrFrame},
		{"a number that is too large", [][]byte{appendNumbers(nil, kindWindow, 1, 1<<60)}, ErrFrame},
		{"an address of 5 bytes", [][]byte{{kindOpen, 1, 5, 1, 2, 3, 4, 5, 0, 80}}, ErrFrame},
		{"addresses of two families", [][]byte{mixed}, ErrFrame},
		{"data of length 0", [][]byte{open, data(1, 0, 0)}, ErrFrame},
		{"data of an unknown flow", [][]byte{data(7, 0, 10)}, ErrUnknown},
		{"a finish of an unknown flow", [][]byte{appendNumbers(nil, kindFinish, 7, 0)}, ErrUnknown},
		{"a window of an unknown flow", [][]byte{appendNumbers(nil, kindWindow, 7, 1<<20)}, ErrUnknown},
		{"a reset of a flow far ahead", [][]byte{outcome(kindReset, 1<<40, byte(Aborted))}, ErrOpenings},
		{"a reset of flow 0", [][]byte{outcome(kindReset, 0, byte(Aborted))}, ErrUnknown},
		{"a reset without cause", [][]byte{open, outcome(kindReset, 1, 0)}, ErrFrame},
		{"flow 0", [][]byte{appendOpening(nil, 0, testOpening)}, ErrUnknown},
		{"a flow far ahead", [][]byte{appendOpening(nil, 1<<40, testOpening)}, ErrOpenings},
		{"times", [][]byte{open, nil, appendNumbers(nil, kindTimes, 1, 1, 1)}, ErrDirection},
		{"an answer", [][]byte{open, outcome(kindAnswer, 1, byte(Connected))}, ErrDirection},
		{"data past the window", [][]byte{open, nil, data(1, windowAtFirst, 1)}, ErrWindow},
		{"data far past the window", [][]byte{open, nil, data(1, 1<<50, 1)}, ErrWindow},
		{"data past the end", [][]byte{open, nil, appendNumbers(nil, kindFinish, 1, 10), data(1, 8, 10)}, ErrFinal},
		{"another end", [][]byte{open, nil, appendNumbers(nil, kindFinish, 1, 10), appendNumbers(nil, kindFinish, 1, 11)}, ErrFinal},
		{"an end before what came", [][]byte{open, nil, data(1, 0, 10), appendNumbers(nil, kindFinish, 1, 9)}, ErrFinal},
		{"an end past the window", [][]byte{open, nil, appendNumbers(nil, kindFinish, 1, 1<<30)}, ErrWindow},
		{"a window past everything", [][]byte{open, nil, appendNumbers(nil, kindWindow, 1, 1<<50)}, ErrWindow},
		{"a report of what was not sent", [][]byte{appendNumbers(nil, kindReport, 1<<40)}, ErrReport},
		{"a pong of no ping", [][]byte{appendNumbers(nil, kindPong, 1<<40)}, ErrFrame},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, peer, lost, accepted := meet(t, true, nil)
			for _, one := range test.frames {
				if one == nil { // until it was accepted
					<-accepted
					continue
				}
				peer.say(one)
			}
			awaitEnd(t, lost, test.want)
			if held := s.Stats(); held.Unread > windowAtFirst {
				t.Errorf("it holds %d bytes", held.Unread)
			}
		})
	}
}

func TestAHostileAgentLosesItsLane(t *testing.T) {
	for _, test := range []struct {
		name   string
		frames [][]byte
		want   error
	}{
		{"an opening", [][]byte{appendOpening(nil, 9, testOpening)}, ErrDirection},
		{"an answer for an unknown flow", [][]byte{outcome(kindAnswer, 2, byte(Connected))}, ErrUnknown},
		{"a reset of an unknown flow", [][]byte{outcome(kindReset, 2, byte(Aborted))}, ErrUnknown},
		{"times of an unknown flow", [][]byte{appendNumbers(nil, kindTimes, 2, 1, 1)}, ErrUnknown},
		{"a verdict that there is not", [][]byte{outcome(kindAnswer, 1, 200)}, ErrFrame},
		{"two verdicts", [][]byte{outcome(kindAnswer, 1, byte(Connected)), outcome(kindAnswer, 1, byte(Refused))}, ErrVerdict},
		{"a refusal after data", [][]byte{data(1, 0, 10), outcome(kindAnswer, 1, byte(Refused))}, ErrVerdict},
		{"data past the window", [][]byte{data(1, windowAtFirst-1, 2)}, ErrWindow},
		{"gaps without number", gaps(), ErrGaps},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, peer, lost, _ := meet(t, false, nil)
			if _, err := s.Open(testOpening, newEnd()); err != nil {
				t.Fatal(err)
			}
			peer.hear(kindOpen)
			for _, one := range test.frames {
				peer.say(one)
			}
			awaitEnd(t, lost, test.want)
		})
	}
}

// gaps is data with more holes than an honest peer can make.
func gaps() [][]byte {
	var all []byte
	for offset := range uint64(gapsAtMost + 2) {
		all = append(all, data(1, 2*offset+1, 1)...)
	}
	return [][]byte{all}
}

func TestWhatComesTwiceChangesNothing(t *testing.T) {
	s, peer, lost, accepted := meet(t, true, nil)
	open := appendOpening(nil, 1, testOpening)
	peer.say(open, open)
	e := <-accepted
	peer.say(open, data(1, 5, 5), data(1, 0, 10), data(1, 3, 4), data(1, 0, 10))
	e.await(t, "bytes", func() bool { return e.readable > 0 })
	if got := e.Buffered(); got != 10 {
		t.Errorf("%d bytes", got)
	}
	peer.say(appendNumbers(nil, kindFinish, 1, 10), appendNumbers(nil, kindFinish, 1, 10), outcome(kindReset, 1, byte(TimedOut)))
	if read := readUntilReset(t, e); read != 10 {
		t.Errorf("%d bytes came before the reset", read)
	}
	e.await(t, "the reset", func() bool { return len(e.resets) > 0 })
	peer.say(open, data(1, 0, 10), appendNumbers(nil, kindFinish, 1, 10), outcome(kindReset, 1, byte(Aborted)), data(1, 1<<40, 10))
	peer.say(appendNumbers(nil, kindPing, 77))
	for peer.hear(kindPong).number != 77 {
	}
	if len(e.resets) != 1 || e.resets[0] != TimedOut {
		t.Errorf("resets %v", e.resets)
	}
	if len(accepted) != 0 || s.Stats().Flows != 0 {
		t.Error("a flow that is over opened again")
	}
	select {
	case err := <-lost:
		t.Errorf("the lane ended: %v", err)
	default:
	}
}

func TestUnreadBytesOfASessionAreBounded(t *testing.T) {
	const flows, most = 64, 1 << 20
	s, peer, _, accepted := meet(t, true, func(config *Config) { config.UnreadAtMost = most })
	for id := range uint64(flows) {
		peer.say(appendOpening(nil, id+1, testOpening))
		<-accepted
		peer.say(data(id+1, 0, windowAtFirst))
	}
	peer.say(appendNumbers(nil, kindPing, 77))
	for peer.hear(kindPong).number != 77 {
	}
	held := s.Stats()
	if held.Unread > most {
		t.Errorf("it holds %d bytes", held.Unread)
	}
	if held.Flows < most/windowAtFirst-1 {
		t.Errorf("only %d flows are left", held.Flows)
	}
}

// TestWhoTakesNoPongsHoldsUpNoReader asks more often than the way back holds answers, and takes none.
func TestWhoTakesNoPongsHoldsUpNoReader(t *testing.T) {
	_, peer, _, accepted := meet(t, true, nil)
	said := make(chan struct{})
	go func() {
		defer close(said)
		for number := range uint64(1 << 17) {
			peer.say(appendNumbers(nil, kindPing, number+1))
		}
		peer.say(appendOpening(nil, 1, testOpening))
	}()
	for _, what := range []func() bool{
		func() bool { <-said; return true },
		func() bool { return <-accepted != nil },
	} {
		done := make(chan bool, 1)
		go func() { done <- what() }()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("nobody reads what it says")
		}
	}
}

// TestOpeningsWhoseAnswersAreNotTakenAreBounded opens flows that are refused at once, and reports no answer; in one case it does
// not even read them.
func TestOpeningsWhoseAnswersAreNotTakenAreBounded(t *testing.T) {
	for _, test := range []struct {
		name  string
		reads bool
	}{{"read", true}, {"not read", false}} {
		t.Run(test.name, func(t *testing.T) {
			refuse := func(config *Config) {
				config.Accept = func(f *Flow, _ Opening) Events {
					f.Answer(Refused)
					return newEnd()
				}
			}
			s, peer, lost, _ := meet(t, true, refuse)
			if test.reads {
				go func() {
					for {
						if _, err := peer.lane.incoming.next(peer.lane); err != nil {
							return
						}
					}
				}()
			}
			const each = 1 << 10
			for first := uint64(1); first < 4*answersAtMost; first += each {
				var openings []byte
				for id := range uint64(each) {
					openings = append(openings, appendOpening(nil, first+id, testOpening)...)
				}
				peer.say(openings)
			}
			awaitEnd(t, lost, ErrAnswers)
			s.mu.Lock()
			defer s.mu.Unlock()
			waiting := 0
			for f := s.control.first; f != nil; f = f.nextDue {
				waiting++
			}
			if waiting > answersAtMost {
				t.Errorf("%d answers wait", waiting)
			}
		})
	}
}

// TestFramesThatAreNotReportedAreBounded takes answers without a report until no more come, then reports: all come.
func TestFramesThatAreNotReportedAreBounded(t *testing.T) {
	s, peer, _, accepted := meet(t, true, nil)
	const flows = 3 * flightsAtMost
	go func() {
		for range flows {
			<-accepted
		}
	}()
	const each = 1 << 10
	for first := uint64(1); first < flows; first += each {
		var openings []byte
		for id := range uint64(each) {
			openings = append(openings, appendOpening(nil, first+id, testOpening)...)
		}
		peer.say(openings)
	}
	answers, unreported := 0, 0
	for answers < flows {
		plain, err := peer.lane.incoming.next(peer.lane)
		if err != nil {
			t.Fatal(err)
		}
		var one frame
		for frames := (reader{plain}); len(frames.rest) > 0; {
			if err := frames.next(&one); err != nil {
				t.Fatal(err)
			}
			if one.kind == kindAnswer {
				answers++
			}
			unreported++
		}
		if unreported < flightsAtMost {
			continue
		}
		s.mu.Lock()
		held, received := s.lanes[1].flights.count(), s.lanes[1].window.Sent()
		s.mu.Unlock()
		if held > flightsAtMost+8 { // a flow has several
			t.Fatalf("%d frames are remembered", held)
		}
		unreported = 0
		peer.say(appendNumbers(nil, kindReport, received))
	}
}
