// Package flowlist tells which TCP connections (flows) the laptop has through the tunnel, which ended lately and why, and
// whose they are. While nobody watches it keeps the ends of the last few, and does nothing else. It must never hold up
// what tells it of a connection, and what it tells is bounded however many there are.
package flowlist

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/terminate"
)

// endsKept is how many ends of each kind are kept: those in good order must not push out what was refused.
const endsKept = 128

// How long an end is told.
const (
	closedTold = 30 * time.Second
	failedTold = 5 * time.Minute
)

// List keeps what ended. It is safe for concurrent use.
type List struct {
	watch atomic.Pointer[Watch]

	mu             sync.Mutex
	closed, failed []terminate.Account // oldest first
}

// Began is told of a connection that begins.
func (l *List) Began(account terminate.Account) {
	if watch := l.watch.Load(); watch != nil {
		watch.owners.ask(account.ID, account.Opening)
	}
}

// Ended is told of one that ended.
func (l *List) Ended(account terminate.Account) {
	if watch := l.watch.Load(); watch != nil {
		watch.owners.over(account.ID)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ring := &l.failed
	if account.State == terminate.Closed {
		ring = &l.closed
	}
	if account.State == terminate.Silent { // each SYN that is sent again asks anew
		for index, before := range *ring {
			if before.State == terminate.Silent && before.Opening == account.Opening {
				account.Began = before.Began
				*ring = slices.Delete(*ring, index, index+1)
				break
			}
		}
	}
	if len(*ring) == endsKept {
		*ring = slices.Delete(*ring, 0, 1)
	}
	*ring = append(*ring, account)
}

// ends are those that are told now, the oldest first in each kind.
func (l *List) ends(now time.Time) []terminate.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.failed = since(l.closed, now.Add(-closedTold)), since(l.failed, now.Add(-failedTold))
	return slices.Concat(l.failed, l.closed)
}

func since(ends []terminate.Account, when time.Time) []terminate.Account {
	return slices.DeleteFunc(ends, func(account terminate.Account) bool { return account.Over.Before(when) })
}
