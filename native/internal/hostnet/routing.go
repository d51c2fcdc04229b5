package hostnet

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

var errTooMany = fmt.Errorf("more than %d hosts at once", wire.HostsAtOnce)

// SetHosts implements lease.Host. Its problems: message-malformed, tun-unavailable, route-refused.
func (host *Host) SetHosts(lease int, input wire.HostsInput) (wire.RouteDecisions, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	held := host.leases[lease]
	if held == nil {
		return wire.RouteDecisions{}, errNoLease
	}
	var isComplete bool
	err := errTooMany
	if len(input.Add)+len(input.Remove) <= wire.HostsAtOnce {
		isComplete, err = held.hosts.Take(input)
	}
	if err != nil {
		return wire.RouteDecisions{}, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: err.Error()}
	}
	before := held.answering
	if isComplete && !host.redecide(held) {
		host.watch.again() // what the kernel did not take
	}
	if isSameDecision(before, held.answering) { // else the client hears that the way to the resolver changed
		held.redecided = false
	}
	return wire.RouteDecisions{Decisions: held.decisions()}, nil
}

// SetRoutes implements lease.Host. Parts of ranges that the policy refuses are left out, told, and decided on anew whenever
// the laptop's network changes.
func (host *Host) SetRoutes(lease int, input wire.RoutesInput) (wire.RouteDecisions, error) {
	host.mu.Lock()
	defer host.mu.Unlock()
	held := host.leases[lease]
	if held == nil {
		return wire.RouteDecisions{}, errNoLease
	}
	if held.tun.Index == 0 {
		return wire.RouteDecisions{}, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "routes need the interface first"}
	}
	planned, err := host.plan(input, hostsOf(held), held)
	if err != nil {
		return wire.RouteDecisions{}, err
	}
	parts, before := partsOf(planned), held.claimed
	host.claim(held, parts)
	if err := host.applyAll(held, parts, held.isReachingResolver()); err != nil {
		host.claim(held, before)
		return wire.RouteDecisions{}, err
	}
	held.asked, held.planned = input, planned
	host.overrule(held)
	held.redecided = false
	return wire.RouteDecisions{Decisions: held.decisions()}, nil
}

func hostsOf(held *holding) []netip.Addr { return slices.Collect(maps.Keys(held.hosts.All())) }

func decisionsOf(planned []routes.Planned) []wire.RouteDecision {
	decisions := make([]wire.RouteDecision, 0, len(planned))
	for _, one := range planned {
		decisions = append(decisions, one.Decision)
	}
	return decisions
}

// decisions are those of the plan, as they are told: of what is simply routed with the rule that it is looked up before.
func (held *holding) decisions() []wire.RouteDecision {
	decisions := decisionsOf(held.planned)
	if held.overruled == (overruled{}) {
		return decisions
	}
	for index, one := range decisions {
		if one.Decision == wire.DecisionRouted && one.Reason == "" {
			decisions[index].Reason, decisions[index].Conflict = wire.BeforeRule, held.overruled.Rule
			decisions[index].Interface = held.overruled.leadsTo
		}
	}
	return decisions
}

// partsOf are the prefixes that a plan puts in force, in order, each once.
func partsOf(planned []routes.Planned) (parts []netip.Prefix) {
	for _, one := range planned {
		parts = append(parts, one.Parts...)
	}
	return inOrder(parts)
}

func inOrder(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, netip.Prefix.Compare)
	return slices.Compact(prefixes)
}

func isSamePlan(first, second []routes.Planned) bool {
	return slices.EqualFunc(first, second, func(first, second routes.Planned) bool {
		return reflect.DeepEqual(first.Decision, second.Decision) && slices.Equal(first.Parts, second.Parts)
	})
}

// apply makes prefixes the routes of the tunnel, with the one to the resolver where that may be reached, and without those
// that are left alone now. It returns those that the kernel did not take; the others are in force.
func (host *Host) apply(held *holding, prefixes []netip.Prefix, withResolver bool) (failed map[netip.Prefix]struct{}, err error) {
	wanted := held.wanted(prefixes, withResolver)
	if held.keeping.isTruce(time.Now()) {
		contested := setOf(held.contested)
		wanted = slices.DeleteFunc(wanted, func(prefix netip.Prefix) bool {
			_, is := contested[prefix.String()]
			return is
		})
	}
	notTaken, err := host.system.setRoutes(held.tun.Index, held.addresses, wanted)
	if err != nil {
		return nil, &wire.Problem{Code: wire.CodeRouteRefused, Cause: err.Error()}
	}
	failed = setOf(notTaken)
	held.inForce = slices.DeleteFunc(slices.Clone(prefixes), func(prefix netip.Prefix) bool {
		_, is := failed[prefix]
		return is
	})
	_, isAnswererLost := failed[held.resolver]
	held.isResolverInForce = withResolver && !isAnswererLost
	if held.overruled != (overruled{}) {
		host.fillTable(held)
	}
	return failed, nil
}

// applyAll is apply where each prefix must be taken: else everything is as it was.
func (host *Host) applyAll(held *holding, prefixes []netip.Prefix, withResolver bool) error {
	before, hadResolver := held.inForce, held.isResolverInForce
	failed, err := host.apply(held, prefixes, withResolver)
	if err == nil && len(failed) == 0 {
		return nil
	}
	if err == nil {
		err = &wire.Problem{Code: wire.CodeRouteRefused, Cause: fmt.Sprintf("%d routes were not taken by the system", len(failed))}
	}
	_, _ = host.apply(held, before, hadResolver)
	return err
}

func setOf[Item comparable](items []Item) map[Item]struct{} {
	set := make(map[Item]struct{}, len(items))
	for _, item := range items {
		set[item] = struct{}{}
	}
	return set
}
