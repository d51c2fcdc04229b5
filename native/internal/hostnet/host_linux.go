package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"sync"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/wire"
)

const (
	minMTU       = 576 // RFC 791: what every host takes
	maxMTU       = 65535
	maxAddresses = 4
)

// Host is this laptop. Its methods may be called from several goroutines.
type Host struct {
	options     Options
	journalPath string
	changes     chan struct{}

	mu       sync.Mutex
	journal  *journal.Journal // while a lease lasts
	lock     *FileLock
	keeper   *names.Keeper
	tun      tundev.Interface
	address  netip.Addr // the tunnel's first, source of what goes into it
	prefixes []netip.Prefix
	resolver netip.Prefix
	leftOver int
	watch    *watch
	// When names were put back because somebody had rewritten them, and until when that is not done any more.
	rewrites   []time.Time
	truceUntil time.Time
}

// New describes the laptop for one user. Nothing is read or changed yet.
func New(options Options) *Host {
	host := &Host{
		options:     options,
		journalPath: JournalPath(options.StateDirectory, options.UID),
		changes:     make(chan struct{}, 1),
	}
	host.keeper = names.NewKeeper(host.record, func() { host.keep(true) })
	return host
}

// Changes implements lease.Host.
func (host *Host) Changes() <-chan struct{} { return host.changes }

// Inspect implements lease.Host.
func (host *Host) Inspect() (wire.HostInspection, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	return host.inspect()
}

func (host *Host) inspect() (wire.HostInspection, error) {
	resolvers, err := host.keeper.Inspect()
	return wire.HostInspection{
		ResolverMode: resolvers.Mode,
		Upstreams:    resolvers.Upstreams,
		Domains:      resolvers.Domains,
		TunAvailable: tundev.Available(),
		LeftOver:     host.leftOver,
	}, err
}

// CheckRoutes implements lease.Host.
func (host *Host) CheckRoutes(input wire.RoutesInput) (wire.RouteDecisions, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	return host.decide(input)
}

func (host *Host) decide(input wire.RoutesInput) (wire.RouteDecisions, error) {
	laptop, err := routes.Read(host.tun.Index)
	if err != nil {
		return wire.RouteDecisions{}, err
	}
	resolvers, err := host.keeper.Inspect()
	if err != nil {
		return wire.RouteDecisions{}, err
	}
	for _, upstream := range resolvers.Upstreams {
		if address, err := netip.ParseAddr(upstream); err == nil {
			laptop.Resolvers = append(laptop.Resolvers, address.Unmap().WithZone(""))
		}
	}
	return wire.RouteDecisions{Decisions: routes.Decide(input, laptop)}, nil
}

// Acquire implements lease.Host: it undoes what an earlier lease may have left and opens the journal. Its problems:
// helper-busy, journal-unwritable.
func (host *Host) Acquire() error {
	host.mu.Lock()
	defer host.mu.Unlock()
	here, err := whereabouts()
	if err != nil {
		return err
	}
	lock, err := TakeLock(leaseLock(host.options, here))
	if errors.Is(err, ErrLocked) {
		return &wire.Problem{Code: wire.CodeHelperBusy, Cause: "another user's Slipway holds the network of this computer"}
	}
	if err != nil {
		return err
	}
	host.leftOver, err = replayAll(host.options, here, nil)
	if err == nil {
		host.journal, err = journal.Open(host.journalPath, here)
	}
	if err != nil {
		lock.Release()
		return unwritable(err)
	}
	host.lock = lock
	host.watch = startWatch(host)
	return nil
}

func unwritable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) { // its path is of no use to the client
		err = fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	return &wire.Problem{Code: wire.CodeJournalUnwritable, Cause: err.Error()}
}

func (host *Host) record(entry journal.Entry) error {
	if host.journal == nil {
		return &wire.Problem{Code: wire.CodeLeaseLost, Cause: "no lease is held"}
	}
	if err := host.journal.Append(entry); err != nil {
		return unwritable(err)
	}
	return nil
}

// OpenTun implements lease.Host. Its problems: message-malformed, route-refused, tun-unavailable,
// journal-unwritable.
func (host *Host) OpenTun(input wire.OpenTunInput) (wire.TunOpened, *os.File, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	var opened wire.TunOpened
	if host.tun.Index != 0 {
		return opened, nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "this lease has its interface already"}
	}
	addresses, err := tunnelAddresses(input)
	if err != nil {
		return opened, nil, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: err.Error()}
	}
	decisions, err := host.decide(wire.RoutesInput{Ranges: wire.WantRouted(input.Addresses...)})
	if err != nil {
		return opened, nil, err
	}
	for _, decision := range decisions.Decisions {
		if !decision.IsRouted() {
			return opened, nil, refusal(decision)
		}
	}
	alias := tundev.NewAlias()
	if err := host.record(journal.Entry{Link: &journal.Link{Alias: alias}}); err != nil {
		return opened, nil, err
	}
	made, file, err := tundev.Open(alias, input.MTU, addresses)
	if err != nil {
		return opened, nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: err.Error()}
	}
	host.tun, host.address = made, addresses[0].Addr()
	host.watch.ignore(made.Index)
	return wire.TunOpened{Interface: made.Name, Index: made.Index}, file, nil
}

