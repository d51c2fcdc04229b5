package direct

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// isShutOut tells whether a stranger is closed without having got a byte.
func isShutOut(t testing.TB, conn net.Conn) {
	t.Helper()
	if got, err := io.ReadAll(conn); len(got) > 0 {
		t.Errorf("a stranger got %d bytes", len(got))
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Error("a stranger is kept")
	}
}

// tapped is what an engine said on one connection, up to its opening.
func tapped(t *testing.T, p *pair) (knock, rest []byte) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	go p.door.receive(far)
	knock, state, err := p.engine.knocker.knock(p.engine.knocks.Add(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write(knock); err != nil {
		t.Fatal(err)
	}
	var answer [answerSize]byte
	if _, err := io.ReadFull(near, answer[:]); err != nil {
		t.Fatal(err)
	}
	keys, err := finish(state, answer[:])
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := keys.writeSealed(&said, []byte(`{"kind":"lane"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write(said.Bytes()); err != nil {
		t.Fatal(err)
	}
	(<-p.entered).conn.Close()
	return knock, said.Bytes()
}

func TestAStrangerGetsNoAnswer(t *testing.T) {
	p := newPair(t, nil)
	knock, rest := tapped(t, p)
	fresh, _, err := p.engine.knocker.knock(p.engine.knocks.Add(1))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(place int) []byte {
		other := bytes.Clone(fresh)
		other[place] ^= 1
		return other
	}
	strangers := map[string][]byte{
		"nothing":                   {},
		"HTTP":                      []byte("GET / HTTP/1.1\r\nHost: agent\r\n\r\n"),
		"TLS":                       append([]byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}, make([]byte, 512)...),
		"zeros":                     make([]byte, knockSize),
		"a hint alone":              fresh[:hintSize],
		"half a knock":              fresh[:knockSize/2],
		"a hint with another proof": changed(hintSize + numberSize),
		"another number":            changed(hintSize),
		"another first message":     changed(knockSize - 1),
		"a knock that was heard":    knock,
		"everything that was heard": append(bytes.Clone(knock), rest...),
		"an opening as of old":      []byte("\x00\x00\x00\x10{\"kind\":\"control\"}"),
	}
	t.Run("who says", func(t *testing.T) {
		for name, says := range strangers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				isShutOut(t, p.stranger(t, "127.0.0.1", says))
			})
		}
	})
	select {
	case one := <-p.entered:
		t.Errorf("a stranger entered as %+v", one.opening)
	default:
	}
	p.carries(t)
}

// A fresh knock with an opening of an earlier dialogue behind it is answered, and goes no further.
func TestAnOpeningIsOfItsOwnHandshake(t *testing.T) {
	p := newPair(t, nil)
	_, rest := tapped(t, p)
	fresh, _, err := p.engine.knocker.knock(p.engine.knocks.Add(1))
	if err != nil {
		t.Fatal(err)
	}
	conn := p.stranger(t, "127.0.0.1", append(fresh, rest...))
	if got, _ := io.ReadAll(conn); len(got) != answerSize {
		t.Errorf("%d bytes were answered", len(got))
	}
	select {
	case one := <-p.entered:
		t.Errorf("entered as %+v", one.opening)
	default:
	}
}

func TestStrangersAreBoundedAndOneAddressDoesNotShutOutAnother(t *testing.T) {
	p := newPair(t, func(door *Door) { door.patience = time.Minute })
	patient := p.stranger(t, "127.0.0.9", p.engine.knocker.hint[:])
	var flood []net.Conn
	for range 3 * strangersAtMost {
		flood = append(flood, p.stranger(t, "127.0.0.2", p.engine.knocker.hint[:]))
	}
	for _, conn := range flood[:strangersAtMost] {
		isShutOut(t, conn)
	}
	p.door.mu.Lock()
	count := len(p.door.strangers.all)
	p.door.mu.Unlock()
	if count > strangersAtMost {
		t.Errorf("%d strangers are held", count)
	}
	_ = patient.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := patient.Read(make([]byte, 1)); err == nil || !err.(net.Error).Timeout() {
		t.Errorf("the only one of its address made way: %v", err)
	}
	p.carries(t)
}

func TestAFloodIsLookedAtSlowly(t *testing.T) {
	var bounded allowance
	now := time.Unix(1000, 0)
	for range knocksEachSecond {
		if wait := bounded.take(now); wait > 0 {
			t.Fatalf("a burst waits %v", wait)
		}
	}
	waited := time.Duration(0)
	for range 2 * knocksEachSecond {
		wait := bounded.take(now)
		waited += wait
		now = now.Add(wait)
	}
	if waited < 2*time.Second-time.Second/knocksEachSecond || waited > 3*time.Second {
		t.Errorf("%d further ones took %v", 2*knocksEachSecond, waited)
	}
}

func TestProbesOfASessionAreBounded(t *testing.T) {
	p := newPair(t, nil)
	for range probesAtMost {
		opened, err := p.engine.Probe(p.within(t), p.target)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		if _, err := opened.Ask(p.within(t), 1); err != nil {
			t.Fatal(err)
		}
	}
	further, err := p.engine.Probe(p.within(t), p.target)
	if err == nil {
		defer further.Close()
		_, err = further.Ask(p.within(t), 1)
	}
	if err == nil {
		t.Error("there is no end of probes")
	}
	p.carries(t)
}

// What the engine is answered comes from whoever has the address.
func FuzzAnswer(f *testing.F) {
	engine, agent := sessionKeys(f, "session")
	knocker, _ := newKnocker(engine)
	far, _ := newKnocker(agent)
	knock, _, err := knocker.knock(1)
	if err != nil {
		f.Fatal(err)
	}
	answer, _, err := far.answer(knock, func(uint64) bool { return true })
	if err != nil {
		f.Fatal(err)
	}
	f.Add(answer)
	f.Add(make([]byte, answerSize))
	f.Fuzz(func(t *testing.T, said []byte) {
		_, state, err := knocker.knock(2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := finish(state, said); err == nil {
			t.Fatal("an answer to another knock was taken")
		}
	})
}

// Whatever a stranger says, it does not enter, and is not kept.
func FuzzDoor(f *testing.F) {
	entered := make(chan entry, 1)
	door := newDoor(entered)
	door.patience = time.Second
	engine, agent := sessionKeys(f, "session")
	knocker, _ := newKnocker(engine)
	far, _ := newKnocker(agent)
	door.guests[far.hint] = &guest{knocker: far, probes: map[net.Conn]struct{}{}}
	knock, _, err := knocker.knock(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(knock)
	f.Add(append(bytes.Clone(knock), 0, 40))
	f.Add(knock[:hintSize])
	f.Fuzz(func(t *testing.T, said []byte) {
		near, conn := net.Pipe()
		over := make(chan struct{})
		go func() { door.receive(conn); close(over) }()
		go func() { _, _ = io.Copy(io.Discard, near) }()
		_ = near.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = near.Write(said)
		near.Close()
		select {
		case <-over:
		case <-time.After(deadline):
			t.Fatal("a stranger is kept")
		}
		select {
		case one := <-entered:
			t.Fatalf("a stranger entered as %+v", one.opening)
		default:
		}
	})
}
