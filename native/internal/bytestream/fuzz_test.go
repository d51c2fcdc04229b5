package bytestream

import (
	"bytes"
	"io"
	"testing"
)

// FuzzFrames reads frames from anything.
func FuzzFrames(f *testing.F) {
	f.Add(bytes.Join([][]byte{
		appendOpening(nil, 1, testOpening), outcome(kindAnswer, 1, byte(Connected)), data(1, 5, 10), appendNumbers(nil, kindFinish, 1, 15), appendNumbers(nil, kindTimes, 1, 300, 1<<40),
		appendNumbers(nil, kindWindow, 1, 1<<20), outcome(kindReset, 1, byte(Aborted)), appendNumbers(nil, kindReport, 1<<50),
		appendNumbers(nil, kindPing, 1), appendNumbers(nil, kindPong, 1),
	}, nil))
	f.Fuzz(func(t *testing.T, plain []byte) {
		frames := reader{plain}
		var one frame
		for len(frames.rest) > 0 {
			before := len(frames.rest)
			if frames.next(&one) != nil {
				return
			}
			if len(frames.rest) >= before || len(one.bytes) > before {
				t.Fatal("a frame of nothing")
			}
		}
	})
}

// FuzzSession says anything to a session that has a flow. The first byte chooses the side and cuts the rest into records.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0, 1})
	f.Add(bytes.Join([][]byte{{0xfe}, appendOpening(nil, 1, testOpening), data(1, 0, 40), appendNumbers(nil, kindFinish, 1, 40)}, nil))
	f.Add(bytes.Join([][]byte{{0xff}, outcome(kindAnswer, 1, byte(Connected)), data(1, 20, 40), data(1, 0, 20), outcome(kindReset, 1, byte(Aborted))}, nil))
	f.Add(bytes.Join([][]byte{{0x41}, appendNumbers(nil, kindWindow, 1, 1<<20), appendNumbers(nil, kindReport, 60), appendNumbers(nil, kindPing, 9)}, nil))
	f.Fuzz(func(t *testing.T, said []byte) {
		if len(said) == 0 {
			return
		}
		l := aloneLane(t, said[0]&1 == 0)
		s := l.session
		if s.config.Accept == nil {
			if _, err := s.Open(testOpening, newEnd()); err != nil {
				t.Fatal(err)
			}
		}
		for rest := said[1:]; len(rest) > 0 && l.ended == nil; {
			size := min(1+int(said[0]>>1), len(rest))
			s.mu.Lock()
			if err := l.takeLocked(rest[:size]); err != nil {
				l.endLocked(err)
			}
			s.finish()
			rest = rest[size:]
		}
		held := s.Stats()
		if held.Unread < 0 || held.Kept < 0 || held.Unread > int64(held.Flows)*windowAtFirst {
			t.Fatalf("it holds %+v", held)
		}
		s.Close(Ended)
		if held = s.Stats(); held.Unread != 0 || held.Kept != 0 || held.Flows != 0 {
			t.Fatalf("it still holds %+v", held)
		}
	})
}

// aloneLane is a lane that carries, without goroutines and without a far end.
func aloneLane(t testing.TB, isAgent bool) *lane {
	config := Config{Lanes: 1}
	if isAgent {
		config.Accept = func(f *Flow, _ Opening) Events {
			f.Answer(Connected)
			_, _ = f.Write([]byte("hello"))
			return &echo{f}
		}
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	l := newLane(s, 0, nowhere{})
	if l.outgoing.keyed, err = newKeyed(suiteChaCha, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	s.lanes[0] = l
	return l
}

// nowhere is a stream that takes everything.
type nowhere struct{}

func (nowhere) Read([]byte) (int, error)        { return 0, io.EOF }
func (nowhere) Write(bytes []byte) (int, error) { return len(bytes), nil }
func (nowhere) Close() error                    { return nil }

// echo is an end that sends back what comes.
type echo struct{ flow *Flow }

func (*echo) Answered(Verdict) {}
func (*echo) Writable()        {}
func (*echo) Reset(Cause)      {}
func (e *echo) Readable() {
	var buffer [1 << 10]byte
	for {
		n, err := e.flow.Read(buffer[:])
		if err != nil {
			return
		}
		_, _ = e.flow.Write(buffer[:n])
	}
}
