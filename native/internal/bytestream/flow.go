package bytestream

import (
	"time"
)

// Flow is one end of a byte stream. Its methods never wait and are safe for concurrent use, but for this: one goroutine
// at a time reads (Read, Peek, Discard), and one writes (Write, Fill).
type Flow struct {
	session *Session
	opening Opening
	events  Events
	id      uint64 // 0 while its opening was not written yet

	out outgoing
	in  incoming

	verdict   Verdict // 0 while the far end was not asked or did not answer
	cause     Cause   // 0 while it was not reset
	isOver    bool    // reset, refused, or all was said in both directions
	isTelling bool    // a goroutine tells events
	untold    event
	due       frameKinds // control frames to be written
	isOwed    bool       // agent: counts among the answers that were not reported
	queued    *flowQueue // where it waits to be sent
	next      *Flow      // in that
	isControl bool       // waits in the session's control queue
	nextDue   *Flow      // in that
	times     times

	previousDue *Flow // in that
}

// Info tells of a flow.
type Info struct {
	Opening        Opening
	Sent, Received uint64        // bytes written and read by this end
	Unsent, Unread int           // bytes that wait here
	RoundTrip      time.Duration // of its lane; 0 where it has none
	Lane           int           // its home; -1 where it has none
}

// Opening is what the flow was opened with.
func (f *Flow) Opening() Opening { return f.opening }

// Answer tells the engine what came of the dial. It is called once, in the agent. Every verdict but Connected ends the flow.
func (f *Flow) Answer(verdict Verdict) {
	s := f.session
	s.mu.Lock()
	if !f.isOver && f.verdict == 0 && s.config.Accept != nil {
		f.verdict = verdict
		f.answeredNow()
		if verdict == Connected {
			s.dueLocked(f, frameAnswer|frameTimes)
		} else {
			s.dueLocked(f, frameAnswer)
			f.isOver = true
			s.removeLocked(f)
		}
	}
	s.finish()
}

// Read takes what has come, without waiting: ErrWouldBlock where nothing has, io.EOF after the far end's CloseWrite,
// ErrReset after a reset, which loses what was not read.
func (f *Flow) Read(into []byte) (int, error) {
	s := f.session
	s.mu.Lock()
	if err := f.readable(); err != nil {
		s.mu.Unlock()
		return 0, err
	}
	read := 0
	for read < len(into) && f.in.kept.start+uint64(read) < f.in.ready {
		read += copy(into[read:], f.in.kept.view(f.in.kept.start+uint64(read), f.in.ready))
	}
	f.discardLocked(read)
	s.finish()
	return read, nil
}

// Peek gives what has come, in as many pieces as into has places; Discard takes it. The pieces are valid until then.
func (f *Flow) Peek(into [][]byte) (pieces int, err error) {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	if err := f.readable(); err != nil {
		return 0, err
	}
	for at := f.in.kept.start; pieces < len(into) && at < f.in.ready; pieces++ {
		into[pieces] = f.in.kept.view(at, f.in.ready)
		at += uint64(len(into[pieces]))
	}
	return pieces, nil
}

// Discard takes bytes that Peek gave.
func (f *Flow) Discard(bytes int) {
	s := f.session
	s.mu.Lock()
	if !f.isReset() {
		f.discardLocked(min(bytes, int(f.in.ready-f.in.kept.start)))
	}
	s.finish()
}

// Buffered is how many bytes can be read now.
func (f *Flow) Buffered() int {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	return int(f.in.ready - f.in.kept.start)
}

// Write takes as much as there is room for; ErrWouldBlock comes with less than all.
func (f *Flow) Write(from []byte) (int, error) {
	s := f.session
	s.mu.Lock()
	if err := f.writable(); err != nil {
		s.mu.Unlock()
		return 0, err
	}
	room := f.roomLocked()
	taken := min(room, len(from))
	if taken < len(from) {
		f.out.wanting = true
	}
	if taken > 0 {
		f.out.kept.append(from[:taken])
		f.wroteLocked(taken)
	}
	s.finish()
	if taken < len(from) {
		return taken, ErrWouldBlock
	}
	return taken, nil
}

