package engine

import (
	"context"
	"net/netip"
	"slices"

	"go4.org/netipx"

	"slipway/native/internal/mapping"
	"slipway/native/internal/wire"
)

// setMapping gives ranges other addresses on the laptop than they have in the cluster. Connections that are open keep the
// ones that they began with.
func (path *path) setMapping(table *mapping.Table) { path.mapping.Store(table) }

// realOf is where in the cluster the laptop's packets to an address go.
func (path *path) realOf(known netip.AddrPort) netip.AddrPort {
	real, _ := path.mapping.Load().Real(known.Addr())
	return netip.AddrPortFrom(real, known.Port())
}

// known are the targets of the reach check by the addresses that the laptop's programs know.
func (path *path) known(targets wire.ReachTargets) wire.ReachTargets {
	table := path.mapping.Load()
	translate := func(texts []string) (known []string) {
		for _, real := range addressesOf(texts) {
			address, _ := table.Virtual(real.Addr())
			known = append(known, netip.AddrPortFrom(address, real.Port()).String())
		}
		return known
	}
	return wire.ReachTargets{
		Name: targets.Name, Services: translate(targets.Services), Pods: translate(targets.Pods), LocalPods: translate(targets.LocalPods),
	}
}

// known is the address by which the laptop's programs reach one that somebody wrote down, which may be the cluster's own.
func (connection *connection) known(address netip.Addr) netip.Addr {
	connection.mutex.Lock()
	path := connection.path
	connection.mutex.Unlock()
	if path == nil {
		return address
	}
	known, _ := path.mapping.Load().Virtual(address)
	return known
}

// wantedMapping checks mappings against the ranges that are wanted beside them, whatever the helper makes of these.
func wantedMapping(ranges []wire.WantedRange, told []wire.Mapping) (*mapping.Table, *wire.Problem) {
	pairs, problem := mapping.Parse(told)
	if problem != nil {
		return nil, problem
	}
	var wanted []netip.Prefix
	for _, each := range ranges {
		if prefix, err := netip.ParsePrefix(each.Prefix); err == nil { // the helper refuses what is none
			wanted = append(wanted, prefix)
		}
	}
	return mapping.New(pairs, literal(wanted, pairs))
}

// literal are the ranges that lie in no virtual one: they are reached as they are.
func literal(ranges []netip.Prefix, pairs []mapping.Pair) []netip.Prefix {
	virtual := make([]netip.Prefix, len(pairs))
	for index, pair := range pairs {
		virtual[index] = pair.Virtual
	}
	inside := setOf(virtual)
	return slices.DeleteFunc(slices.Clone(ranges), inside.ContainsPrefix)
}

// setOf is the set of the addresses of prefixes.
func setOf(prefixes []netip.Prefix) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	for _, prefix := range prefixes {
		builder.AddPrefix(prefix)
	}
	set, err := builder.IPSet()
	if err != nil { // never of prefixes that were parsed
		return &netipx.IPSet{}
	}
	return set
}

// mappingOf is the mapping for the ranges that are in force. Names do not tell a virtual range that is not: the laptop has
// somebody else there now.
func (connection *connection) mappingOf(inForce []netip.Prefix) *mapping.Table {
	pairs, problem := mapping.Parse(connection.command.Mappings)
	routed := setOf(inForce)
	for index := range pairs {
		pairs[index].Retired = pairs[index].Retired || !routed.ContainsPrefix(pairs[index].Virtual)
	}
	var table *mapping.Table
	if problem == nil {
		table, problem = mapping.New(pairs, literal(inForce, pairs))
	}
	if problem != nil { // it was checked with more ranges than these
		connection.config.Log.Error("ranges are not mapped", "problem", problem.Cause)
	}
	return table
}

// replan takes other ranges and mappings than before. Until both the helper and the packet path have the new ones, virtual
// addresses of both plans lead to the cluster's: no packet leaves by an address that means nothing there.
func (connection *connection) replan(plan wire.PlanCommand) {
	connection.routing.Lock()
	defer connection.routing.Unlock()
	if _, problem := wantedMapping(plan.Ranges, plan.Mappings); problem != nil {
		connection.config.Log.Error("a plan was refused", "problem", problem.Cause)
		connection.tellRoutes(problem)
		return
	}
	before, _ := mapping.Parse(connection.command.Mappings)
	connection.command.Ranges, connection.command.Mappings, connection.command.Nodes = plan.Ranges, plan.Mappings, plan.Nodes
	if !connection.isAsked() {
		return // it goes with the first
	}
	now, _ := mapping.Parse(plan.Mappings)
	connection.path.setMapping(mapping.Between(before, now))
	call, cancel := context.WithTimeout(context.Background(), connection.config.Timing.HelperCall)
	defer cancel()
	decided, err := connection.helper.SetRoutes(call, connection.wantedRoutes())
	if err != nil {
		connection.tellRoutes(asProblem(err, wire.CodeInternal))
		return
	}
	connection.reroute(decided.Decisions) // told in any case
}

// tellRoutes tells the decisions that are in force once more, with what went wrong.
func (connection *connection) tellRoutes(problem *wire.Problem) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.send(wire.EngineEvent{Event: wire.EventRoutes, Routes: &wire.RoutesEvent{Decisions: connection.routes, Problem: problem}})
}
