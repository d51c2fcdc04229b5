package hostnet

import (
	"maps"
	"reflect"
	"sync"
	"time"

	"slipway/native/internal/wire"
)

// watch has the host decide anew, debounced, when the laptop's own network changed.
type watch struct {
	host    *Host
	done    chan struct{}
	running sync.WaitGroup
	own     sync.Map // indexes of our interfaces, whose events are ours
	events  chan int // indexes of interfaces to which something happened, see system.watch
	told    wire.HostInspection
}

func startWatch(host *Host) *watch {
	started := &watch{host: host, done: make(chan struct{}), events: make(chan int, 64)}
	started.told, _ = host.inspectLocked()
	host.system.watch(started.done, host.options.Timing.Poll, started.notice)
	started.running.Add(1)
	go started.run()
	return started
}

func (watching *watch) ignore(index int) { watching.own.Store(index, nil) }

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

// again has everything decided on once more, soon. It never waits.
func (watching *watch) again() {
	if watching == nil {
		return
	}
	select {
	case watching.events <- somewhere:
	default: // more than enough is under way
	}
}

func (watching *watch) run() {
	defer watching.running.Done()
	timing := watching.host.options.Timing
	var settled <-chan time.Time
	var since time.Time         // of the first event that is not settled
	moved := map[int]struct{}{} // interfaces that the kernel told about, as against files that may be our own
	isNetwork := false          // whether anything but a file changed
	look := time.NewTicker(timing.Look)
	defer look.Stop()
	for {
		select {
		case <-watching.done:
			return
		case index := <-watching.events:
			isNetwork = isNetwork || index != resolverFiles
			if index != resolverFiles && index != packetFilters {
				moved[index] = struct{}{}
			}
			if settled == nil {
				since = time.Now()
			}
			settled = time.After(min(timing.Settle, timing.LongestSettling-time.Since(since)))
		case <-settled:
			settled = nil
			// Only now: an interface's first events come before it is known here as ours.
			maps.DeleteFunc(moved, func(index int, _ struct{}) bool {
				_, isOurs := watching.own.Load(index)
				return isOurs
			})
			watching.host.keepNames(false)
			isDone := watching.host.settle(len(moved) > 0, isNetwork)
			clear(moved)
			isNetwork = false
			if !isDone {
				since, settled = time.Now(), time.After(timing.Settle)
			}
		case <-look.C:
			watching.host.keepTunnels()
		}
	}
}

// settle puts back what vanished of the tunnel, decides anew what depends on the laptop's network, and tells the holders
// of leases what is news to them. It tells whether all could be decided.
func (host *Host) settle(moved, touched bool) (isDone bool) {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.watch == nil {
		return true // everything is about to be undone
	}
	isDone = true
	for _, held := range host.leasesLocked() {
		// First what vanished, so that nothing is decided by its absence; then what could not be put back because
		// somebody else has its place, which is refused by now.
		host.keepTunnel(held)
		if !host.redecide(held) {
			isDone = false
		}
		host.keepTunnel(held)
		host.overrule(held)
		if touched {
			host.touch(held)
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
		if held.answering.IsRouted() && !held.naming.isTruce(time.Now()) {
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
	if held.naming.note(time.Now(), maxRewrites) {
		held.areNamesContested = true
		host.touch(held)
		host.options.Log.Warn("somebody keeps rewriting resolv.conf; names are left alone for a while", "for", held.naming.fought.truce)
	}
}

// keepTunnels looks after what no event told of.
func (host *Host) keepTunnels() {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.watch == nil {
		return
	}
	for _, held := range host.leasesLocked() {
		host.keepTunnel(held)
		if held.isRuleContested && !held.overruling.isTruce(time.Now()) {
			held.isRuleContested = false
			host.overrule(held)
			host.touch(held)
		} else if held.isRuleMissed {
			host.overrule(held)
		}
		if held.areNamesContested && !held.naming.isTruce(time.Now()) {
			held.areNamesContested = false
			if held.answering.IsRouted() {
				host.keepNamesOf(held, false)
			}
			host.touch(held)
		}
	}
}
