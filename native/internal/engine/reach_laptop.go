package engine

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"slipway/native/internal/gate"
	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

const (
	tablesAge = 30 * time.Second // of rules and routes that no event told of
	maxWithin = 16               // addresses that are looked up for parts of a range
)

// reachLaptop is the laptop's side of the reach check: the interface, the kernel's way, its packet filters. It is for
// one goroutine.
type reachLaptop struct {
	connection *connection

	// Addresses of parts of ranges that somebody else has a route or a rule for.
	within   map[netip.Prefix][]netip.Addr
	readAt   time.Time
	rotation int // of ranges to be probed
}

// check makes the checks. What hangs on one that failed does not run.
func (laptop *reachLaptop) check(ctx context.Context, targets wire.ReachTargets, upkeep wire.TunnelUpkeep) []wire.ReachCheck {
	connection := laptop.connection
	connection.mutex.Lock()
	opened, routed, path := connection.tun, inForce(connection.ranges), connection.path
	areNamesOn := connection.names != nil && connection.names.Mode != "off"
	connection.mutex.Unlock()
	kernel := connection.config.Kernel
	if kernel == nil || opened.Interface == "" {
		return laptop.leaveOut(opened.Interface, routed)
	}
	state, err := kernel.Interface(opened.Index)
	name := opened.Interface
	if err == nil {
		name = state.Name
	}
	checks := []wire.ReachCheck{verdictOn(wire.ReachInterface, name, interfaceProblem(name, state, err, addressesFor(path.laptop, routed), upkeep))}
	if checks[0].Problem != nil {
		return append(checks, laptop.leaveOut(name, routed)[1:]...)
	}
	laptop.readParts(kernel, routed, opened.Index, len(upkeep.Contested) > 0)
	var clear []gate.Range // whose way is ours
	for _, one := range routed {
		isKnown, problem := laptop.wayProblem(kernel, one, opened.Index, upkeep)
		if !isKnown {
			checks = append(checks, notRun(wire.ReachRoute, one.Prefix.String()))
			continue
		}
		checks = append(checks, verdictOn(wire.ReachRoute, one.Prefix.String(), problem))
		if problem == nil {
			clear = append(clear, one)
		}
	}
	probed := laptop.toProbe(clear, path.known(targets))
	if areNamesOn {
		if way, err := kernel.Way(path.resolver); err == nil && way.Index == opened.Index {
			probed = append(probed, probe{"udp", netip.AddrPortFrom(path.resolver, dnsPort)})
		}
	}
	return append(checks, probeAll(ctx, connection, opened.Index, name, probed))
}

// addressesFor are those that the interface should have: of IPv6 only while a range of it is routed.
func addressesFor(laptop packet.PerFamily, routed []gate.Range) []netip.Addr {
	hasIPv6 := slices.ContainsFunc(routed, func(one gate.Range) bool { return one.Prefix.Addr().Is6() })
	return slices.DeleteFunc(laptop.All(), func(address netip.Addr) bool { return address.Is6() && !hasIPv6 })
}

// leaveOut is what is told where nothing could be asked.
func (laptop *reachLaptop) leaveOut(name string, routed []gate.Range) []wire.ReachCheck {
	checks := []wire.ReachCheck{notRun(wire.ReachInterface, name)}
	for _, one := range routed {
		checks = append(checks, notRun(wire.ReachRoute, one.Prefix.String()))
	}
	return append(checks, notRun(wire.ReachFirewall, ""))
}

func interfaceProblem(name string, state InterfaceState, err error, wanted []netip.Addr, upkeep wire.TunnelUpkeep) *wire.Problem {
	facts := map[string]string{"interface": name}
	var problem *wire.Problem
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem = wire.CauseInterfaceGone.Problem(wire.CodeInterfaceLost, "interface", name)
	case exhaustion(err) != nil:
		problem = exhaustion(err)
	case err != nil:
		problem = &wire.Problem{Code: wire.CodeInternal, Cause: err.Error()}
	case !state.IsUp:
		problem = wire.CauseInterfaceIsDown.Problem(wire.CodeInterfaceDown, "interface", name)
	default:
		for _, address := range wanted {
			if !slices.Contains(state.Addresses, address) {
				problem = wire.CauseInterfaceNoAddress.Problem(wire.CodeInterfaceDown, "interface", name, "address", address)
			}
		}
	}
	if problem != nil && problem.Code == wire.CodeInterfaceDown && len(upkeep.Contested) > 0 {
		problem = contestProblem(upkeep.Contest, wire.CauseInterfaceContested, wire.CodeInterfaceDown, "interface", name)
	}
	if problem != nil {
		problem.Facts = facts
	}
	return problem
}

// contestProblem tells how often something was taken away, and what the helper made of it.
func contestProblem(contest wire.Contest, cause wire.Cause, code string, facts ...any) *wire.Problem {
	told := []any{"times", contest.Times, "within", contest.WithinSeconds, "alone", contest.AloneSeconds}
	return cause.Problem(code, append(told, facts...)...)
}