// Fill lets read put up to most bytes into the flow's own buffer, in one call, with no lock held. What it returns, Fill
// does. ErrWouldBlock comes without a call where there is no room.
func (f *Flow) Fill(most int, read func(into []byte) (int, error)) (int, error) {
	s := f.session
	s.mu.Lock()
	err := f.writable()
	most = min(most, f.roomLocked())
	if err == nil && most <= 0 {
		f.out.wanting = true
		err = ErrWouldBlock
	}
	if err != nil {
		s.mu.Unlock()
		return 0, err
	}
	kept := &f.out.kept
	if kept.covered() == kept.end {
		kept.grow(min(most, chunkSizes[len(chunkSizes)-1]))
	}
	into := kept.at(kept.end)
	into = into[:min(most, len(into))]
	kept.isPinned = true
	s.mu.Unlock()
	n, err := read(into)
	s.mu.Lock()
	kept.isPinned = false
	switch {
	case f.isReset():
		s.finish()
		return 0, ErrReset
	case n > 0:
		kept.end += uint64(n)
		kept.trim()
		f.wroteLocked(n)
	case kept.start == kept.end:
		kept.discard(kept.end)
	}
	s.finish()
	return n, err
}

// Room is how much Write would take now. Where it is none, Writable comes.
func (f *Flow) Room() int {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	if f.writable() != nil {
		return 0
	}
	room := f.roomLocked()
	if room == 0 {
		f.out.wanting = true
	}
	return room
}

// IsResetBehind tells that the far end has reset the flow behind what can still be read.
func (f *Flow) IsResetBehind() bool {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	return f.in.behind != 0
}

// CloseWrite says that nothing more will be written.
func (f *Flow) CloseWrite() {
	s := f.session
	s.mu.Lock()
	if f.writable() == nil {
		f.out.isClosed = true
		s.dueLocked(f, frameFinish)
	}
	s.finish()
}

// Reset ends both directions, here without an event and there with one. What was not delivered is lost.
func (f *Flow) Reset(cause Cause) {
	s := f.session
	s.mu.Lock()
	f.resetLocked(cause, true)
	f.untold = 0
	s.finish()
}

// ResetBehind is Reset once what was written has been delivered, with an event here. Nothing more can be written.
func (f *Flow) ResetBehind(cause Cause) {
	s := f.session
	s.mu.Lock()
	if f.out.behind == 0 {
		f.out.behind = cause
	}
	f.resetIfDueLocked()
	s.finish()
}

// resetIfDueLocked ends a flow whose reset waited for bytes that were said before it.
func (f *Flow) resetIfDueLocked() {
	switch {
	case f.out.behind != 0 && f.out.kept.start == f.out.kept.end:
		f.resetLocked(f.out.behind, true)
	case f.in.behind != 0 && f.in.kept.start == f.in.ready:
		f.resetLocked(f.in.behind, false)
	}
}

// Info returns a snapshot.
func (f *Flow) Info() Info {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	info := Info{
		Opening: f.opening, Sent: f.out.kept.end, Received: f.in.kept.start, Lane: -1,
		Unsent: int(f.out.unsent()), Unread: int(f.in.ready - f.in.kept.start),
	}
	if home := f.out.home; home != nil {
		info.Lane, info.RoundTrip = home.number, home.window.RoundTrip()
	}
	return info
}

// Held is how many bytes of memory the flow's buffers take.
func (f *Flow) Held() int {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	return f.out.kept.held() + f.in.kept.held()
}

func (f *Flow) isReset() bool { return f.cause != 0 }

// resetLocked ends the flow for a cause. isOwn tells that the far end has to be told.
func (f *Flow) resetLocked(cause Cause, isOwn bool) {
	if f.isReset() || f.isOver {
		return
	}
	f.cause, f.isOver = cause, true
	s := f.session
	f.due = 0
	if isOwn && (f.id != 0 || s.config.Accept != nil) {
		s.dueLocked(f, frameReset)
	}
	if f.due == 0 && f.isControl {
		s.control.remove(f) // there may be no lane for long
	}
	s.removeLocked(f)
	f.tell(eventReset)
}

// tell notes an event; Session.finish tells it when the lock is free.
func (f *Flow) tell(what event) {
	f.untold |= what
	if !f.isTelling {
		f.isTelling = true
		f.session.telling = append(f.session.telling, f)
	}
}
