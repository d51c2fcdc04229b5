package carrier

import (
	"io"
	"sync"
	"time"
)

// reportDelay is how long received bytes that do not fill reportEvery may stay unreported.
const reportDelay = 10 * time.Millisecond

// stream is one attached byte stream: a goroutine that writes what Send left for it, and the state of the reader.
type stream struct {
	transport io.ReadWriteCloser
	decoder   decoder
	lost      chan error
	onWritten func()

	lock       sync.Mutex
	changed    sync.Cond // pending grew, was taken, or the stream ended
	pending    []byte    // frames that no Write has taken yet
	writing    int       // bytes in the Write under way
	window     window
	received   uint64
	reportDue  bool
	reportedTo uint64
	reportedAt time.Time
	reportSoon *time.Timer
	ended      error
}

func newStream(transport io.ReadWriteCloser, options Options, onWritten func()) *stream {
	s := &stream{
		transport: transport,
		lost:      make(chan error, 1),
		onWritten: onWritten,
		window:    newWindow(options.WindowMinimum, options.WindowMaximum),
	}
	s.changed.L = &s.lock
	s.reportSoon = time.AfterFunc(time.Hour, s.requestReport)
	s.reportSoon.Stop()
	return s
}

// end closes the transport and tells why, once.
func (s *stream) end(reason error) {
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
	s.lost <- reason
	close(s.lost)
	// A polite close may wait for a peer that is not there any more.
	go func() { _ = s.transport.Close() }()
}

// queue leaves messages for the writer and waits while it has more than limit bytes to write.
func (s *stream) queue(messages [][]byte, limit int) {
	now := time.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, message := range messages {
		s.pending = appendFrame(s.pending, message)
		s.window.add(len(message), now)
	}
	s.changed.Broadcast()
	for len(s.pending) > limit && s.ended == nil {
		s.changed.Wait()
	}
}

// write is the writer's loop. It returns why the stream cannot be written to any more.
func (s *stream) write() error {
	var batch []byte
	for {
		s.lock.Lock()
		for len(s.pending) == 0 && !s.reportDue && s.ended == nil {
			s.changed.Wait()
		}
		if s.ended != nil {
			defer s.lock.Unlock()
			return s.ended
		}
		batch = batch[:0]
		if s.reportDue {
			batch = appendReport(batch, s.received)
			s.reportDue = false
		}
		if len(batch) == 0 {
			batch, s.pending = s.pending, batch
		} else {
			batch = append(batch, s.pending...)
			s.pending = s.pending[:0]
		}
		s.writing = len(batch)
		s.changed.Broadcast()
		s.lock.Unlock()

		for rest := batch; len(rest) > 0; {
			n, err := s.transport.Write(rest[:min(len(rest), writeSize)])
			if err != nil {
				return err
			}
			rest = rest[n:]
			s.lock.Lock()
			s.writing = len(rest)
			s.lock.Unlock()
			s.onWritten()
		}
	}
}

// count adds received bytes and asks for a report when one is due. idle tells that the reader is about to wait.
func (s *stream) count(bytes int, idle bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.received += uint64(bytes)
	unreported := s.received - s.reportedTo
	if unreported == 0 || s.ended != nil {
		return
	}
	if unreported >= reportEvery {
		s.reportLocked(time.Now())
		return
	}
	if !idle {
		return
	}
	if now := time.Now(); now.Sub(s.reportedAt) >= reportDelay {
		s.reportLocked(now)
	} else {
		s.reportSoon.Reset(reportDelay)
	}
}

func (s *stream) requestReport() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.received != s.reportedTo {
		s.reportLocked(time.Now())
	}
}

func (s *stream) reportLocked(now time.Time) {
	s.reportDue, s.reportedTo, s.reportedAt = true, s.received, now
	s.changed.Broadcast()
}