// inForce are the ranges of which a part is: there is nothing to check where the cluster shows no host.
func inForce(ranges []gate.Range) []gate.Range {
	return slices.DeleteFunc(slices.Clone(ranges), func(one gate.Range) bool { return len(one.Parts) == 0 })
}

// samples are addresses of a range's first, middle and last part.
func samples(one gate.Range) (addresses []netip.Addr) {
	last := len(one.Parts) - 1
	for _, index := range slices.Compact([]int{0, last / 2, last}) {
		addresses = append(addresses, routelookup.Samples(one.Parts[index])...)
	}
	return addresses
}

// holds tells whether an address is in a part of the range.
func holds(one gate.Range, address netip.Addr) bool {
	return slices.ContainsFunc(one.Parts, func(part netip.Prefix) bool { return part.Contains(address) })
}

// readParts looks which parts of the ranges somebody else has routes or rules for, where that may have changed. What was cut
// out is theirs rightly.
func (laptop *reachLaptop) readParts(kernel Kernel, routed []gate.Range, own int, isContested bool) {
	isKnown := len(laptop.within) == len(routed)
	for _, one := range routed {
		if _, known := laptop.within[one.Prefix]; !known {
			isKnown = false
		}
	}
	if isKnown && !isContested && time.Since(laptop.readAt) < tablesAge {
		return
	}
	laptop.within, laptop.readAt = map[netip.Prefix][]netip.Addr{}, time.Now()
	tables := map[bool]routelookup.Tables{} // by whether it is IPv6
	for _, one := range routed {
		is6 := one.Prefix.Addr().Is6()
		if _, known := tables[is6]; !known {
			read, err := kernel.Tables(one.Prefix.Addr())
			if err != nil {
				laptop.connection.config.Log.Warn("rules and routes could not be read", "error", err)
			}
			tables[is6] = read
		}
		within := tables[is6].Within(one.Prefix, own, maxWithin)
		laptop.within[one.Prefix] = slices.DeleteFunc(within, func(address netip.Addr) bool { return !holds(one, address) })
	}
}

// wayProblem looks up addresses of a range, and explains the first that does not go into the interface own. Nothing is
// known where none could be looked up.
func (laptop *reachLaptop) wayProblem(kernel Kernel, one gate.Range, own int, upkeep wire.TunnelUpkeep) (isKnown bool, problem *wire.Problem) {
	for _, address := range slices.Concat(samples(one), laptop.within[one.Prefix]) {
		way, err := kernel.Way(address)
		if err != nil {
			laptop.connection.config.Log.Warn("a way could not be looked up", "error", err)
			continue
		}
		isKnown = true
		if way.Index == own {
			continue
		}
		laptop.within = nil // somebody came; what else of theirs lies in the ranges is looked for next time
		return true, laptop.taken(kernel, one, address, way, upkeep)
	}
	return isKnown, nil
}

func (laptop *reachLaptop) taken(kernel Kernel, one gate.Range, address netip.Addr, way routelookup.Way, upkeep wire.TunnelUpkeep) *wire.Problem {
	var reason routelookup.Reason
	if tables, err := kernel.Tables(address); err == nil {
		reason = tables.Why(address, kernel.User(), way)
	}
	var problem *wire.Problem
	code := wire.CodeRouteTaken
	switch {
	case isContested(one, upkeep):
		problem = contestProblem(upkeep.Contest, wire.CauseRouteContested, wire.CodeRouteContested, "prefix", one.Prefix)
	case reason.Rule != "" && way.Nowhere != "":
		problem = wire.CauseNowhereByRule.Problem(code, "address", address, "rule", reason.Rule)
	case reason.Rule != "" && upkeep.Rule.Times > 0:
		problem = contestProblem(upkeep.Rule, wire.CauseRuleContested, code, "address", address, "interface", way.Interface, "rule", reason.Rule)
	case reason.Rule != "":
		problem = wire.CauseRouteByRule.Problem(code, "address", address, "interface", way.Interface, "rule", reason.Rule)
	case !reason.Route.IsValid():
		problem = wire.CauseNoRouteAtAll.Problem(code, "address", address)
	case way.Nowhere != "":
		problem = wire.CauseNowhereByRoute.Problem(code, "address", address, "kind", way.Nowhere, "route", reason.Route, "table", reason.Table)
	default:
		problem = wire.CauseRouteByRoute.Problem(code, "address", address, "interface", way.Interface, "route", reason.Route, "table", reason.Table)
	}
	problem.Facts = map[string]string{
		"prefix": one.Prefix.String(), "address": address.String(), "interface": way.Interface, "table": reason.Table, "rule": reason.Rule,
	}
	return problem
}

// isContested tells whether somebody keeps taking away a part of a range.
func isContested(one gate.Range, upkeep wire.TunnelUpkeep) bool {
	return slices.ContainsFunc(one.Parts, func(part netip.Prefix) bool { return slices.Contains(upkeep.Contested, part.String()) })
}

func addressesOf(texts []string) (addresses []netip.AddrPort) {
	for _, text := range texts {
		if address, err := netip.ParseAddrPort(text); err == nil {
			addresses = append(addresses, address)
		}
	}
	return addresses
}
