package hostnet

import (
	"net/netip"
	"slices"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// redecide asks the policy anew about everything that a lease has asked for, because the laptop's own network changed:
// what is refused now is withdrawn, what is no longer refused is taken back, and the client is told. It tells whether
// it came to an end; otherwise it is to be called again soon.
func (host *Host) redecide(held *holding) bool {
	if held.tun.Index == 0 {
		return true
	}
	laptop, err := host.laptop(held.tun.Index)
	if err != nil {
		host.options.Log.Warn("the routes could not be decided on anew", "error", err)
		return false
	}
	decisions := routes.Decide(held.asked, laptop)
	answering := held.answering
	if held.resolver.IsValid() {
		answering = routes.Decide(wire.RoutesInput{Ranges: wire.WantRouted(held.resolver.String())}, laptop)[0]
	}
	// The way to the resolver comes back with its names, when the client asks for them again.
	withResolver, isAstray := held.isReachingResolver() && answering.IsRouted(), false
	if withResolver {
		answering, isAstray = host.follow(held, answering)
	}
	if slices.Equal(decisions, held.decisions) && answering == held.answering && held.isInForce(decisions) {
		return true
	}
	// Names first: nothing must ever point to an answerer that cannot be reached.
	if held.answering.IsRouted() && !answering.IsRouted() {
		host.withdrawNames(held)
	}
	isWithdrawn := host.withdraw(held, decisions, withResolver)
	isTakenBack := host.takeBack(held, decisions, withResolver)
	host.options.Log.Info("the policy was asked anew", "routed", len(held.inForce), "of", len(decisions))
	held.decisions, held.answering, held.isAstray, held.redecided = decisions, answering, isAstray, true
	host.announce()
	return isWithdrawn && isTakenBack
}

// isInForce tells whether the routes in force are those that decisions allow.
func (held *holding) isInForce(decisions []wire.RouteDecision) bool {
	routed := routedOf(decisions)
	isMissing := func(list []netip.Prefix) func(netip.Prefix) bool {
		return func(prefix netip.Prefix) bool { return !slices.Contains(list, prefix) }
	}
	return !slices.ContainsFunc(routed, isMissing(held.inForce)) && !slices.ContainsFunc(held.inForce, isMissing(routed))
}

// withdraw takes away the routes that are refused now, whatever else cannot be done.
func (host *Host) withdraw(held *holding, decisions []wire.RouteDecision, withResolver bool) bool {
	routed := routedOf(decisions)
	kept := slices.DeleteFunc(slices.Clone(held.inForce), func(prefix netip.Prefix) bool {
		return !slices.Contains(routed, prefix)
	})
	if err := host.apply(held, kept, withResolver); err != nil {
		host.options.Log.Error("a refused route could not be withdrawn", "error", err)
		return false
	}
	return true
}

// takeBack adds the routes that are no longer refused. One that the kernel does not take stays refused as it was: what
// is told is what is in force.
func (host *Host) takeBack(held *holding, decisions []wire.RouteDecision, withResolver bool) bool {
	isDone := true
	for index, decision := range decisions {
		if !decision.IsRouted() {
			continue
		}
		prefix := netip.MustParsePrefix(decision.Prefix)
		if slices.Contains(held.inForce, prefix) {
			continue
		}
		if err := host.apply(held, append(slices.Clone(held.inForce), prefix), withResolver); err != nil {
			host.options.Log.Warn("a route could not be taken back", "error", err)
			decisions[index] = held.decisions[index]
			isDone = false
		}
	}
	return isDone
}