func tunnelAddresses(input wire.OpenTunInput) (addresses []netip.Prefix, err error) {
	if input.MTU < minMTU || input.MTU > maxMTU {
		return nil, fmt.Errorf("an MTU of %d bytes is not between %d and %d", input.MTU, minMTU, maxMTU)
	}
	if len(input.Addresses) == 0 || len(input.Addresses) > maxAddresses {
		return nil, fmt.Errorf("a tunnel has 1 to %d addresses", maxAddresses)
	}
	for _, text := range input.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !prefix.IsSingleIP() || !wire.TunnelRange.Contains(prefix.Addr()) {
			return nil, fmt.Errorf("a tunnel's address is a host address out of %s", wire.TunnelRange)
		}
		addresses = append(addresses, prefix)
	}
	return addresses, nil
}

func refusal(decision wire.RouteDecision) error {
	return &wire.Problem{
		Code:  wire.CodeRouteRefused,
		Cause: fmt.Sprintf("%s is refused: %s", decision.Prefix, decision.Reason),
		Facts: map[string]string{
			"prefix": decision.Prefix, "reason": decision.Reason,
			"conflict": decision.Conflict, "interface": decision.Interface,
		},
	}
}

// SetRoutes implements lease.Host. Prefixes that the policy refuses are left out and told.
func (host *Host) SetRoutes(input wire.RoutesInput) (wire.RouteDecisions, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.tun.Index == 0 {
		return wire.RouteDecisions{}, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "routes need the interface first"}
	}
	decisions, err := host.decide(input)
	if err != nil {
		return decisions, err
	}
	var accepted []netip.Prefix
	for _, decision := range decisions.Decisions {
		if decision.IsRouted() {
			accepted = append(accepted, netip.MustParsePrefix(decision.Prefix)) // the policy has parsed it
		}
	}
	if err := host.applyRoutes(accepted, host.resolver); err != nil {
		return wire.RouteDecisions{}, err
	}
	return decisions, nil
}

func (host *Host) applyRoutes(prefixes []netip.Prefix, resolver netip.Prefix) error {
	wanted := append([]netip.Prefix{}, prefixes...)
	if resolver.IsValid() {
		wanted = append(wanted, resolver)
	}
	if err := routes.Set(host.tun.Index, host.address, wanted); err != nil {
		return &wire.Problem{Code: wire.CodeRouteRefused, Cause: err.Error()}
	}
	host.prefixes, host.resolver = prefixes, resolver
	return nil
}

// SetNames implements lease.Host. Its problems: message-malformed, tun-unavailable, route-refused, resolver-unset,
// journal-unwritable.
func (host *Host) SetNames(input wire.NamesInput) (wire.NamesInForce, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	var inForce wire.NamesInForce
	if host.tun.Index == 0 {
		return inForce, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "names need the interface first"}
	}
	address, err := netip.ParseAddr(input.Resolver)
	if err != nil || !wire.TunnelRange.Contains(address) {
		return inForce, &wire.Problem{
			Code: wire.CodeMessageMalformed, Cause: fmt.Sprintf("the resolver is an address out of %s", wire.TunnelRange),
		}
	}
	before := host.resolver
	if err := host.applyRoutes(host.prefixes, netip.PrefixFrom(address, address.BitLen())); err != nil {
		return inForce, err
	}
	inForce, err = host.keeper.Set(host.tun.Index, input)
	if err != nil {
		_ = host.applyRoutes(host.prefixes, before)
	}
	return inForce, err
}

// Undo implements lease.Host.
func (host *Host) Undo() int {
	host.mu.Lock()
	held := host.watch
	host.watch = nil
	host.mu.Unlock()
	held.stop() // before anything is undone: it would put names back

	host.mu.Lock()
	defer host.mu.Unlock()
	if host.journal == nil {
		return 0
	}
	host.keeper.Forget()
	host.rewrites, host.truceUntil = nil, time.Time{}
	host.journal.Close()
	host.journal = nil
	host.tun, host.prefixes, host.resolver = tundev.Interface{}, nil, netip.Prefix{}
	here, err := whereabouts()
	leftOver := 0
	if err == nil {
		leftOver, err = replay(host.journalPath, here, host.options.Log)
	}
	if err != nil {
		host.options.Log.Error("undo failed", "error", err)
		leftOver = max(leftOver, 1)
	}
	host.leftOver = leftOver
	host.lock.Release()
	host.lock = nil
	return leftOver
}
