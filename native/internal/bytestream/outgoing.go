package bytestream

import (
	"time"
)

// outgoing is what a flow sends.
type outgoing struct {
	kept      chain  // from the first byte that was not delivered to the last one that was written
	sent      uint64 // no byte from here on was ever sent
	limit     uint64 // how far the far end lets it
	lost      spans  // was sent on lanes that ended, and has to be again
	delivered spans  // behind the start of kept
	frames    int    // data frames that lanes have not reported
	wanting   bool   // Writable is to be told
	isClosed  bool   // CloseWrite was called
	behind    Cause  // of the reset that follows what was written; 0 where none does
	isFinal   bool   // the far end knows that
	home      *lane  // carries its bulk
	burst     int    // bytes since it was quiet
	busyAt    time.Time
	turn      int // bytes left of its turn
}

// unsent is how many bytes wait to be sent, for whatever reason.
func (o *outgoing) unsent() uint64 { return o.kept.end - o.sent + o.lost.bytes() }

// sendable tells whether something may be sent now.
func (o *outgoing) sendable() bool {
	return o.frames < framesInFlight && (len(o.lost) > 0 || o.sent < min(o.kept.end, o.limit))
}

// take gives the next range to send, of up to most bytes.
func (o *outgoing) take(most int) span {
	if len(o.lost) > 0 {
		return o.lost.takeFirst(most)
	}
	taken := span{o.sent, min(o.kept.end, o.limit, o.sent+uint64(most))}
	o.sent = taken.end
	return taken
}

func (f *Flow) writable() error {
	switch {
	case f.isReset():
		return ErrReset
	case f.out.isClosed || f.isOver || f.out.behind != 0 || f.in.behind != 0:
		return ErrFinished
	case f.verdict != Connected:
		return ErrWouldBlock
	}
	return nil
}

// roomLocked is what the far end lets the flow send, but not more than a share of what may wait here.
func (f *Flow) roomLocked() int {
	if f.verdict != Connected {
		return 0
	}
	waiting := f.out.kept.end - f.out.sent
	share := f.session.unsentShare()
	if f.out.kept.end >= f.out.limit || waiting >= share {
		return 0
	}
	return int(min(f.out.limit-f.out.kept.end, share-waiting))
}

// wroteLocked queues what was written.
func (f *Flow) wroteLocked(bytes int) {
	f.session.kept += int64(bytes)
	if f.session.config.Accept == nil {
		f.wentNow()
	} else {
		f.cameNow()
	}
	f.session.readyLocked(f)
}

// offerRoomLocked tells that there is room, once it is worth it.
func (f *Flow) offerRoomLocked() {
	if f.out.wanting && f.roomLocked() >= min(unsentAtLeast, int(f.session.unsentShare())/2) {
		f.out.wanting = false
		f.tell(eventWritable)
	}
}

// deliveredLocked notes that the far end has a range.
func (f *Flow) deliveredLocked(sent span) {
	if f.isReset() {
		return
	}
	o := &f.out
	before := o.kept.start
	if len(o.lost) > 0 {
		o.lost.cut(sent.start, sent.end) // a report came after all
	}
	o.delivered.add(max(sent.start, before), sent.end)
	if len(o.delivered) > 0 && o.delivered[0].start == before {
		o.kept.discard(o.delivered.takeFirst(int(o.delivered[0].end - before)).end)
	}
	f.session.kept -= int64(o.kept.start - before)
	f.offerRoomLocked()
	f.resetIfDueLocked()
	f.endIfDoneLocked()
}

// lostLocked notes that a range may not have arrived.
func (f *Flow) lostLocked(sent span) {
	if f.isReset() {
		return
	}
	o := &f.out
	start := max(sent.start, o.kept.start)
	o.lost.add(start, sent.end)
	for _, one := range o.delivered { // only some are in it
		o.lost.cut(max(one.start, start), min(one.end, sent.end))
	}
	f.session.readyLocked(f)
}

// endIfDoneLocked removes a flow of which both ends know all.
func (f *Flow) endIfDoneLocked() {
	if f.isOver || !f.out.isFinal || f.out.kept.start != f.out.kept.end || !f.in.hasEnd || f.in.kept.start != f.in.final {
		return
	}
	f.isOver = true
	f.session.removeLocked(f)
}
