package hostnet

import (
	"net/netip"
	"slices"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// redecide plans anew everything that a lease has asked for, because the laptop's own network or the cluster's hosts changed:
// parts that the laptop needs now are withdrawn, what it no longer needs is taken back, and the client is told. It tells
// whether it came to an end; otherwise it is to be called again soon.
func (host *Host) redecide(held *holding) bool {
	if held.tun.Index == 0 {
		return true
	}
	laptop, err := host.laptop(held)
	if err != nil {
		host.options.Log.Warn("the routes could not be decided on anew", "error", err)
		return false
	}
	planned := host.planIn(laptop, held.asked, hostsOf(held), held)
	answering := held.answering
	if held.resolver.IsValid() {
		answering = whole(routes.PlanEnd(held.resolver.Addr(), laptop).Decision)
	}
	// The way to the resolver comes back with its names, when the client asks for them again.
	withResolver, isAstray := held.isReachingResolver() && answering.IsRouted(), false
	if withResolver {
		answering, isAstray = host.follow(held, answering)
	}
	parts := partsOf(planned)
	isSameAnswer := isSameDecision(answering, held.answering)
	if isSameAnswer && isSamePlan(planned, held.planned) && slices.Equal(parts, held.inForce) {
		return true
	}
	host.claim(held, parts)
	// Names first: nothing must ever point to an answerer that cannot be reached.
	if held.answering.IsRouted() && !answering.IsRouted() {
		host.withdrawNames(held)
	}
	failed, err := host.apply(held, parts, withResolver)
	if err != nil {
		host.options.Log.Error("a refused route could not be withdrawn", "error", err)
	}
	if _, isLost := failed[held.resolver]; isLost {
		answering.Decision, answering.Reason = wire.DecisionRefused, routes.ReasonOtherRoute
		host.withdrawNames(held)
	}
	told := tellFailed(planned, failed, held.planned)
	host.options.Log.Info("the policy was asked anew", "routes", len(held.inForce), "of", len(parts))
	isNews := !isSamePlan(told, held.planned)
	held.planned, held.answering, held.isAstray = told, answering, isAstray
	if isNews || !isSameAnswer {
		held.redecided = true
		host.announce()
	}
	return err == nil && len(failed) == 0
}

func isSameDecision(first, second wire.RouteDecision) bool {
	return first.Decision == second.Decision && first.Reason == second.Reason && first.Conflict == second.Conflict && first.Interface == second.Interface
}

// tellFailed is a plan as it is told where the kernel did not take some of its parts: what is told is what is in force. A
// range that comes back stays refused as it was before.
func tellFailed(planned []routes.Planned, failed map[netip.Prefix]struct{}, before []routes.Planned) []routes.Planned {
	if len(failed) == 0 {
		return planned
	}
	told := slices.Clone(planned)
	for index, one := range planned {
		hasFailed := func(part netip.Prefix) bool {
			_, is := failed[part]
			return is
		}
		first := slices.IndexFunc(one.Parts, hasFailed)
		if first < 0 {
			continue
		}
		conflict := one.Parts[first]
		told[index].Parts = slices.DeleteFunc(slices.Clone(one.Parts), hasFailed)
		if one.Decision.Decision == wire.DecisionNarrowed {
			inForce := hostsIn(told[index].Parts)
			told[index].Decision.LeftOut += one.Decision.Hosts - inForce
			told[index].Decision.Hosts = inForce
			continue
		}
		if index < len(before) && before[index].Decision.Prefix == one.Decision.Prefix && !before[index].Decision.IsCarried() {
			told[index].Decision = before[index].Decision
			continue
		}
		told[index].Decision.Cuts = append(slices.Clone(one.Decision.Cuts), wire.RouteCut{
			Prefix: conflict.String(), Reason: routes.ReasonOtherRoute, Conflict: conflict.String(),
		})
		told[index].Decision.Decision = wire.DecisionCut
		if len(told[index].Parts) == 0 {
			told[index].Decision.Decision = wire.DecisionRefused
		}
		if told[index].Decision.Reason == "" {
			told[index].Decision.Reason, told[index].Decision.Conflict = routes.ReasonOtherRoute, conflict.String()
		}
	}
	return told
}

// hostsIn counts the addresses of parts, each of which is a few hosts that lie side by side.
func hostsIn(parts []netip.Prefix) (count int) {
	for _, part := range parts {
		count += 1 << min(part.Addr().BitLen()-part.Bits(), 30)
	}
	return count
}
