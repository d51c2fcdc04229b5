package bytestream

import (
	"io"
	"time"

	"slipway/native/internal/carrier/window"
)

// incoming is what a flow receives.
type incoming struct {
	kept   chain  // from the first byte that was not read on
	ready  uint64 // up to here everything has come
	ahead  spans  // has come behind that
	limit  uint64 // how far the far end may send, as it was told
	window int    // bytes

	roundAt    time.Time // when roundBytes began to be counted, for a round trip
	roundBytes int       // that were read since

	hasEnd bool
	final  uint64 // nothing comes behind it
	asked  bool   // Readable is to be told
	behind Cause  // of the reset that follows what has come; 0 where none does
}

// readable tells why nothing can be read; nil where something can.
func (f *Flow) readable() error {
	switch {
	case f.isReset():
		return ErrReset
	case f.in.kept.start < f.in.ready:
		return nil
	case f.in.hasEnd && f.in.ready == f.in.final:
		return io.EOF
	case f.isOver:
		return ErrFinished
	}
	f.in.asked = true
	return ErrWouldBlock
}

// discardLocked takes what was read.
func (f *Flow) discardLocked(bytes int) {
	in := &f.in
	in.kept.discard(in.kept.start + uint64(bytes))
	f.session.unread -= int64(bytes)
	if f.session.config.Accept != nil && bytes > 0 {
		f.wentNow()
	}
	if in.behind != 0 {
		f.resetIfDueLocked()
		return
	}
	if in.hasEnd {
		f.endIfDoneLocked()
		return
	}
	f.growLocked(bytes)
	if room := in.kept.start + uint64(in.window) - in.limit; in.kept.start == in.ready && room >= uint64(in.window)/2 || room >= uint64(in.window)/4 {
		f.session.dueLocked(f, frameWindow)
	}
}

// growLocked lets the window grow where a round trip uses up a quarter of it: a sender's congestion window may double in
// each, so that this one is ahead of it. What comes in bursts counts like what comes evenly. On a path that loses much,
// bytes stand in the lanes for longer than a round trip: a flow that carried much may fill what lanes take at the least.
func (f *Flow) growLocked(bytes int) {
	in, s := &f.in, f.session
	if in.window == windowMaximum {
		return
	}
	now := time.Now()
	// Readers get the processor when they do; no round trip shows that.
	if now.Sub(in.roundAt) > s.roundTripLocked()+10*time.Millisecond {
		in.roundAt, in.roundBytes = now, 0
	}
	in.roundBytes += bytes
	lanesTake := len(s.lanes) * window.Minimum
	isWanted := func() bool {
		return in.roundBytes >= in.window/4 || in.window < lanesTake && in.kept.start >= 2*uint64(in.window)
	}
	for in.window < windowMaximum && isWanted() && s.mayGrow(in.window) {
		s.granted += int64(in.window)
		in.window *= 2
	}
}

// nextLimit moves the window.
func (f *Flow) nextLimit() uint64 {
	f.in.limit = max(f.in.limit, f.in.kept.start+uint64(f.in.window))
	return f.in.limit
}

// receiveLocked takes a data frame; what came before changes nothing.
func (f *Flow) receiveLocked(offset uint64, bytes []byte) error {
	in := &f.in
	end := offset + uint64(len(bytes))
	switch {
	case end > in.limit:
		return ErrWindow
	case in.hasEnd && end > in.final:
		return ErrFinal
	}
	if offset < in.ready {
		if end <= in.ready {
			return nil
		}
		bytes, offset = bytes[in.ready-offset:], in.ready
	}
	heldBefore := in.kept.end
	in.kept.extend(end)
	in.kept.put(offset, bytes) // a repetition holds the same bytes
	f.session.unread += int64(in.kept.end - heldBefore)
	if offset > in.ready {
		in.ahead.add(offset, end)
		if len(in.ahead) > gapsAtMost {
			return ErrGaps
		}
		return nil
	}
	in.ready = end
	if f.session.config.Accept == nil {
		f.cameNow()
	}
	for len(in.ahead) > 0 && in.ahead[0].start <= in.ready {
		in.ready = max(in.ready, in.ahead[0].end)
		in.ahead = in.ahead[1:]
	}
	if len(in.ahead) == 0 {
		in.ahead = nil
	}
	f.nowReadable()
	return nil
}

// finishLocked takes the far end's CloseWrite.
func (f *Flow) finishLocked(final uint64) error {
	in := &f.in
	switch {
	case in.hasEnd && in.final != final:
		return ErrFinal
	case in.hasEnd:
		return nil
	case final < in.kept.end:
		return ErrFinal
	case final > in.limit:
		return ErrWindow
	}
	in.hasEnd, in.final = true, final
	if in.ready == final {
		f.nowReadable()
	}
	f.endIfDoneLocked()
	return nil
}

func (f *Flow) nowReadable() {
	if f.in.asked {
		f.in.asked = false
		f.tell(eventReadable)
	}
}
