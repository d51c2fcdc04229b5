package bytestream

import (
	"time"
)

// write is the lane's writer: it writes what nobody wrote at once.
func (l *lane) write() {
	s := l.session
	s.mu.Lock()
	for l.ended == nil {
		if l.isWriting || !l.hasWorkLocked() {
			l.wake.Wait()
			continue
		}
		l.writeLocked(maxRecord)
		if len(s.telling) > 0 || s.changed {
			s.isDirty = true
			s.finish()
			s.mu.Lock()
		}
	}
	l.plain = nil // flows may remember the lane for long
	s.mu.Unlock()
}

// dispatchLocked has everything written that a lane is free for, by the caller where that does not wait.
func (s *Session) dispatchLocked() {
	s.isDirty = false
	for s.control.first != nil || s.small.first != nil {
		l := s.idleLocked()
		if l == nil {
			break
		}
		if !l.writeAtOnceLocked() {
			l.wake.Signal()
			break
		}
	}
	for _, l := range s.lanes {
		if l != nil && !l.isWriting && l.hasWorkLocked() && !l.writeAtOnceLocked() {
			l.wake.Signal()
		}
	}
}

// idleLocked is the best lane for what must not wait, of those that nobody writes to; nil where there is none.
func (s *Session) idleLocked() *lane {
	var best *lane
	for _, l := range s.lanes {
		if l != nil && !l.isWriting && l.takesSmallLocked() && (best == nil || l.before(best)) {
			best = l
		}
	}
	return best
}

// before tells whether something urgent should rather go over l.
func (l *lane) before(other *lane) bool {
	if l.isStalled != other.isStalled {
		return !l.isStalled
	}
	return l.window.Outstanding() < other.window.Outstanding()
}

func (l *lane) hasSmallRoom() bool {
	return l.window.Outstanding() < l.window.Limit()+smallAllowance && l.flights.count() < flightsAtMost
}

// hasRoom tells whether bulk may be sent.
func (l *lane) hasRoom() bool {
	return l.window.Outstanding() == 0 ||
		l.window.Limit()-l.window.Outstanding() >= leastPiece+dataHeader && l.flights.count() < flightsAtMost
}

// hasWorkLocked tells whether there is something that this lane may write now.
func (l *lane) hasWorkLocked() bool {
	s := l.session
	if l.ended != nil {
		return false
	}
	if l.reportDue || l.pingDue || l.pongDue {
		return true
	}
	if (s.control.first != nil || s.small.first != nil) && l.takesSmallLocked() {
		return true
	}
	if l.bulk.first != nil {
		if l.hasRoom() {
			return true
		}
		l.isHeld = true
		l.window.HoldBack()
		s.wakeHelperLocked(l)
		return false
	}
	return l.hasRoom() && l.helpedLocked() != nil
}

// helpedLocked is a lane whose bulk waits for its window, or while its stream takes a record, on a path where that is for the
// path's sake.
func (l *lane) helpedLocked() *lane {
	if l.isStalled || l == l.session.expressLocked() {
		return nil
	}
	for _, other := range l.session.lanes {
		if other != nil && other != l && other.bulk.first != nil && other.window.RoundTrip() > worthHelping &&
			(other.isHeld && !other.hasRoom() || other.isWriting) {
			return other
		}
	}
	return nil
}

// worthHelping is the round trip from which on a flow goes over several lanes. Where it is less, lanes share a machine.
const worthHelping = 5 * time.Millisecond

// writeAtOnceLocked writes where that cannot wait, and tells whether it did.
func (l *lane) writeAtOnceLocked() bool {
	room := atOnce - l.window.Outstanding() - int(l.aside-l.asideRead)
	if l.isWriting || room < controlFrames {
		return false
	}
	return l.writeLocked(room)
}

// writeLocked builds, seals and writes one record of up to most bytes. The lock is not held while it seals and writes. It
// is false where there was nothing.
func (l *lane) writeLocked(most int) bool {
	s := l.session
	plain := l.buildLocked(most)
	if len(plain) == 0 {
		return false
	}
	l.isWriting, l.writingAt = true, time.Now()
	s.wakeOthersLocked(l)
	buffer := l.plain
	s.mu.Unlock()
	record, err := l.outgoing.seal(buffer, len(plain))
	if err == nil {
		_, err = l.stream.Write(record)
	}
	s.mu.Lock()
	l.isWriting = false
	if err != nil {
		l.endLocked(err)
	}
	if l.hasWorkLocked() {
		l.wake.Signal()
	}
	return true
}

// wakeOthersLocked has lanes write what building a record gave them: a flow's turn may go on elsewhere.
func (s *Session) wakeOthersLocked(built *lane) {
	for _, l := range s.lanes {
		if l != nil && l != built && l.bulk.first != nil && !l.isWriting && l.hasRoom() {
			l.wake.Signal()
		}
	}
}

// recordSize bounds a record by what the lane moves in a few milliseconds: every hop waits for all of it.
func (l *lane) recordSize() int {
	return min(max(int(l.window.Rate()*recordTime.Seconds()), leastRecord), maxRecord)
}

