// Package memnet is a network for tests: pairs of in-memory byte streams with a delay, a rate, a bounded buffer, and
// the faults a real path has (a stall that loses nothing and says nothing, a reset). No product code imports it.
package memnet

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrReset is what both ends get after Reset.
var ErrReset = errors.New("connection reset by the test")

// Options of a pair, the same in both directions. Zero values mean no delay and no limit of rate.
type Options struct {
	Delay  time.Duration // one way
	Rate   int           // bytes per second
	Link   *Link         // whose rate the pair shares with others; nil where it has Rate for itself
	Loss   float64       // share of segments that come a round trip later, and what is behind them with them
	Buffer int           // bytes that may be under way before Write waits; 0 is 256 KiB
}

// Link is a line that several pairs share, each way.
type Link struct {
	rate int
	lock sync.Mutex
	busy [2]time.Time // until when it sends what it took
}

// NewLink makes a line of so many bytes per second each way.
func NewLink(rate int) *Link { return &Link{rate: rate} }

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
	way     int // of the link
	random  *rand.Rand
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
	if options.Link == nil {
		options.Link = NewLink(options.Rate)
	}
	p := &pair{options: options}
	for way := range p.ways {
		p.ways[way].way = way
		p.ways[way].random = rand.New(rand.NewPCG(uint64(way), 1))
	}
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
	due := p.options.Link.send(e.out.way, len(bytes)).Add(p.options.Delay)
	if loss := p.options.Loss; loss > 0 && e.out.random.Float64() > math.Pow(1-loss, math.Ceil(float64(len(bytes))/segment)) {
		due = due.Add(2 * p.options.Delay)
	}
	e.out.chunks = append(e.out.chunks, chunk{append([]byte(nil), bytes...), due})
	e.out.bytes += len(bytes)
	p.changed.Broadcast()
	return len(bytes), nil
}

// segment is what a network loses at once, in bytes.
const segment = 1448

// send tells when the line has sent so many bytes, behind what it took before.
func (l *Link) send(way, bytes int) time.Time {
	l.lock.Lock()
	defer l.lock.Unlock()
	if now := time.Now(); l.busy[way].Before(now) {
		l.busy[way] = now
	}
	if l.rate > 0 {
		l.busy[way] = l.busy[way].Add(time.Duration(float64(bytes) / float64(l.rate) * float64(time.Second)))
	}
	return l.busy[way]
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
