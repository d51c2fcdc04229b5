package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// Host is this laptop, and the leases on it. Its methods may be called from several goroutines.
type Host struct {
	options Options
	system  system
	changes chan struct{}

	mu       sync.Mutex
	unleased splitDNS // to look at the laptop's own names while nobody holds a lease
	leases   map[int]*holding
	last     int       // the newest lease
	naming   int       // the lease whose names are in force, 0 for none
	lock     exclusion // while any lease lasts, as is watch
	watch    *watch
	leftOver int
}

// New describes the laptop for one user. Nothing is read or changed yet.
func New(options Options) *Host { return newHost(options, thisSystem()) }

func newHost(options Options, on system) *Host {
	options.Timing = options.Timing.withDefaults()
	return &Host{
		options: options, system: on, leases: map[int]*holding{}, changes: make(chan struct{}, 1),
		unleased: on.newNames(func(journal.Entry) error { return errNoLease }, func() {}),
	}
}

var errNoLease = &wire.Problem{Code: wire.CodeLeaseLost, Cause: "no lease is held"}

// Changes implements lease.Host.
func (host *Host) Changes() <-chan struct{} { return host.changes }

// News implements lease.Host.
func (host *Host) News(lease int) (isMoved bool, routes *wire.RouteDecisions, upkeep *wire.TunnelUpkeep) {
	host.mu.Lock()
	defer host.mu.Unlock()
	held := host.leases[lease]
	if held == nil {
		return false, nil, nil
	}
	if held.redecided {
		routes = &wire.RouteDecisions{Decisions: held.decisions()}
	}
	if held.touched {
		upkeep = held.upkeep()
	}
	isMoved = held.moved
	held.moved, held.redecided, held.touched = false, false, false
	return isMoved, routes, upkeep
}

// announce makes the server ask for News. One that did not ask yet hears everything at once.
func (host *Host) announce() {
	select {
	case host.changes <- struct{}{}:
	default:
	}
}

// Inspect implements lease.Host.
func (host *Host) Inspect() (wire.HostInspection, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	return host.inspectLocked()
}

func (host *Host) inspectLocked() (wire.HostInspection, error) {
	resolvers, err := host.splitDNSLocked().Inspect()
	return wire.HostInspection{
		ResolverMode: resolvers.Mode,
		Upstreams:    resolvers.Upstreams,
		Options:      resolvers.Options,
		Domains:      resolvers.Domains,
		TunAvailable: host.system.tunAvailable(),
		LeftOver:     host.leftOver,
	}, err
}

// splitDNSLocked is the one that tells what is ours from what is the laptop's.
func (host *Host) splitDNSLocked() splitDNS {
	if held := host.leases[host.naming]; held != nil {
		return held.names
	}
	for _, held := range host.leasesLocked() {
		return held.names
	}
	return host.unleased
}

// CheckRoutes implements lease.Host.
func (host *Host) CheckRoutes(input wire.RoutesInput) (wire.RouteDecisions, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	planned, err := host.plan(input, nil, nil)
	return wire.RouteDecisions{Decisions: decisionsOf(planned)}, err
}

// plan asks the policy about input as the laptop is now, for a lease; nil for one that is yet to come.
func (host *Host) plan(input wire.RoutesInput, hosts []netip.Addr, held *holding) ([]routes.Planned, error) {
	laptop, err := host.laptop(held)
	if err != nil {
		return nil, err
	}
	return host.planIn(laptop, input, hosts, held), nil
}

// laptop is what a lease meets: the laptop without any tunnel of ours, and what other leases came first with.
func (host *Host) laptop(held *holding) (routes.Laptop, error) {
	var own []int
	for _, one := range host.leases {
		if one.tun.Index != 0 {
			own = append(own, one.tun.Index)
		}
	}
	laptop, err := host.system.networks(own)
	if err != nil {
		return laptop, err
	}
	resolvers, err := host.splitDNSLocked().Inspect()
	if err != nil {
		return laptop, err
	}
	laptop.Resolvers = addressesOf(resolvers)
	laptop.Clusters = host.clustersBefore(held)
	return laptop, nil
}