// buildLocked gathers frames for one record: what is about the lane, control frames, flows that are small or new, then bulk
// in turns, and where there is nothing of its own, another lane's.
func (l *lane) buildLocked(most int) []byte {
	s := l.session
	now := time.Now()
	if l.plain == nil {
		l.plain = make([]byte, recordHeader+maxRecord+recordTag)
	}
	b := l.plain[recordHeader:recordHeader]
	if l.pongDue {
		b = appendNumbers(b, kindPong, l.pongNumber)
	}
	if !l.isAsked && l.aside-l.asideRead > atOnce/4 {
		l.pingLocked(now)
	}
	asks := l.pingDue
	if asks {
		b = appendNumbers(b, kindPing, l.pingNumber)
	}
	l.pongDue, l.pingDue = false, false
	uncounted := len(b)
	most = min(most, l.recordSize(), maxRecord-32) // 32 for the report
	first := len(l.flights.list)
	if l.takesSmallLocked() {
		for s.control.first != nil && len(b)+controlFrames <= most && l.hasSmallRoom() {
			b = l.appendControl(b, s.control.pop())
		}
		for s.small.first != nil && len(b)+dataHeader < most && l.hasSmallRoom() {
			f := s.small.pop()
			b = l.appendData(b, f, min(most-len(b)-dataHeader, smallBurst), now)
			s.readyLocked(f)
		}
	}
	l.isHeld = false
	b = l.appendBulk(b, uncounted, most, now)
	counted := len(b) - uncounted
	if counted > 0 {
		l.window.Add(counted, now)
		l.sentBytes += uint64(counted)
		for i := first; i < len(l.flights.list); i++ {
			l.flights.list[i].until = l.window.Sent()
		}
	}
	if l.reportDue || l.received-l.reported >= reportAlong || len(b) > 0 && l.received > l.reported {
		b = appendNumbers(b, kindReport, l.received)
		l.reportDue, l.reported, l.reportedAt = false, l.received, now
	}
	if len(b) > 0 {
		l.aside += uint64(recordHeader + len(b) - counted + recordTag)
	}
	if asks {
		l.asideAsked = l.aside
	}
	return b
}

// appendBulk takes turns among the bulk flows of the lane, or of one that it helps.
func (l *lane) appendBulk(b []byte, uncounted, most int, now time.Time) []byte {
	s := l.session
	for len(b)+dataHeader+1<<10 < most {
		from := l
		if l.bulk.first == nil {
			if from = l.helpedLocked(); from == nil {
				return b
			}
		}
		outstanding := l.window.Outstanding() + len(b) - uncounted
		room := l.window.Limit() - outstanding - dataHeader
		if outstanding > 0 && room < leastPiece || l.flights.count() >= flightsAtMost {
			if from == l {
				l.isHeld = true
				l.window.HoldBack()
				s.wakeHelperLocked(l)
			}
			return b
		}
		f := from.bulk.first
		size := min(most-len(b)-dataHeader, max(room, leastPiece), f.out.turn)
		b = l.appendData(b, f, size, now)
		if f.out.turn <= 0 || !f.out.sendable() || f.isOver {
			s.readyLocked(from.bulk.pop())
		}
	}
	return b
}

// wakeHelperLocked has a lane that does nothing look whether it can help.
func (s *Session) wakeHelperLocked(held *lane) {
	for _, l := range s.lanes {
		if l != nil && l != held && !l.isWriting && l.helpedLocked() == held && l.hasRoom() {
			l.wake.Signal()
			return
		}
	}
}

// appendControl writes the control frames of a flow that are due.
func (l *lane) appendControl(b []byte, f *Flow) []byte {
	s := l.session
	due := f.due
	f.due = 0
	if f.isReset() {
		due &= frameReset
	}
	if due&frameOpen != 0 {
		if f.id == 0 {
			s.lastID++
			f.id = s.lastID
			delete(s.unopened, f)
			s.flows[f.id] = f
		}
		b = appendOpening(b, f.id, f.opening)
	}
	if due&frameAnswer != 0 {
		b = append(appendNumbers(b, kindAnswer, f.id), byte(f.verdict))
	}
	if due&frameTimes != 0 && !f.isOver {
		b = appendNumbers(b, kindTimes, f.id, uint64(f.times.answered), uint64(f.times.waited))
	}
	if due&frameWindow != 0 && !f.isOver {
		b = appendNumbers(b, kindWindow, f.id, f.nextLimit())
	}
	if due&frameFinish != 0 {
		b = appendNumbers(b, kindFinish, f.id, f.out.kept.end)
	}
	if due&frameReset != 0 {
		b = append(appendNumbers(b, kindReset, f.id), byte(f.cause))
	}
	for _, kind := range [...]frameKinds{frameOpen, frameAnswer, frameTimes, frameWindow, frameFinish, frameReset} {
		if due&kind != 0 {
			l.flights.add(flight{kind: kind, flow: f})
		}
	}
	return b
}

// appendData writes the next bytes of a flow, at most so many.
func (l *lane) appendData(b []byte, f *Flow, most int, now time.Time) []byte {
	if f.isOver || !f.out.sendable() || most <= 0 {
		return b
	}
	before := f.out.sent
	sent := f.out.take(most)
	size := int(sent.end - sent.start)
	l.session.sent += f.out.sent - before
	f.out.turn -= size
	f.out.burst += size
	f.out.busyAt = now
	f.out.frames++
	b = appendNumbers(b, kindData, f.id, sent.start, uint64(size))
	b = f.out.kept.appendTo(b, sent.start, sent.end)
	l.flights.add(flight{kind: frameData, flow: f, sent: sent})
	f.offerRoomLocked()
	return b
}
