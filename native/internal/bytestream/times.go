package bytestream

import (
	"math"
	"time"
)

// turnsTimed is after how many turns of a flow's bytes no more is timed: a handshake and a first request have had theirs.
const turnsTimed = 8

// times is what one end of a flow sees of how long it waits for what lies behind it: for the agent that is the socket, for
// the engine the tunnel and the socket. Durations are in microseconds.
type times struct {
	opened   time.Duration // since the session was made
	moved    time.Duration // when bytes last came or went, since then
	answered uint32        // from the opening to its answer
	waited   uint32        // by bytes that went on, until others came back
	turns    uint8         // that are in waited

	agentAnswered, agentWaited uint32 // engine: what the agent says of its own
}

// Times splits what a program waited for on a flow, as its engine sees it. What the agent says is believed as far as the
// engine's own clock bears it out.
type Times struct {
	Answered time.Duration // from the opening to its answer
	Dialled  time.Duration // the agent's part of that
	Waited   time.Duration // after that, by bytes on their way to the cluster, until others came back; of the first turns
	Served   time.Duration // the part of that between the agent's socket and whoever answers there
}

// Times returns a snapshot. Engine only.
func (f *Flow) Times() Times {
	f.session.mu.Lock()
	defer f.session.mu.Unlock()
	t := &f.times
	return Times{
		Answered: duration(t.answered), Dialled: duration(min(t.agentAnswered, t.answered)),
		Waited: duration(t.waited), Served: duration(min(t.agentWaited, t.waited)),
	}
}

// Find is the live flow of an opening, or nil. It looks through all of them.
func (s *Session) Find(opening Opening) *Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.flows {
		if f.opening == opening {
			return f
		}
	}
	return nil
}

// answeredNow notes that the opening has its answer.
func (f *Flow) answeredNow() {
	f.times.moved = time.Since(f.session.born)
	f.times.answered = microseconds(f.times.moved - f.times.opened)
}

// wentNow notes that bytes went on to what lies behind this end.
func (f *Flow) wentNow() {
	if f.times.turns < turnsTimed {
		f.times.moved = time.Since(f.session.born)
	}
}

// cameNow notes that bytes came back, and has the engine told of it.
func (f *Flow) cameNow() {
	t := &f.times
	if t.turns >= turnsTimed {
		return
	}
	now := time.Since(f.session.born)
	t.waited = microseconds(duration(t.waited) + now - t.moved)
	t.moved = now
	t.turns++
	if f.session.config.Accept != nil {
		f.session.dueLocked(f, frameTimes)
	}
}

// timedLocked takes what the agent says of its times; of what comes twice or late the larger is the newer.
func (f *Flow) timedLocked(one *frame) {
	f.times.agentAnswered = max(f.times.agentAnswered, saturated(one.number))
	f.times.agentWaited = max(f.times.agentWaited, saturated(one.waited))
}

func microseconds(of time.Duration) uint32 { return saturated(uint64(max(of.Microseconds(), 0))) }

func duration(microseconds uint32) time.Duration {
	return time.Duration(microseconds) * time.Microsecond
}

func saturated(number uint64) uint32 { return uint32(min(number, math.MaxUint32)) }
