package forward

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"slipway/native/internal/packet"
)

// patience is how long a dial may wait before its destination counts as one that does not answer. Round trips in a cluster
// take milliseconds; a listener whose queue was full once or twice answers a SYN sent again, after one second or three.
const patience = 3500 * time.Millisecond

// attempt is a connection being dialled: its SYN was seen and has no answer yet.
type attempt struct {
	quoted      []byte // start of the SYN: Linux believes an ICMP error only with its sequence number
	first, last time.Time
	ctx         context.Context
	cancel      context.CancelFunc
	place       *member[*attempt]
	givenUp     bool // it made way for another, and its program is told
}

// abandoned tells that the laptop stopped asking. SYNs are repeated after doubling gaps (RFC 6298): one that came at
// age a is followed by the next at age 2a+1 s.
func (a *attempt) abandoned(now time.Time) bool {
	age := a.last.Sub(a.first)
	return now.Sub(a.last) > 2*age+5*time.Second
}

// admission is what becomes of a SYN.
type admission int

const (
	admitted  admission = iota // dial, or it is being dialled
	postponed                  // silence: the laptop asks again in a second, as behind a listener whose queue is full
	refused                    // its destination does not answer, and more wait for it than may
)

// attempts are a session's dials. Destinations that never answer cost all of them: so each has a limit of its own, and
// where all are used up the destination with most of them loses its oldest.
type attempts struct {
	mu    sync.Mutex
	byID  map[stack.TransportEndpointID]*attempt
	crowd crowd[*attempt]
}

func (a *attempts) init() {
	a.byID = map[stack.TransportEndpointID]*attempt{}
	a.crowd.init()
}

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.byID)
}

func (a *attempts) get(id stack.TransportEndpointID) *attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byID[id]
}

// remove ends an attempt; answered tells that the destination accepted or refused. It is true where the attempt had to
// make way.
func (a *attempts) remove(id stack.TransportEndpointID, answered bool) (givenUp bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := a.byID[id]
	if found == nil {
		return false
	}
	found.cancel()
	delete(a.byID, id)
	a.crowd.leave(found.place, answered, time.Now())
	return found.givenUp
}

// note remembers a SYN of which the attempts know nothing yet, if there is room.
func (a *attempts) note(ctx context.Context, id stack.TransportEndpointID, syn *stack.PacketBuffer, limits Limits) admission {
	now := time.Now()
	destination := destinationOf(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.byID[id]; found != nil {
		found.last = now
		if own := found.place.group; own.members.Len() > limits.HalfOpenEach && own.isDead(now) && !found.givenUp {
			a.giveUp(found.place, now) // it came with a burst, before that could be known
		}
		return admitted
	}
	if verdict := a.makeRoom(destination, limits, now); verdict != admitted {
		return verdict
	}
	made := &attempt{first: now, last: now}
	made.quoted = append(bytes.Clone(syn.NetworkHeader().Slice()), syn.TransportHeader().Slice()...)
	made.ctx, made.cancel = context.WithCancel(ctx)
	made.place = a.crowd.join(destination, made, now)
	a.byID[id] = made
	return admitted
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

// giveUp ends a dial for another's sake; its handler removes it.
func (a *attempts) giveUp(oldest *member[*attempt], now time.Time) {
	a.crowd.leave(oldest, false, now)
	oldest.value.givenUp = true
	oldest.value.cancel()
}

// expire stops dials that the laptop no longer waits for; their handlers remove them.
func (a *attempts) expire(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, found := range a.byID {
		if found.abandoned(now) {
			found.cancel()
		}
	}
}

func destinationOf(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(packet.FromStack(id.LocalAddress), id.LocalPort)
}
