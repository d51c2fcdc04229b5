package bytestream

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/carrier/window"
)

// lane is one attachment: a stream, the keys of its two directions, and what is under way on it. All but the fields of
// reader and writer is guarded by the session's lock.
type lane struct {
	session    *Session
	number     int
	attachment uint64
	stream     io.ReadWriteCloser
	incoming   recordReader
	outgoing   sealer
	heard      atomic.Int64 // when bytes came last, as the time since the session was born

	patience  *time.Timer // with a far end that has not proved itself
	ended     error
	wake      sync.Cond
	isWriting bool
	writingAt time.Time // when that began
	plain     []byte    // the record that is or was written
	bulk      flowQueue
	flights   flights
	window    window.Window
	isHeld    bool // bulk waits for the window

	received   uint64 // bytes of counted frames
	reported   uint64 // of these
	reportedAt time.Time
	reportDue  bool
	reportSoon *time.Timer
	isSoon     bool

	pingDue, pongDue bool
	pingNumber       uint64 // of the last ping
	pongNumber       uint64 // to be answered
	pingAt           time.Time
	isAsked          bool // a ping has no answer
	isSuspect        bool
	roundTrip        time.Duration
	progressAt       time.Time // the far end reported something, or nothing was under way
	isStalled        bool      // what is under way is on its way elsewhere too
	aside            uint64    // bytes written that no report tells of: pings, pongs, reports, what is around a record
	asideAsked       uint64    // of these when the last ping was written
	asideRead        uint64    // of these the far end has read
	sentBytes        uint64
	receivedBytes    uint64
}

// LaneStats tells of a live lane.
type LaneStats struct {
	Number         int
	Attachment     uint64
	Sent, Received uint64 // bytes of frames
	Outstanding    int    // bytes that the far end has not reported
	Window         int
	RoundTrip      time.Duration // of the last ping; 0 before
	LeastRoundTrip time.Duration // 0 before
	HeardAgo       time.Duration
	Stalled        bool
	Cipher         string
}

func newLane(s *Session, number int, stream io.ReadWriteCloser) *lane {
	l := &lane{session: s, number: number, stream: stream, window: window.New(window.Minimum, window.Maximum)}
	l.wake.L = &s.mu
	l.reportSoon = time.AfterFunc(time.Hour, l.reportNow)
	l.reportSoon.Stop()
	return l
}

// serve shakes hands, then reads until the end. The engine's lane carries from the handshake on, the agent's from the
// first record, which shows that the handshake was no old one's. A far end that does not come so far ends it.
func (l *lane) serve() {
	s := l.session
	l.patience = time.AfterFunc(s.config.Timing.Handshake, func() { _ = l.stream.Close() })
	err := l.shakeHands()
	if err == nil && s.config.Accept == nil {
		err = l.begin()
	}
	if err == nil {
		err = l.read()
	}
	l.patience.Stop()
	l.incoming.buffer = nil // flows may remember the lane for long
	s.mu.Lock()
	l.endLocked(err)
	s.finish()
}

// begin makes the lane one that carries.
func (l *lane) begin() error {
	s := l.session
	s.mu.Lock()
	defer s.finish()
	switch {
	case s.isClosed:
		return ErrClosed
	case l.ended != nil:
		return l.ended
	case s.config.Accept != nil && l.attachment <= s.attachments[l.number]:
		return ErrAttachment
	}
	l.patience.Stop()
	s.hasArrivedLocked(l)
	s.attachments[l.number] = max(s.attachments[l.number], l.attachment)
	before := s.lanes[l.number]
	s.lanes[l.number] = l
	if before != nil {
		before.endLocked(ErrReplaced)
	}
	now := time.Now()
	l.hear()
	l.progressAt, l.reportedAt = now, now
	l.pingLocked(now) // the far end's lane carries from its first record on
	for s.homeless.first != nil {
		s.readyLocked(s.homeless.pop())
	}
	s.isDirty, s.changed = true, true
	s.running.Go(l.write)
	return nil
}

// endLocked ends the lane for a reason, once. What was under way is sent again.
func (l *lane) endLocked(reason error) {
	if l.ended != nil {
		return
	}
	if reason == nil {
		reason = io.EOF
	}
	l.ended = reason
	s := l.session
	s.hasArrivedLocked(l)
	l.reportSoon.Stop()
	if s.lanes[l.number] == l {
		s.lanes[l.number] = nil
		s.changed = true
	}
	l.abandonLocked()
	for l.bulk.first != nil {
		s.readyLocked(l.bulk.pop())
	}
	s.isDirty = true
	l.wake.Broadcast()
	level := slog.LevelDebug
	if isImpossible(reason) {
		level = slog.LevelWarn // two ends of ours never say such a thing
	}
	s.config.Log.Log(context.Background(), level, "flow lane ended", "lane", l.number, "attachment", l.attachment, "reason", reason)
	// A polite close may wait for a peer that is not there any more.
	go func() { _ = l.stream.Close() }()
}

// isImpossible tells of an end for what the far end said.
func isImpossible(reason error) bool {
	said := []error{ErrRecord, ErrFrame, ErrDirection, ErrUnknown, ErrWindow, ErrFinal, ErrVerdict, ErrGaps, ErrOpenings, ErrAnswers, ErrReport}
	return slices.ContainsFunc(said, func(one error) bool { return errors.Is(reason, one) })
}