func addressesOf(resolvers names.Resolvers) (addresses []netip.Addr) {
	for _, server := range slices.Concat(resolvers.Upstreams, resolvers.Others) {
		if upstream, isUpstream := wire.ParseUpstream(server); isUpstream {
			addresses = append(addresses, upstream.Address.Unmap().WithZone(""))
		}
	}
	return addresses
}

// Acquire implements lease.Host: the first of several undoes what earlier leases may have left; each has a journal of its
// own. Its problems: helper-busy, journal-unwritable.
func (host *Host) Acquire() (lease int, err error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	here, err := host.system.place()
	if err != nil {
		return 0, err
	}
	isFirst := len(host.leases) == 0
	if isFirst {
		if err := host.begin(here); err != nil {
			return 0, err
		}
	}
	held := &holding{path: host.freeJournal()}
	if held.journal, err = host.system.openJournal(held.path, here); err != nil {
		if isFirst {
			host.end()
		}
		return 0, unwritable(err)
	}
	host.last++
	held.lease = host.last
	held.names = host.system.newNames(held.record, func() { host.keepNames(true) })
	host.leases[held.lease] = held
	if isFirst {
		host.unleased.Forget()
		host.watch = startWatch(host)
	}
	return held.lease, nil
}

// begin takes the laptop for ourselves, and undoes what killed helpers left.
func (host *Host) begin(here journal.Opened) error {
	lock, err := host.system.lock(leaseLock(host.options, here))
	if errors.Is(err, ErrLocked) {
		return wire.CauseHelperHeldByUser.Problem(wire.CodeHelperBusy)
	}
	if err != nil {
		return err
	}
	host.lock = lock
	if host.leftOver, err = (replayer{host.system, host.options}).all(here, nil); err != nil {
		host.end()
		return unwritable(err)
	}
	return nil
}

func (host *Host) end() {
	host.lock.Release()
	host.lock = nil
}

// freeJournal is where no lease writes.
func (host *Host) freeJournal() string {
	for number := 0; ; number++ {
		path := journalPath(host.options.StateDirectory, host.options.UID, number)
		isTaken := slices.ContainsFunc(host.leasesLocked(), func(held *holding) bool { return held.path == path })
		if !isTaken {
			return path
		}
	}
}

func unwritable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) { // its path is of no use to the client
		err = fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	return &wire.Problem{Code: wire.CodeJournalUnwritable, Cause: err.Error()}
}

// Undo implements lease.Host.
func (host *Host) Undo(lease int) int {
	host.mu.Lock()
	held := host.leases[lease]
	var watching *watch
	if held != nil && len(host.leases) == 1 {
		watching, host.watch = host.watch, nil
	}
	host.mu.Unlock()
	watching.stop() // before anything is undone: it would put names back

	host.mu.Lock()
	defer host.mu.Unlock()
	if host.leases[lease] == nil {
		return 0
	}
	delete(host.leases, lease)
	if host.naming == lease {
		host.naming = 0
	}
	held.names.Forget()
	held.journal.Close()
	here, err := host.system.place()
	leftOver := 0
	if err == nil {
		leftOver, err = replayer{host.system, host.options}.one(held.path, here)
	}
	if err != nil {
		host.options.Log.Error("undo failed", "error", err)
		leftOver = max(leftOver, 1)
	}
	host.leftOver = leftOver
	if len(host.leases) == 0 {
		host.end()
	}
	host.watch.again() // what was this one's may be another's now
	return leftOver
}

// leasesLocked are those in force, oldest first.
func (host *Host) leasesLocked() (held []*holding) {
	for _, lease := range slices.Sorted(maps.Keys(host.leases)) {
		held = append(held, host.leases[lease])
	}
	return held
}
