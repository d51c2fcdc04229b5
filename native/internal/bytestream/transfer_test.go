package bytestream

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// patternBytes repeat after a prime number of bytes, so that no two pieces of a transfer look the same by chance.
var patternBytes = func() []byte {
	made := make([]byte, 65521)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(made)
	return append(made, made...)
}()

// fillPattern writes what a flow has from an offset on.
func fillPattern(seed uint64, offset int, into []byte) {
	const period = 65521
	for len(into) > 0 {
		at := (uint64(offset) + seed*7919) % period
		n := copy(into, patternBytes[at:at+period])
		into, offset = into[n:], offset+n
	}
}

// send writes a pattern of so many bytes, in pieces of random sizes, and closes.
func (e *end) send(t testing.TB, seed uint64, total int) {
	random := rand.New(rand.NewPCG(seed, 1))
	buffer := make([]byte, 100<<10)
	for offset := 0; offset < total; {
		size := min(1+random.IntN(1<<(4+random.IntN(13))), total-offset)
		fillPattern(seed, offset, buffer[:size])
		for rest := buffer[:size]; len(rest) > 0; {
			e.mu.Lock()
			told := e.writable
			e.mu.Unlock()
			n, err := e.Write(rest)
			if random.IntN(2) == 0 && n == 0 && errors.Is(err, ErrWouldBlock) {
				n, err = e.Fill(len(rest), func(into []byte) (int, error) { return copy(into, rest), nil })
			}
			rest = rest[n:]
			switch {
			case errors.Is(err, ErrWouldBlock):
				e.await(t, "room", func() bool { return e.writable > told })
			case err != nil:
				t.Errorf("write at %d of %d: %v", offset, total, err)
				return
			}
		}
		offset += size
	}
	e.CloseWrite()
}

// receive reads a pattern of so many bytes and the end behind it.
func (e *end) receive(t testing.TB, seed uint64, total int) {
	buffer, want := make([]byte, 70<<10), make([]byte, 70<<10)
	var pieces [4][]byte
	for offset := 0; ; {
		e.mu.Lock()
		told := e.readable
		e.mu.Unlock()
		var n int
		var err error
		if offset%2 == 0 {
			n, err = e.Read(buffer)
		} else if count, failed := e.Peek(pieces[:]); failed != nil {
			err = failed
		} else {
			n = copy(buffer, bytes.Join(pieces[:count], nil))
			e.Discard(n)
		}
		if n > 0 {
			if offset+n > total {
				t.Errorf("%d bytes instead of %d", offset+n, total)
				return
			}
			fillPattern(seed, offset, want[:n])
			if !bytes.Equal(buffer[:n], want[:n]) {
				t.Errorf("other bytes at %d of %d", offset, total)
				return
			}
			offset += n
		}
		switch {
		case errors.Is(err, io.EOF):
			if offset != total {
				t.Errorf("the end at %d of %d", offset, total)
			}
			return
		case errors.Is(err, ErrWouldBlock):
			e.await(t, "something to read", func() bool { return e.readable > told })
		case err != nil:
			t.Errorf("read at %d of %d: %v", offset, total, err)
			return
		}
	}
}

// exchange moves bytes both ways on so many flows at once, and returns when all has come.
func (p *pair) exchange(flows, bytes int, seed uint64) {
	p.t.Helper()
	var running sync.WaitGroup
	for number := range flows {
		engine, agent := p.open()
		up, down := seed*1000+uint64(2*number), seed*1000+uint64(2*number+1)
		running.Go(func() { engine.send(p.t, up, bytes) })
		running.Go(func() { agent.receive(p.t, up, bytes) })
		running.Go(func() { agent.send(p.t, down, bytes) })
		running.Go(func() { engine.receive(p.t, down, bytes) })
	}
	running.Wait()
}

// settled waits until neither end holds anything of any flow.
func (p *pair) settled() {
	p.t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		engine, agent := p.engine.Stats(), p.agent.Stats()
		if engine.Flows+agent.Flows == 0 && engine.Kept+engine.Unread+agent.Kept+agent.Unread == 0 {
			return
		}
		if time.Since(begun) > deadline {
			p.t.Fatalf("left: engine %+v, agent %+v", engine, agent)
		}
	}
}
