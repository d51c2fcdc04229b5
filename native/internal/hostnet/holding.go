package hostnet

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/hostset"
	"slipway/native/internal/packetfilters"
	"slipway/native/internal/wire"
)

const (
	minMTU       = 576 // RFC 791: what every host takes
	maxMTU       = 65535
	maxAddresses = 4

	flushEvery = time.Second
)

// holding is what one lease asked for and has in force.
type holding struct {
	lease     int
	path      string // of the journal
	journal   changeLog
	names     splitDNS
	alias     string // of the interface
	tun       tundev.Interface
	addresses []netip.Addr // the tunnel's; the first of each family is the source of what goes into it
	hasIPv6   bool         // the interface has those of IPv6: only while a route needs it
	ipv6Off   bool         // it cannot have any

	// What the policy holds for, for as long as the lease does.
	asked     wire.RoutesInput
	hosts     hostset.Set
	planned   []routes.Planned // on each of asked, as it is told
	resolver  netip.Prefix     // asked for; its decision is apart, because names hang on it
	answering wire.RouteDecision
	isAstray  bool // its route is in force, but the kernel sends what goes to it elsewhere

	inForce           []netip.Prefix // in order, each once
	claimed           []netip.Prefix // of its plan: no later lease may have any of it
	isResolverInForce bool           // its route, which comes back later than its decision: with the names

	// What the client was not told yet.
	moved, redecided, touched bool

	// What somebody else takes away and is put back: names, and the interface with its routes.
	naming, keeping contest
	contested       []string // of the latter, while it is not put back any more

	overruled      overruled // the rule of somebody else that ours is before
	overruling     contest   // with whoever takes ours away
	isRuleRecorded bool

	areNamesContested bool // resolv.conf is left alone for now
	isRuleContested   bool // our rule is
	isRuleMissed      bool // whether one is needed could not be found out, or it could not be set

	flushedAt time.Time  // when caches were made to forget names
	flushing  sync.Mutex // while they are
}

func (held *holding) record(entry journal.Entry) error {
	if err := held.journal.Append(entry); err != nil {
		return unwritable(err)
	}
	return nil
}

// OpenTun implements lease.Host. Its problems: message-malformed, route-refused, tun-unavailable,
// journal-unwritable.
func (host *Host) OpenTun(lease int, input wire.OpenTunInput) (wire.TunOpened, *os.File, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	var opened wire.TunOpened
	held := host.leases[lease]
	if held == nil {
		return opened, nil, errNoLease
	}
	if held.tun.Index != 0 {
		return opened, nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "this lease has its interface already"}
	}
	addresses, err := tunnelAddresses(input)
	if err != nil {
		return opened, nil, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: err.Error()}
	}
	laptop, err := host.laptop(held)
	if err != nil {
		return opened, nil, err
	}
	for _, prefix := range addresses {
		decision := routes.PlanEnd(prefix.Addr(), laptop).Decision
		// Without IPv6 there is a tunnel all the same, and no route of it.
		if !decision.IsRouted() && decision.Reason != routes.ReasonIPv6 {
			return opened, nil, refusal(decision)
		}
	}
	first := slices.DeleteFunc(slices.Clone(addresses), func(prefix netip.Prefix) bool { return prefix.Addr().Is6() })
	alias := host.system.newAlias()
	if err := held.record(journal.Entry{Link: &journal.Link{Alias: alias}}); err != nil {
		return opened, nil, err
	}
	made, file, err := host.system.openTun(alias, input.MTU, first)
	if err != nil {
		return opened, nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: err.Error()}
	}
	held.alias, held.tun, held.addresses = alias, made, nil
	for _, prefix := range addresses {
		held.addresses = append(held.addresses, prefix.Addr())
	}
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
		if err != nil || !prefix.IsSingleIP() || !isTunnels(prefix.Addr()) {
			return nil, errors.New("a tunnel's address is a host address out of the tunnel's range")
		}
		addresses = append(addresses, prefix)
	}
	return addresses, nil
}

