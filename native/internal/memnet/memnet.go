// Package memnet is a network for tests: pairs of in-memory byte streams with a delay, a rate, a bounded buffer, and
// the faults a real path has (a stall that loses nothing and says nothing, a reset). No product code imports it.
package memnet

import (
	"errors"
	"io"
	"sync"
	"time"
)

// ErrReset is what both ends get after Reset.
var ErrReset = errors.New("connection reset by the test")

// Options of a pair, the same in both directions. Zero values mean no delay and no limit of rate.
type Options struct {
	Delay  time.Duration // one way
	Rate   int           // bytes per second
	Buffer int           // bytes that may be under way before Write waits; 0 is 256 KiB
}

// End is one end of a pair. Its methods are safe for concurrent use.
type End struct {
	pair *pair
	in   *direction
	out  *direction
}

var _ io.ReadWriteCloser = (*End)(nil)

type pair struct {
	options Options
	lock    sync.Mutex
	changed sync.Cond
	reset   bool
	ways    [2]direction
}

type direction struct {
	chunks  []chunk
	bytes   int
	busy    time.Time // until when the link sends what it took
	stalled bool
	closed  bool // by the writer: what is under way still arrives
	deaf    bool // the reader closed
}

type chunk struct {
	bytes []byte
	due   time.Time
}

// Pipe returns the two ends of a pair.
func Pipe(options Options) (*End, *End) {
	if options.Buffer <= 0 {
		options.Buffer = 256 << 10
	}
	p := &pair{options: options}
	p.changed.L = &p.lock
	return &End{pair: p, in: &p.ways[0], out: &p.ways[1]}, &End{pair: p, in: &p.ways[1], out: &p.ways[0]}
}

// Read returns what arrived, and waits for the first byte.
func (e *End) Read(into []byte) (int, error) {
	p := e.pair
	p.lock.Lock()
	defer p.lock.Unlock()
	for {
		switch {
		case p.reset:
			return 0, ErrReset
		case e.in.deaf:
			return 0, io.ErrClosedPipe
		case len(e.in.chunks) == 0 && e.in.closed && !e.in.stalled:
			return 0, io.EOF
		case len(e.in.chunks) == 0 || e.in.stalled:
			p.changed.Wait()
			continue
		}
		if wait := time.Until(e.in.chunks[0].due); wait > 0 {
			p.waitFor(wait)
			continue
		}
		n := copy(into, e.in.chunks[0].bytes)
		e.in.chunks[0].bytes = e.in.chunks[0].bytes[n:]
		if len(e.in.chunks[0].bytes) == 0 {
			e.in.chunks = e.in.chunks[1:]
		}
		e.in.bytes -= n
		p.changed.Broadcast()
		return n, nil
	}
}

// Write takes all of bytes, and waits while the buffer is full.
func (e *End) Write(bytes []byte) (int, error) {
	p := e.pair
	p.lock.Lock()
	defer p.lock.Unlock()
	for e.out.bytes >= p.options.Buffer && !e.writingEnded() {
		p.changed.Wait()
	}
	switch {
	case p.reset:
		return 0, ErrReset
	case e.writingEnded():
		return 0, io.ErrClosedPipe
	}
	now := time.Now()
	if e.out.busy.Before(now) {
		e.out.busy = now
	}
	if p.options.Rate > 0 {
		e.out.busy = e.out.busy.Add(time.Duration(float64(len(bytes)) / float64(p.options.Rate) * float64(time.Second)))
	}
	e.out.chunks = append(e.out.chunks, chunk{append([]byte(nil), bytes...), e.out.busy.Add(p.options.Delay)})
	e.out.bytes += len(bytes)
	p.changed.Broadcast()
	return len(bytes), nil
}

func (e *End) writingEnded() bool { return e.pair.reset || e.out.closed || e.out.deaf }

// Close ends both directions; what was written before still arrives.
func (e *End) Close() error {
	e.pair.lock.Lock()
	defer e.pair.lock.Unlock()
	e.out.closed, e.in.deaf = true, true
	e.pair.changed.Broadcast()
	return nil
}

// Stall holds up what this end writes, until Stall(false). Nothing is lost, and nobody is told.
func (e *End) Stall(stalled bool) {
	e.pair.lock.Lock()
	defer e.pair.lock.Unlock()
	e.out.stalled = stalled
	e.pair.changed.Broadcast()
}

// Reset ends the pair at once and loses what is under way.
func (e *End) Reset() {
	e.pair.lock.Lock()
	defer e.pair.lock.Unlock()
	e.pair.reset = true
	e.pair.changed.Broadcast()
}

// waitFor waits on the condition no longer than wait.
func (p *pair) waitFor(wait time.Duration) {
	timer := time.AfterFunc(wait, func() {
		p.lock.Lock()
		defer p.lock.Unlock()
		p.changed.Broadcast()
	})
	p.changed.Wait()
	timer.Stop()
}
