package stream

import (
	"sync"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/window"
)

// reportDelay is how long received bytes that do not fill reportEvery may stay unreported.
const reportDelay = 10 * time.Millisecond

// Stream is one byte stream: a goroutine that writes what Send left for it, and the state of the reader.
type Stream struct {
	name      string
	transport carrier.Stream
	decoder   decoder
	done      chan struct{}
	onRoom    func()

	lock       sync.Mutex
	changed    sync.Cond // pending grew, was taken, or the stream ended
	pending    []byte    // frames that no Write has taken yet
	isWriting  bool      // somebody has the turn to write
	writing    int       // bytes in the Write under way
	batch      []byte    // what is or was written last
	failed     error     // of a Write that was not the writer's
	window     window.Window
	received   uint64
	reportDue  bool
	reportedTo uint64
	reportedAt time.Time
	reportSoon *time.Timer
	ended      error
}

var _ carrier.Packets = (*Stream)(nil)

// New makes a Stream over transport, which it owns. name is that of the carrier that opened it.
func New(name string, transport carrier.Stream) *Stream {
	s := &Stream{
		name:      name,
		transport: transport,
		done:      make(chan struct{}),
		onRoom:    func() {},
		window:    window.New(window.Minimum, window.Maximum),
	}
	s.changed.L = &s.lock
	s.reportSoon = time.AfterFunc(time.Hour, s.requestReport)
	s.reportSoon.Stop()
	return s
}

// Accept makes a Stream at the agent's end, which does not see what opened it.
func Accept(transport carrier.Stream) carrier.Packets { return New("stream", transport) }

// Name implements carrier.Packets.
func (s *Stream) Name() string { return s.name }

// MaxMessage implements carrier.Packets.
func (s *Stream) MaxMessage() int { return carrier.MaxMessage }

// Start implements carrier.Packets.
func (s *Stream) Start(onRoom func()) {
	s.onRoom = onRoom
	go func() { s.Close(s.write()) }()
}

// HasRoom implements carrier.Packets.
func (s *Stream) HasRoom(bytes, promised int, small bool) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	unwritten := promised + len(s.pending) + s.writing
	outstanding := promised + s.window.Outstanding()
	if small {
		return unwritten+bytes <= Credit+smallAllowance && outstanding+bytes <= s.window.Limit()+smallAllowance
	}
	if outstanding > 0 && outstanding+bytes > s.window.Limit() {
		s.window.HoldBack()
		return false
	}
	return unwritten == 0 || unwritten+bytes <= Credit
}

// Done implements carrier.Packets.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Err implements carrier.Packets.
func (s *Stream) Err() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.ended
}

// Stats implements carrier.Packets.
func (s *Stream) Stats() carrier.Stats {
	s.lock.Lock()
	defer s.lock.Unlock()
	return carrier.Stats{
		Sent: s.window.Sent(), Received: s.received, Outstanding: s.window.Outstanding(), Window: s.window.Limit(),
		RoundTrip: s.window.RoundTrip(), Rate: s.window.Rate(),
	}
}

// Close implements carrier.Packets.
func (s *Stream) Close(reason error) {
	if reason == nil {
		reason = carrier.ErrClosed
	}
	s.lock.Lock()
	first := s.ended == nil
	if first {
		s.ended = reason
		s.reportSoon.Stop()
		s.changed.Broadcast()
	}
	s.lock.Unlock()
	if !first {
		return
	}
	close(s.done)
	// A polite close may wait for a peer that is not there any more.
	go func() { _ = s.transport.Close() }()
}

// Send implements carrier.Packets: it leaves messages for the writer and waits while there is much to write. A little
// that finds the stream idle is written at once by the caller: waking the writer would cost it more time than the write.
func (s *Stream) Send(messages [][]byte) {
	now := time.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.ended != nil {
		return
	}
	for _, message := range messages {
		if len(message) == 0 || len(message) > carrier.MaxMessage {
			continue
		}
		s.pending = appendFrame(s.pending, message)
		s.window.Add(len(message), now)
	}
	if len(s.pending) <= atOnce && !s.isWriting && s.ended == nil {
		if err := s.writePendingLocked(); err != nil {
			s.failed = err
		}
	}
	s.changed.Broadcast()
	for len(s.pending) > Credit+smallAllowance && s.ended == nil {
		s.changed.Wait()
	}
}

// write is the writer's loop. It returns why the stream cannot be written to any more.
func (s *Stream) write() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for {
		for (s.isWriting || len(s.pending) == 0 && !s.reportDue) && s.ended == nil && s.failed == nil {
			s.changed.Wait()
		}
		if s.ended != nil {
			return s.ended
		}
		if s.failed != nil {
			return s.failed
		}
		if err := s.writePendingLocked(); err != nil {
			return err
		}
	}
}

// writePendingLocked writes what is pending, and with it what was received: a report in a write that happens anyway
// costs the hops of the path nothing. The lock is not held while the transport takes bytes; one writes at a time.
func (s *Stream) writePendingLocked() error {
	batch := s.batch[:0]
	if s.reportDue || s.received-s.reportedTo >= reportAlong {
		batch = appendReport(batch, s.received)
		s.reportDue, s.reportedTo, s.reportedAt = false, s.received, time.Now()
	}
	if len(batch) == 0 {
		batch, s.pending = s.pending, batch
	} else {
		batch = append(batch, s.pending...)
		s.pending = s.pending[:0]
	}
	s.batch, s.writing, s.isWriting = batch, len(batch), true
	s.changed.Broadcast()
	var failed error
	for rest := batch; len(rest) > 0 && failed == nil; {
		s.lock.Unlock()
		n, err := s.transport.Write(rest[:min(len(rest), writeSize)])
		s.lock.Lock()
		rest, failed = rest[n:], err
		s.writing = len(rest)
		if err == nil {
			s.lock.Unlock()
			s.onRoom()
			s.lock.Lock()
		}
	}
	s.isWriting = false
	return failed
}

// count adds received bytes and asks for a report when one is due. idle tells that the reader is about to wait.
func (s *Stream) count(bytes int, idle bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.received += uint64(bytes)
	unreported := s.received - s.reportedTo
	if unreported == 0 || s.ended != nil {
		return
	}
	wait := reportDelay
	if unreported >= reportEvery {
		wait = reportGap
	} else if !idle {
		return
	}
	now := time.Now()
	since := now.Sub(s.reportedAt)
	if since >= wait {
		s.reportLocked(now)
	} else if idle {
		s.reportSoon.Reset(wait - since)
	}
}

// requestReport is called when a report may be due that nothing brought along.
func (s *Stream) requestReport() { s.count(0, true) }

func (s *Stream) reportLocked(now time.Time) {
	s.reportDue, s.reportedTo, s.reportedAt = true, s.received, now
	s.changed.Broadcast()
}
