package terminate

import (
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// attempts are the connections whose SYN was seen and has no answer yet.
type attempts struct {
	mu   sync.Mutex
	byID map[stack.TransportEndpointID]*connection
}

// asking is what is known of a SYN: its start, which Linux wants to see in an ICMP error, and when it came.
type asking struct {
	quoted      []byte
	first, last time.Time
	isAnswered  bool // the laptop has its SYN-ACK, or soon will
}

// abandoned tells that the laptop stopped asking. SYNs are repeated after doubling gaps (RFC 6298): one that came at
// age a is followed by the next at age 2a+1 s. Who was answered asks no more, and may have its connection before this end
// gets to run; gVisor ends a handshake that the laptop leaves, after some two minutes.
func (a *asking) abandoned(now time.Time) bool {
	age := a.last.Sub(a.first)
	return !a.isAnswered && now.Sub(a.last) > 2*age+5*time.Second
}

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.byID)
}

func (a *attempts) get(id stack.TransportEndpointID) *connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byID[id]
}

func (a *attempts) list() []*connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]*connection, 0, len(a.byID))
	for _, attempt := range a.byID {
		all = append(all, attempt)
	}
	return all
}

func (a *attempts) add(attempt *connection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byID[attempt.id] = attempt
}

// remove ends an attempt; it is false where it had ended.
func (a *attempts) remove(attempt *connection) bool {
	return a.removeIf(attempt, func() bool { return true })
}

// removeIf asks under the lock.
func (a *attempts) removeIf(attempt *connection, isOver func() bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID[attempt.id] != attempt || !isOver() {
		return false
	}
	delete(a.byID, attempt.id)
	return true
}

// answer notes that the handshake goes on; it is false where the attempt had ended.
func (a *attempts) answer(attempt *connection) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID[attempt.id] != attempt {
		return false
	}
	attempt.asking.isAnswered = true
	return true
}

// again notes a SYN that was sent again; it is false for the first one.
func (a *attempts) again(id stack.TransportEndpointID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := a.byID[id]
	if found == nil {
		return false
	}
	found.asking.last = now
	return true
}

// expire gives up those that the laptop no longer waits for.
func (a *attempts) expire(now time.Time) {
	for _, attempt := range a.list() {
		if a.removeIf(attempt, func() bool { return attempt.asking.abandoned(now) }) {
			attempt.letGo(Abandoned)
		}
	}
}