// isTunnels tells whether address is one of the tunnel's own ends, of any family that it has.
func isTunnels(address netip.Addr) bool {
	_, known := wire.AddressFamilyOf(address)
	return known
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

// SetNames implements lease.Host. Its problems: message-malformed, tun-unavailable, route-refused, resolver-unset,
// journal-unwritable. After route-refused the laptop's own names are in force, and the route to the resolver is
// decided on anew as those to ranges are.
func (host *Host) SetNames(lease int, input wire.NamesInput) (wire.NamesInForce, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	var inForce wire.NamesInForce
	held := host.leases[lease]
	if held == nil {
		return inForce, errNoLease
	}
	if held.tun.Index == 0 {
		return inForce, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "names need the interface first"}
	}
	address, err := netip.ParseAddr(input.Resolver)
	if err != nil || !isTunnels(address) {
		return inForce, &wire.Problem{
			Code: wire.CodeMessageMalformed, Cause: "the resolver is an address out of the tunnel's range",
		}
	}
	resolver := netip.PrefixFrom(address, address.BitLen())
	laptop, err := host.laptop(held)
	if err != nil {
		return inForce, err
	}
	if !input.WayOnly && host.naming != 0 && host.naming != lease {
		// Each would take the other's for the laptop's own.
		return inForce, &wire.Problem{Code: wire.CodeResolverUnset, Cause: "the names of another connection are in force"}
	}
	before, decisionBefore, astrayBefore := held.resolver, held.answering, held.isAstray
	held.resolver = resolver
	answering, isAstray := whole(routes.PlanEnd(address, laptop).Decision), false
	if answering.IsRouted() {
		if err = host.applyAll(held, held.inForce, true); err == nil {
			answering, isAstray = host.follow(held, answering)
		}
	}
	if err == nil && !answering.IsRouted() {
		if decisionBefore.IsRouted() {
			host.withdrawNames(held)
		}
		held.answering, held.isAstray = answering, isAstray
		if err := host.applyAll(held, held.inForce, isAstray); err != nil {
			return inForce, err
		}
		return inForce, refusal(answering)
	}
	held.answering, held.isAstray = answering, isAstray
	if err == nil {
		inForce, err = host.putNames(held, input)
	}
	if err != nil {
		held.resolver, held.answering, held.isAstray = before, decisionBefore, astrayBefore
		_ = host.applyAll(held, held.inForce, held.isReachingResolver())
	}
	return inForce, err
}

// putNames has the names of this lease asked for, or leaves them to another.
func (host *Host) putNames(held *holding, input wire.NamesInput) (inForce wire.NamesInForce, err error) {
	if !input.WayOnly {
		if inForce, err = held.names.Set(held.tun.Index, input); err == nil {
			host.naming = held.lease
		}
		return inForce, err
	}
	if host.naming == held.lease {
		host.withdrawNames(held)
	}
	laptop, err := host.splitDNSLocked().Inspect()
	return wire.NamesInForce{Mode: laptop.Mode, Upstreams: laptop.Upstreams}, err
}

// follow asks the kernel where it sends what goes to the resolver, whose route is in force: rules may come before it.
// Names must never point to an answerer that cannot be reached.
func (host *Host) follow(held *holding, routed wire.RouteDecision) (answering wire.RouteDecision, isAstray bool) {
	host.overrule(held)
	way, err := host.system.wayTo(held.resolver.Addr(), host.options.UID)
	if err != nil {
		host.options.Log.Warn("the way to the resolver could not be looked up", "error", err)
		return routed, false
	}
	if way.Index == held.tun.Index {
		return routed, false
	}
	routed.Decision, routed.Reason = wire.DecisionRefused, routes.ReasonOtherRoute
	routed.Conflict, routed.Interface = way.Nowhere, way.Interface
	return routed, true
}

// whole is the decision on what has no parts: the way to the resolver is in force or it is not.
func whole(decision wire.RouteDecision) wire.RouteDecision {
	if !decision.IsRouted() {
		decision.Decision, decision.Cuts = wire.DecisionRefused, nil
	}
	return decision
}

// isReachingResolver tells whether the route to the resolver belongs in force.
func (held *holding) isReachingResolver() bool { return held.answering.IsRouted() || held.isAstray }

// Filters implements lease.Host.
func (host *Host) Filters() (wire.Filters, error) {
	chains, err := packetfilters.Dropping()
	return wire.Filters{Chains: append([]wire.FilterChain{}, chains...)}, err
}

// FlushNames implements lease.Host.
func (host *Host) FlushNames(lease int) error {
	host.mu.Lock()
	defer host.mu.Unlock()
	held := host.leases[lease]
	if held == nil {
		return errNoLease
	}
	if now := time.Now(); now.Sub(held.flushedAt) >= flushEvery && held.flushing.TryLock() {
		held.flushedAt = now
		flush := held.names.Flush()
		go func() { // a systemd-resolved that hangs must not hold up what changes routes, or undoes them
			defer held.flushing.Unlock()
			flush()
		}()
	}
	return nil
}

func (host *Host) withdrawNames(held *holding) {
	if host.naming == held.lease {
		host.naming = 0
	}
	if err := held.names.Withdraw(); err != nil {
		host.options.Log.Error("names could not be withdrawn", "error", err)
	}
}
