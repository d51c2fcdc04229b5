package forward

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// patience is how long a dial may wait before its destination counts as one that does not answer. Round trips in a cluster
// take milliseconds; a listener whose queue was full once or twice answers a SYN sent again, after one second or three.
const patience = 3500 * time.Millisecond

// attempt is a connection being dialled.
type attempt struct {
	ctx     context.Context
	cancel  context.CancelFunc
	place   *member[*attempt]
	givenUp bool // it made way for another, and its program is told
}

// admission is what becomes of an opening.
type admission int

const (
	admitted  admission = iota // dial
	postponed                  // silence: the laptop asks again in a second, as behind a listener whose queue is full
	refused                    // its destination does not answer, and more wait for it than may
)

// attempts are a session's dials. Destinations that never answer cost all of them: so each has a limit of its own, and
// where all are used up the destination with most of them loses its oldest.
type attempts struct {
	mu    sync.Mutex
	under map[*attempt]struct{} // way
	crowd crowd[*attempt]
}

func (a *attempts) init() {
	a.under = map[*attempt]struct{}{}
	a.crowd.init()
}

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.under)
}

// begin admits a dial, if there is room.
func (a *attempts) begin(ctx context.Context, destination netip.AddrPort, limits Limits) (*attempt, admission) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if verdict := a.makeRoom(destination, limits, now); verdict != admitted {
		return nil, verdict
	}
	made := &attempt{}
	made.ctx, made.cancel = context.WithCancel(ctx)
	made.place = a.crowd.join(destination, made, now)
	a.under[made] = struct{}{}
	return made, admitted
}

// end removes an attempt; answered tells that the destination accepted or refused. It is true where the attempt had to
// make way.
func (a *attempts) end(tried *attempt, answered bool) (givenUp bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	tried.cancel()
	delete(a.under, tried)
	a.crowd.leave(tried.place, answered, time.Now())
	return tried.givenUp
}

// makeRoom decides about one more dial to a destination. A burst to one that answers is over in milliseconds, so that only
// who has waited for long tells a dead one.
func (a *attempts) makeRoom(destination netip.AddrPort, limits Limits, now time.Time) admission {
	own := a.crowd.of(destination)
	if own != nil && own.members.Len() >= limits.HalfOpenEach && now.Sub(own.oldest().since) >= patience {
		if own.isDead(now) {
			return refused
		}
		a.giveUp(own.oldest(), now) // some of what is behind a Service answers
		return admitted
	}
	if a.crowd.size < limits.HalfOpen {
		return admitted
	}
	oldest := a.crowd.greediest()
	switch {
	case now.Sub(oldest.since) >= patience:
		a.giveUp(oldest, now)
	case oldest.group == own:
		return postponed
	default: // a burst holds up nobody else: its last one asks again in a second
		newest := oldest.group.newest()
		a.crowd.leave(newest, false, now)
		newest.value.cancel()
	}
	return admitted
}

// giveUp ends a dial for another's sake.
func (a *attempts) giveUp(oldest *member[*attempt], now time.Time) {
	a.crowd.leave(oldest, false, now)
	oldest.value.givenUp = true
	oldest.value.cancel()
}

// expire gives up what came with a burst to a destination that turned out to be dead, beyond its part.
func (a *attempts) expire(now time.Time, limits Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for tried := range a.under {
		if own := tried.place.group; tried.place.place != nil && own.members.Len() > limits.HalfOpenEach && own.isDead(now) {
			a.giveUp(tried.place, now)
		}
	}
}
