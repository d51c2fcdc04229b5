package hostnet

import (
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/wire"
)

const (
	// A roam or a new container is a dozen events, so that a change counts as settled when nothing happened for
	// settleTime. Under a storm of them it counts after longestSettling all the same: a route that takes away the
	// laptop's resolver must not stay because a container runtime is busy.
	settleTime      = 300 * time.Millisecond
	longestSettling = time.Second

	// Somebody who writes the file back as often as we do has meant it: then names are theirs for a while.
	maxRewrites   = 10
	rewritePeriod = 15 * time.Second
	truce         = time.Minute
)

// watch has the host decide anew, debounced, when the laptop's own network changed.
type watch struct {
	host    *Host
	done    chan struct{}
	running sync.WaitGroup
	own     atomic.Int64 // index of our interface, whose events are ours
	events  chan int     // indexes of interfaces to which something happened, see system.watch
	told    wire.HostInspection
}

func startWatch(host *Host) *watch {
	started := &watch{host: host, done: make(chan struct{}), events: make(chan int, 64)}
	started.told, _ = host.inspectLocked()
	host.system.watch(started.done, started.notice)
	started.running.Add(1)
	go started.run()
	return started
}

func (watching *watch) ignore(index int) { watching.own.Store(int64(index)) }

func (watching *watch) stop() {
	if watching == nil {
		return
	}
	close(watching.done)
	watching.running.Wait()
}

func (watching *watch) notice(index int) {
	select {
	case watching.events <- index:
	case <-watching.done:
	}
}

func (watching *watch) run() {
	defer watching.running.Done()
	var settled <-chan time.Time
	var since time.Time         // of the first event that is not settled
	moved := map[int]struct{}{} // interfaces that the kernel told about, as against files that may be our own
	for {
		select {
		case <-watching.done:
			return
		case index := <-watching.events:
			if index != resolverFiles {
				moved[index] = struct{}{}
			}
			if settled == nil {
				since = time.Now()
			}
			settled = time.After(min(settleTime, longestSettling-time.Since(since)))
		case <-settled:
			settled = nil
			// Only now: our interface's first events come before its index is known here.
			delete(moved, int(watching.own.Load()))
			watching.host.keepNames(false)
			isDone := watching.host.settle(len(moved) > 0)
			clear(moved)
			if !isDone {
				since, settled = time.Now(), time.After(settleTime)
			}
		}
	}
}

// settle decides anew what depends on the laptop's network, and tells the holders of leases what is news to them. It
// tells whether all could be decided.
func (host *Host) settle(moved bool) (isDone bool) {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.watch == nil {
		return true // everything is about to be undone
	}
	isDone = true
	for _, held := range host.leasesLocked() {
		if !host.redecide(held) {
			isDone = false
		}
	}
	inspection, err := host.inspectLocked()
	if err != nil || !moved && reflect.DeepEqual(inspection, host.watch.told) {
		return isDone
	}
	host.watch.told = inspection
	for _, held := range host.leasesLocked() {
		held.moved = true
	}
	host.announce()
	return isDone
}

// keepNames puts names in force again where somebody took them away, and gives up for a while when that goes on.
func (host *Host) keepNames(resolvedRestarted bool) {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.watch == nil {
		return
	}
	for _, held := range host.leasesLocked() {
		if held.answering.IsRouted() && !time.Now().Before(held.truceUntil) {
			host.keepNamesOf(held, resolvedRestarted)
		}
	}
}

func (host *Host) keepNamesOf(held *holding, resolvedRestarted bool) {
	done, err := held.names.Again(resolvedRestarted)
	if err != nil {
		host.options.Log.Warn("names could not be put in force again", "error", err)
	}
	if !done {
		return
	}
	now := time.Now()
	held.rewrites = append(held.rewrites, now)
	if len(held.rewrites) > maxRewrites {
		held.rewrites = held.rewrites[1:]
		if now.Sub(held.rewrites[0]) < rewritePeriod {
			held.truceUntil = now.Add(truce)
			host.options.Log.Warn("somebody keeps rewriting resolv.conf; names are left alone for a while", "for", truce)
		}
	}
}