// abandonLocked sends what is under way again elsewhere.
func (l *lane) abandonLocked() {
	s := l.session
	for _, one := range l.flights.takeAll() {
		f := one.flow
		switch {
		case one.kind == frameData:
			f.out.frames--
			f.lostLocked(one.sent)
		case one.kind == frameOpen && (f.verdict != 0 || f.isReset()),
			one.kind&(frameWindow|frameTimes) != 0 && f.isOver,
			one.kind == frameFinish && f.isReset():
		default:
			s.dueLocked(f, one.kind)
		}
	}
}

// reportedLocked takes the far end's report.
func (l *lane) reportedLocked(bytes uint64, now time.Time) error {
	before := l.window.Outstanding()
	if err := l.window.Report(bytes, now); err != nil {
		return err
	}
	if l.window.Outstanding() != before {
		l.progressAt, l.isStalled = now, false
	}
	for {
		one, ok := l.flights.takeUntil(bytes)
		if !ok {
			break
		}
		switch f := one.flow; one.kind {
		case frameData:
			f.out.frames--
			f.deliveredLocked(one.sent)
			l.session.readyLocked(f) // it may have had too many frames under way
		case frameAnswer, frameReset:
			l.session.settleLocked(f)
		case frameFinish:
			f.out.isFinal = true
			f.endIfDoneLocked()
		}
	}
	l.session.isDirty = true
	return nil
}

// watch looks after lanes and flows from time to time.
func (s *Session) watch() {
	ticker := time.NewTicker(min(watchEvery, max(s.config.Timing.PingAfter/4, time.Millisecond)))
	defer ticker.Stop()
	looked := time.Now()
	for {
		select {
		case <-ticker.C:
			now := time.Now()
			s.mu.Lock()
			for _, l := range s.lanes {
				switch {
				case l == nil:
				case now.Sub(looked) > pausedAfter:
					l.suspectLocked(now)
				default:
					l.watchLocked(now)
				}
			}
			looked = now
			s.finish()
		case <-s.done:
			return
		}
	}
}

// watchLocked asks a lane that says nothing, ends one that does not answer, and sends what hangs in one over another.
func (l *lane) watchLocked(now time.Time) {
	timing := l.session.config.Timing
	quiet := l.quiet()
	limit := timing.SilentAfter
	if l.isSuspect {
		limit = timing.SuspectAfter
	}
	waits := l.window.Outstanding() > 0
	switch {
	case l.isAsked && quiet > limit && now.Sub(l.pingAt) >= limit-timing.PingAfter:
		l.endLocked(ErrSilent)
		return
	case !l.isAsked && (quiet > timing.PingAfter || waits && quiet > timing.PingAfter/3):
		l.pingLocked(now)
	}
	if !waits {
		l.progressAt = now
	}
	overdue := max(timing.StalledAfter, 8*l.window.RoundTrip())
	if rate := l.window.Rate(); rate > 0 { // on a slow path what is under way takes its time
		overdue = max(overdue, time.Duration(2*float64(l.window.Outstanding())/rate*float64(time.Second)))
	}
	if waits && !l.isStalled && now.Sub(l.progressAt) > overdue && l.session.hasOther(l) {
		l.isStalled = true
		l.abandonLocked()
		for range l.bulk.count {
			l.session.readyLocked(l.bulk.pop())
		}
	}
}

// hasOther tells whether another lane seems to be alive.
func (s *Session) hasOther(than *lane) bool {
	for _, l := range s.lanes {
		if l != nil && l != than && !l.isStalled {
			return true
		}
	}
	return false
}

func (l *lane) pingLocked(now time.Time) {
	l.pingDue, l.isAsked, l.pingAt = true, true, now
	l.pingNumber++
	l.session.isDirty = true
}

// suspectLocked asks at once, and waits less.
func (l *lane) suspectLocked(now time.Time) {
	l.isSuspect, l.progressAt = true, now
	l.hear()
	l.pingLocked(now)
}

// hear notes that the lane is alive now.
func (l *lane) hear() { l.heard.Store(int64(time.Since(l.session.born))) }

// quiet is for how long nothing came.
func (l *lane) quiet() time.Duration {
	return time.Since(l.session.born) - time.Duration(l.heard.Load())
}

func (l *lane) pongLocked(number uint64, now time.Time) error {
	if number > l.pingNumber {
		return ErrFrame
	}
	if number == l.pingNumber && l.isAsked {
		l.isAsked, l.isSuspect, l.roundTrip = false, false, now.Sub(l.pingAt)
		l.asideRead = l.asideAsked
	}
	return nil
}

func (l *lane) statsLocked() LaneStats {
	return LaneStats{
		Number: l.number, Attachment: l.attachment, Sent: l.sentBytes, Received: l.receivedBytes,
		Outstanding: l.window.Outstanding(), Window: l.window.Limit(), RoundTrip: l.roundTrip,
		LeastRoundTrip: l.window.RoundTrip(), HeardAgo: l.quiet(), Stalled: l.isStalled,
		Cipher: l.outgoing.name(),
	}
}
