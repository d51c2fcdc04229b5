// Package measure holds the far ends of connections by which a laptop measures the way to its agent: the agent itself
// echoes, discards, or sends without end. Package measure must never open a socket, keep what it was sent, or serve more
// than one laptop's measuring takes.
package measure

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/turn"
)

// Ports at the agent's address. Browsers connect to none of them (Fetch standard, "bad ports").
const (
	Echo    = 7  // RFC 862: what comes goes back
	Discard = 9  // as RFC 863, but how much came is told: 8 bytes, big endian, at most each tellEvery
	Source  = 19 // as RFC 864, but bytes that nothing on the way can make fewer
)

// Bounds of what one session may ask for.
const (
	atOnce     = 16 // connections
	lifetime   = 30 * time.Second
	bytesMoved = 8 << 30 // of one connection, each way
)

// tellEvery is between two words about how much came.
const tellEvery = 10 * time.Millisecond

// Has tells whether something is measured at a port.
func Has(port uint16) bool { return port == Echo || port == Discard || port == Source }

// Server serves one session. Its zero value is ready.
type Server struct {
	mu       sync.Mutex
	open     int
	lifetime time.Duration // of a connection; 0: the usual
}

// Accept takes a flow to one of the ports, and refuses it where there are too many.
func (s *Server) Accept(flow *bytestream.Flow, port uint16) bytestream.Events {
	served := &end{server: s, flow: flow}
	switch port {
	case Echo:
		served.work = served.echo
	case Discard:
		served.work = served.discard
	case Source:
		served.work = served.send
	}
	if served.work == nil || !s.enter() {
		served.work = func() {}
		served.isOver.Store(true)
		go flow.Answer(bytestream.Refused)
		return served
	}
	served.patience = time.AfterFunc(cmp.Or(s.lifetime, lifetime), func() { served.fail(bytestream.Shed) })
	go func() {
		flow.Answer(bytestream.Connected)
		served.turn.Run(served.work)
	}()
	return served
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= atOnce {
		return false
	}
	s.open++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
}

// end is one connection's end here.
type end struct {
	server   *Server
	flow     *bytestream.Flow
	patience *time.Timer
	turn     turn.Turn
	work     func() // moves what can be moved
	moved    uint64 // bytes, of work
	told     uint64 // of moved, of discard
	toldAt   time.Time
	isDue    bool // it will be told
	isOver   atomic.Bool
}

// Answered implements bytestream.Events; it is the engine's.
func (e *end) Answered(bytestream.Verdict) {}

// Readable implements bytestream.Events.
func (e *end) Readable() { e.turn.Start(e.work) }

// Writable implements bytestream.Events.
func (e *end) Writable() { e.turn.Start(e.work) }

// Reset implements bytestream.Events.
func (e *end) Reset(bytestream.Cause) { e.finish() }

func (e *end) finish() {
	if e.isOver.CompareAndSwap(false, true) {
		e.patience.Stop()
		e.server.leave()
	}
}

func (e *end) fail(cause bytestream.Cause) {
	e.flow.Reset(cause)
	e.finish()
}

// close ends it in good order.
func (e *end) close() {
	e.flow.CloseWrite()
	e.finish()
}

// count is false once enough was moved; then it is over.
func (e *end) count(bytes int) bool {
	if e.moved += uint64(bytes); e.moved > bytesMoved {
		e.fail(bytestream.Shed)
		return false
	}
	return true
}

// piece is what one call moves at most, in bytes.
const piece = 64 << 10

var pieces = sync.Pool{New: func() any { return new([piece]byte) }}

func (e *end) echo() {
	into := pieces.Get().(*[piece]byte)
	defer pieces.Put(into)
	for !e.isOver.Load() {
		room := min(e.flow.Room(), piece)
		if room == 0 {
			return // Writable comes; or the flow is over, which is seen when it is read
		}
		read, err := e.flow.Read(into[:room])
		if read > 0 {
			_, _ = e.flow.Write(into[:read]) // there is room: nobody else writes
		}
		if e.endsBy(err) || !e.count(read) {
			return
		}
	}
}

func (e *end) discard() {
	var views [16][]byte
	for !e.isOver.Load() {
		count, err := e.flow.Peek(views[:])
		bytes := 0
		for _, view := range views[:count] {
			bytes += len(view)
		}
		e.flow.Discard(bytes)
		if !e.count(bytes) {
			return
		}
		if errors.Is(err, io.EOF) || time.Since(e.toldAt) >= tellEvery {
			e.tell()
		} else if !e.isDue && e.moved != e.told {
			e.isDue = true
			time.AfterFunc(tellEvery, func() { e.turn.Start(e.work) })
		}
		if e.endsBy(err) {
			return
		}
	}
}

// tell writes how much came, where that is news and there is room: a far end that does not read hears no more.
func (e *end) tell() {
	e.isDue = false
	if e.moved != e.told && e.flow.Room() >= 8 {
		_, _ = e.flow.Write(binary.BigEndian.AppendUint64(nil, e.moved))
		e.told, e.toldAt = e.moved, time.Now()
	}
}

func (e *end) send() {
	for !e.isOver.Load() {
		if _, err := e.flow.Read(nil); !errors.Is(err, bytestream.ErrWouldBlock) && e.endsBy(err) {
			return
		}
		sent, err := e.flow.Fill(piece, func(into []byte) (int, error) { return copy(into, noise()), nil })
		if err != nil || !e.count(sent) {
			return // no room, of which Writable tells the end, or it is over
		}
	}
}

// endsBy tells that there is nothing more to do now.
func (e *end) endsBy(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, io.EOF):
		e.close()
	case !errors.Is(err, bytestream.ErrWouldBlock):
		e.finish()
	}
	return true
}

// noise is the same random bytes each time.
var noise = sync.OnceValue(func() []byte {
	made := make([]byte, piece)
	_, _ = rand.Read(made) // never fails (Go 1.24)
	return slices.Clip(made)
})
