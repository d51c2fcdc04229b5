package hostnet

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"

	"slipway/native/internal/wire"
)

const (
	settleTime = 300 * time.Millisecond // a roam or a new container is a dozen events
	pollPeriod = time.Second            // for resolv.conf, which tools replace in too many ways for inotify

	// Somebody who writes the file back as often as we do has meant it: then names are theirs for a while.
	maxRewrites   = 10
	rewritePeriod = 15 * time.Second
	truce         = time.Minute
)

// watched are the files that tell who answers names, and which domains are the laptop's own. Below /run/systemd they
// are systemd-resolved's list of its own servers, and what it and systemd-networkd keep of each link: a routing-only
// domain (a VPN's) is told nowhere else.
var (
	watched        = []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts"}
	watchedFolders = []string{"/run/systemd/resolve/netif", "/run/systemd/netif/links"}
)

// watch tells the host, debounced, when the laptop's own network changed.
type watch struct {
	host    *Host
	done    chan struct{}
	running sync.WaitGroup
	own     atomic.Int64 // index of our interface, whose events are ours
	events  chan int     // indexes of interfaces to which something happened
	told    wire.HostInspection
}

func startWatch(host *Host) *watch {
	started := &watch{host: host, done: make(chan struct{}), events: make(chan int, 64)}
	started.told, _ = host.inspect()
	started.subscribe()
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

// subscribe asks the kernel for events (rtnetlink(7)). Without them the poll still finds other resolvers.
func (watching *watch) subscribe() {
	routes, addresses, links := make(chan netlink.RouteUpdate), make(chan netlink.AddrUpdate), make(chan netlink.LinkUpdate)
	if netlink.RouteSubscribe(routes, watching.done) == nil {
		go func() {
			for update := range routes {
				watching.notice(update.LinkIndex)
			}
		}()
	}
	if netlink.AddrSubscribe(addresses, watching.done) == nil {
		go func() {
			for update := range addresses {
				watching.notice(update.LinkIndex)
			}
		}()
	}
	if netlink.LinkSubscribe(links, watching.done) == nil {
		go func() {
			for update := range links {
				watching.notice(int(update.Index))
			}
		}()
	}
}

func (watching *watch) notice(index int) {
	select {
	case watching.events <- index:
	case <-watching.done:
	}
}

func (watching *watch) run() {
	defer watching.running.Done()
	poll := time.NewTicker(pollPeriod)
	defer poll.Stop()
	seen := fingerprint()
	var settled <-chan time.Time
	moved := map[int]struct{}{} // interfaces that the kernel told about, as against files that may be our own
	for {
		select {
		case <-watching.done:
			return
		case index := <-watching.events:
			moved[index] = struct{}{}
			if settled == nil {
				settled = time.After(settleTime)
			}
		case <-poll.C:
			if now := fingerprint(); !reflect.DeepEqual(now, seen) {
				seen = now
				if settled == nil {
					settled = time.After(settleTime)
				}
			}
		case <-settled:
			settled = nil
			// Only now: our interface's first events come before its index is known here.
			delete(moved, int(watching.own.Load()))
			watching.host.keep(false)
			watching.tell(len(moved) > 0)
			clear(moved)
		}
	}
}

// tell passes on what is news to the client.
func (watching *watch) tell(moved bool) {
	watching.host.mu.Lock()
	inspection, err := watching.host.inspect()
	watching.host.mu.Unlock()
	if err != nil || !moved && reflect.DeepEqual(inspection, watching.told) {
		return
	}
	watching.told = inspection
	select {
	case watching.host.changes <- struct{}{}:
	default:
	}
}

type fileMark struct {
	inode, device uint64
	size          int64
	modified      time.Time
	target        string
}

func fingerprint() (marks []fileMark) {
	name, _ := os.Hostname()
	marks = append(marks, fileMark{target: name})
	paths := slices.Clone(watched)
	for _, folder := range watchedFolders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			paths = append(paths, filepath.Join(folder, entry.Name()))
		}
	}
	for _, path := range paths {
		var mark fileMark
		mark.target, _ = os.Readlink(path)
		if info, err := os.Stat(path); err == nil {
			mark.size, mark.modified = info.Size(), info.ModTime()
			if status, known := info.Sys().(*syscall.Stat_t); known {
				mark.inode, mark.device = status.Ino, status.Dev
			}
		}
		marks = append(marks, mark)
	}
	return marks
}

// keep puts names in force again where somebody took them away, and gives up for a while when that goes on.
func (host *Host) keep(resolvedRestarted bool) {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.journal == nil || host.watch == nil || time.Now().Before(host.truceUntil) {
		return
	}
	done, err := host.keeper.Again(resolvedRestarted)
	if err != nil {
		host.options.Log.Warn("names could not be put in force again", "error", err)
	}
	if !done {
		return
	}
	now := time.Now()
	host.rewrites = append(host.rewrites, now)
	if len(host.rewrites) > maxRewrites {
		host.rewrites = host.rewrites[1:]
		if now.Sub(host.rewrites[0]) < rewritePeriod {
			host.truceUntil = now.Add(truce)
			host.options.Log.Warn("somebody keeps rewriting resolv.conf; names are left alone for a while", "for", truce)
		}
	}
}
