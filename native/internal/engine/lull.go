package engine

import (
	"sync"
	"time"
)

// replacement is what becomes of a direct path's lanes once it is lost: the API server's path is dialled for each at once, and
// what flows wait for comes over it. Its zero value has nothing to replace.
type replacement struct {
	mutex    sync.Mutex
	since    time.Time // when the direct path was left or its lane of packets ended, whichever came first; zero: not yet
	isFailed bool      // the API server's path does not carry either
}

// lost tells that a lane ended: over a direct path, which was left at a time or is in use still (zero), or over the API
// server's where over is nil.
func (replacement *replacement) lost(over *route, left, now time.Time) {
	replacement.mutex.Lock()
	defer replacement.mutex.Unlock()
	if over == nil {
		replacement.isFailed = true
		return
	}
	if left.IsZero() {
		left = now
	}
	if replacement.since.IsZero() || left.Before(replacement.since) {
		replacement.since = left
	}
}

// failed tells that the API server's path could not be dialled.
func (replacement *replacement) failed() {
	replacement.mutex.Lock()
	defer replacement.mutex.Unlock()
	replacement.isFailed = true
}

// over tells that lanes of both kinds carry.
func (replacement *replacement) over() {
	replacement.mutex.Lock()
	defer replacement.mutex.Unlock()
	replacement.since, replacement.isFailed = time.Time{}, false
}

// began is since when the API server's path is on its way, as far as anybody knows; zero where it is not.
func (replacement *replacement) began() time.Time {
	replacement.mutex.Lock()
	defer replacement.mutex.Unlock()
	if replacement.isFailed {
		return time.Time{}
	}
	return replacement.since
}

// lull judges by the kinds of lanes that carry whether the tunnel is up. It has patience while it is likely that flows only
// wait: where one kind is missing, for most of these are back at once, and where a direct path is being replaced.
type lull struct {
	limit time.Duration // of patience; a real outage is told after that
	since time.Time     // when a kind began to be missing; zero: none is
}

// judge tells whether the tunnel is up, where it was before. replaced is since when a direct path is being replaced; zero
// where none is.
func (lull *lull) judge(now time.Time, wasUp, packets, flows bool, replaced time.Time) bool {
	if packets && flows {
		lull.since = time.Time{}
		return true
	}
	if lull.since.IsZero() {
		lull.since = now
	}
	since := lull.since
	switch {
	case !replaced.IsZero():
		if replaced.Before(since) {
			since = replaced
		}
	case !packets && !flows:
		return false
	}
	return wasUp && now.Sub(since) < lull.limit
}
