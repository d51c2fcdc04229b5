package bytestream

import (
	"fmt"
	"time"
)

// read works off records until the stream ends.
func (l *lane) read() error {
	s := l.session
	hasBegun := s.config.Accept == nil
	for {
		plain, err := l.incoming.next(l)
		if err != nil && !hasBegun {
			return fmt.Errorf("%w: %w", ErrHandshake, err)
		}
		if err != nil {
			return err
		}
		if !hasBegun {
			if err := l.begin(); err != nil {
				return err
			}
			hasBegun = true
		}
		s.mu.Lock()
		if l.ended != nil {
			s.mu.Unlock()
			return l.ended
		}
		err = l.takeLocked(plain)
		if err == nil {
			l.noteReportLocked(!l.incoming.hasNext())
			s.relieveLocked()
		}
		s.finish()
		if err != nil {
			return err
		}
	}
}

// takeLocked works off the frames of a record.
func (l *lane) takeLocked(plain []byte) error {
	now := time.Now()
	frames := reader{plain}
	var one frame
	for len(frames.rest) > 0 {
		before := len(frames.rest)
		if err := frames.next(&one); err != nil {
			return err
		}
		if one.kind <= kindTimes {
			l.received += uint64(before - len(frames.rest))
		}
		if err := l.takeFrameLocked(&one, now); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) takeFrameLocked(one *frame, now time.Time) error {
	switch one.kind {
	case kindReport:
		return l.reportedLocked(one.number, now)
	case kindPing:
		l.pongDue, l.pongNumber = true, one.number
		l.session.isDirty = true
		return nil
	case kindPong:
		return l.pongLocked(one.number, now)
	case kindOpen:
		return l.session.openedLocked(one)
	}
	s := l.session
	f := s.flows[one.flow]
	if f == nil {
		return s.checkForgotten(one)
	}
	if s.config.Accept == nil {
		if one.kind == kindAnswer {
			return f.answeredLocked(Verdict(one.outcome))
		}
		if f.verdict == 0 {
			if err := f.answeredLocked(Connected); err != nil {
				return err
			}
		}
	} else if one.kind == kindAnswer || one.kind == kindTimes {
		return ErrDirection
	} else if f.verdict == 0 && one.kind != kindReset {
		return ErrVerdict
	}
	switch one.kind {
	case kindData:
		l.receivedBytes += uint64(len(one.bytes))
		before := f.in.ready
		err := f.receiveLocked(one.number, one.bytes)
		s.taken += f.in.ready - before
		return err
	case kindTimes:
		f.timedLocked(one)
	case kindFinish:
		return f.finishLocked(one.number)
	case kindWindow:
		if one.number > f.out.limit {
			if one.number > f.out.kept.end+2*windowMaximum {
				return ErrWindow
			}
			f.out.limit = one.number
			f.offerRoomLocked()
			s.readyLocked(f)
		}
	case kindReset:
		s.settleLocked(f)
		if f.in.behind == 0 && !f.isReset() {
			f.in.behind = Cause(one.outcome)
			f.resetIfDueLocked()
			if s.config.Accept != nil && !f.isReset() {
				f.tell(eventReadable)
			}
		}
	}
	return nil
}

// openedLocked takes the engine's opening of a flow; one that came before changes nothing.
func (s *Session) openedLocked(one *frame) error {
	if s.config.Accept == nil {
		return ErrDirection
	}
	if s.owed >= answersAtMost && !s.opened.holds(one.flow) {
		return ErrAnswers // and it may come again on the lane that brings the answers
	}
	if isNew, err := s.noteOpenedLocked(one.flow); !isNew {
		return err
	}
	f := newFlow(s, one.opening)
	f.id, f.isOwed = one.flow, true
	s.owed++
	s.flows[f.id] = f
	f.tell(eventOpened)
	return nil
}

// noteOpenedLocked notes the number of a flow that opened; it is false for one that did before.
func (s *Session) noteOpenedLocked(flow uint64) (isNew bool, err error) {
	if flow == 0 {
		return false, ErrUnknown
	}
	if s.opened.holds(flow) {
		return false, nil
	}
	if !s.opened.add(flow) {
		return false, ErrOpenings
	}
	return true, nil
}

// checkForgotten judges a frame of a flow that is not there: it may be over. A reset may be all that ever comes of one:
// its opening was lost with a lane, and it was given up before that could be sent again.
func (s *Session) checkForgotten(one *frame) error {
	if one.kind == kindReset && s.config.Accept != nil {
		_, err := s.noteOpenedLocked(one.flow)
		return err
	}
	isKnown := one.flow > 0 && one.flow <= s.lastID
	if s.config.Accept != nil {
		isKnown = s.opened.holds(one.flow)
	}
	if !isKnown {
		return ErrUnknown
	}
	return nil
}

// answeredLocked takes the agent's verdict.
func (f *Flow) answeredLocked(verdict Verdict) error {
	if f.verdict != 0 {
		if f.verdict != verdict {
			return ErrVerdict
		}
		return nil
	}
	f.verdict = verdict
	f.answeredNow()
	f.tell(eventAnswered)
	if verdict != Connected {
		f.isOver = true
		f.session.removeLocked(f)
	}
	return nil
}

// noteReportLocked asks for a report where one is due. isIdle tells that the reader is about to wait.
func (l *lane) noteReportLocked(isIdle bool) {
	unreported := l.received - l.reported
	if unreported == 0 || l.reportDue {
		return
	}
	wait := reportDelay
	if unreported >= reportEvery {
		wait = reportGap
	} else if !isIdle {
		return
	}
	since := time.Since(l.reportedAt)
	switch {
	case since >= wait:
		l.reportDue, l.session.isDirty = true, true
	case !l.isSoon:
		l.isSoon = true
		l.reportSoon.Reset(wait - since)
	}
}

// reportNow is called when a report may be due that nothing brought along.
func (l *lane) reportNow() {
	s := l.session
	s.mu.Lock()
	l.isSoon = false
	if l.ended == nil {
		l.noteReportLocked(true)
	}
	s.finish()
}
