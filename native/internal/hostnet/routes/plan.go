package routes

import (
	"cmp"
	"net/netip"
	"slices"

	"go4.org/netipx"

	"slipway/native/internal/wire"
)

// Planned is the decision on one range, and the prefixes that it puts in force, in order.
type Planned struct {
	Decision wire.RouteDecision
	Parts    []netip.Prefix
}

// claim is a need of the laptop's own: no part of a range may touch it.
type claim struct {
	prefix   netip.Prefix
	reason   string
	conflict string
	name     string // of the interface
}

func (claim claim) told(prefix netip.Prefix) wire.RouteCut {
	return wire.RouteCut{Prefix: prefix.String(), Reason: claim.reason, Conflict: claim.conflict, Interface: claim.name}
}

// Plan gives the best decision on each range, in the order asked: routed, else cut, else narrowed to hosts, else refused
// (ADR 42). It must never put anything in force that touches a claim of the laptop. Protected addresses that are malformed
// refuse everything: what cannot be understood cannot be kept clear of. Hosts are the addresses that the cluster shows.
func Plan(input wire.RoutesInput, hosts []netip.Addr, laptop Laptop) []Planned {
	planned := make([]Planned, 0, len(input.Ranges))
	protected, understood, malformed := parseProtected(input.Protected)
	claims := claimsOf(laptop, protected)
	ways := ownWays(laptop.Routes, input.Nodes)
	hosts = slices.SortedFunc(slices.Values(hosts), netip.Addr.Compare)
	known := map[wire.WantedRange]Planned{} // a repetition takes no place of its own
	places := MaxRoutes
	for _, wanted := range input.Ranges {
		one, isKnown := known[wanted]
		if !isKnown {
			prefix, reason := classify(wanted)
			switch {
			case reason != "":
				one = refuse(wanted.Prefix, reason, "", "")
			case laptop.IPv6Off && prefix.Addr().Is6():
				one = refuse(wanted.Prefix, ReasonIPv6, "", "")
			case !understood:
				one = refuse(wanted.Prefix, ReasonProtected, malformed, "")
			case len(known) >= MaxRanges:
				one = refuse(wanted.Prefix, ReasonTooMany, "", "")
			default:
				one = planOne(wanted, prefix, claims, laptop.Routes, ways, hosts, places)
				places -= len(one.Parts)
				known[wanted] = one
			}
		}
		planned = append(planned, one)
	}
	return planned
}

// PlanEnd decides on an address of the tunnel's own (wire.AddressFamilies). They lie in space that no network has by right; one
// that has it all the same, a VPN with all of fd00::/8 or a proxy that gives names addresses out of 198.18.0.0/16, keeps every
// other address. The end is refused where the laptop, or whoever is known beside it, is at that very address.
func PlanEnd(end netip.Addr, laptop Laptop) Planned {
	itself := netip.PrefixFrom(end, end.BitLen())
	isOther := func(place Place) bool { return place.Prefix != itself }
	laptop.Subnets = slices.DeleteFunc(slices.Concat(laptop.Subnets, laptop.Addresses), isOther)
	laptop.Routes = slices.DeleteFunc(slices.Clone(laptop.Routes), isOther)
	laptop.Clusters = slices.DeleteFunc(slices.Clone(laptop.Clusters), isOther)
	return Plan(wire.RoutesInput{Ranges: wire.WantRouted(itself.String())}, nil, laptop)[0]
}

func refuse(prefix, reason, conflict, name string) Planned {
	return Planned{Decision: wire.RouteDecision{
		Prefix: prefix, Decision: wire.DecisionRefused, Reason: reason, Conflict: conflict, Interface: name,
	}}
}

// claimsOf lists what the laptop needs for itself, but for routes: those depend on what they are compared with.
func claimsOf(laptop Laptop, protected []netip.Addr) (claims []claim) {
	for _, subnet := range laptop.Subnets {
		claims = append(claims, claim{subnet.Prefix, ReasonOwnSubnet, subnet.Prefix.String(), subnet.Interface})
	}
	for _, gateway := range laptop.Gateways {
		claims = append(claims, claim{gateway.Prefix, ReasonGateway, gateway.Prefix.Addr().String(), gateway.Interface})
	}
	host := func(address netip.Addr, reason string) {
		claims = append(claims, claim{netip.PrefixFrom(address, address.BitLen()), reason, address.String(), ""})
	}
	for _, resolver := range laptop.Resolvers {
		host(resolver, ReasonResolver)
	}
	for _, address := range protected {
		host(address, ReasonProtected)
	}
	for _, address := range metadata {
		host(address, ReasonMetadata)
	}
	for _, other := range laptop.Clusters {
		claims = append(claims, claim{other.Prefix, ReasonOtherCluster, other.Prefix.String(), other.Interface})
	}
	for _, neighbour := range laptop.Neighbours {
		claims = append(claims, claim{neighbour.Prefix, ReasonNeighbour, neighbour.Prefix.Addr().String(), neighbour.Interface})
	}
	return claims
}

// ownWays are the prefixes that the laptop has routes to by nodes of the cluster alone. Whoever says falsely to be a node gets
// nothing by it: what is left alone goes where it went before.
func ownWays(others []Place, nodes []string) map[netip.Prefix]bool {
	known := map[netip.Addr]bool{}
	for _, text := range nodes[:min(len(nodes), wire.MaxNodes)] {
		if address, err := netip.ParseAddr(text); err == nil {
			known[address.Unmap()] = true
		}
	}
	ways := map[netip.Prefix]bool{}
	for _, route := range others {
		if known[route.Gateway] {
			ways[route.Prefix] = true
		}
	}
	for _, route := range others {
		if !known[route.Gateway] {
			delete(ways, route.Prefix)
		}
	}
	return ways
}

// planOne decides on a range that the policy for every laptop lets pass. At most places prefixes are put in force.
func planOne(
	wanted wire.WantedRange, prefix netip.Prefix, claims []claim, others []Place, ways map[netip.Prefix]bool, hosts []netip.Addr, places int,
) Planned {
	var broader *Place
	var cuts []cut
	cutOut := func(claim claim) {
		part := claim.prefix
		if part.Bits() < prefix.Bits() {
			part = prefix
		}
		cuts = append(cuts, cut{claim, part})
	}
	for _, claim := range claims {
		if claim.prefix.Overlaps(prefix) {
			cutOut(claim)
		}
	}
	for index, route := range others {
		// Shorter than any private range means "everything": the default route, or a VPN's way to cover it in
		// pieces. A longer prefix of ours goes beside it as it would beside a default route.
		if isEverything(route.Prefix) || !route.Prefix.Overlaps(prefix) {
			continue
		}
		if route.Prefix.Bits() > prefix.Bits() {
			cutOut(claim{route.Prefix, reasonOf(ways[route.Prefix]), route.Prefix.String(), route.Interface})
		} else if broader == nil || route.Prefix.Bits() > broader.Prefix.Bits() {
			broader = &others[index]
		}
	}
	cuts = outermost(cuts)
	rest := without(prefix, cuts)
	if len(rest.Prefixes()) == 0 {
		first := cuts[0]
		return refuse(wanted.Prefix, first.reason, first.conflict, first.name)
	}
	one := Planned{Decision: wire.RouteDecision{Prefix: wanted.Prefix, Decision: wire.DecisionRouted}}
	isBeside := broader != nil && !wanted.OverBroader
	if isBeside && ways[broader.Prefix] && wanted.Decision == wire.DecisionRouted {
		return refuse(wanted.Prefix, ReasonOwnWay, broader.Prefix.String(), broader.Interface)
	}
	isNarrowed := wanted.Decision == wire.DecisionNarrowed || isBeside
	if isNarrowed {
		one.Decision.Decision = wire.DecisionNarrowed
		one.takeHosts(prefix, rest, hosts, places)
	} else if one.Parts = rest.Prefixes(); len(one.Parts) > places {
		return refuse(wanted.Prefix, ReasonTooMany, "", "")
	}
	switch {
	case isNarrowed && broader != nil:
		one.Decision.Reason, one.Decision.Conflict, one.Decision.Interface = ReasonOtherRoute, broader.Prefix.String(), broader.Interface
	case len(cuts) > 0:
		one.Decision.Reason, one.Decision.Conflict, one.Decision.Interface = cuts[0].reason, cuts[0].conflict, cuts[0].name
	}
	if len(cuts) > 0 && !isNarrowed {
		one.Decision.Decision = wire.DecisionCut
	}
	for _, cut := range cuts[:min(len(cuts), wire.MaxCuts)] {
		one.Decision.Cuts = append(one.Decision.Cuts, cut.told(cut.part))
	}
	one.Decision.CutsMore = max(0, len(cuts)-wire.MaxCuts)
	return one
}

func reasonOf(isOwnWay bool) string {
	if isOwnWay {
		return ReasonOwnWay
	}
	return ReasonOtherRoute
}

// isEverything tells it of a route that is no more than a default route, or a piece of one.
func isEverything(prefix netip.Prefix) bool {
	if prefix.Addr().Is4() {
		return prefix.Bits() < minLengthIPv4
	}
	return prefix.Bits() < uniqueLocalBits
}

// cut is the part of a range that a claim takes.
type cut struct {
	claim
	part netip.Prefix
}

// outermost leaves out cuts within others, and orders the rest by address. Of equal ones the first stays.
func outermost(cuts []cut) []cut {
	slices.SortStableFunc(cuts, func(first, second cut) int {
		return cmp.Or(first.part.Addr().Compare(second.part.Addr()), cmp.Compare(first.part.Bits(), second.part.Bits()))
	})
	var kept []cut
	for _, next := range cuts {
		if count := len(kept); count == 0 || !inside(kept[count-1].part, next.part) {
			kept = append(kept, next)
		}
	}
	return kept
}

// without is a range without its cuts.
func without(prefix netip.Prefix, cuts []cut) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddPrefix(prefix)
	for _, cut := range cuts {
		builder.RemovePrefix(cut.part)
	}
	return setOf(&builder)
}

// setOf builds a set of prefixes and addresses that were parsed before; of such there are no errors.
func setOf(builder *netipx.IPSetBuilder) *netipx.IPSet {
	set, err := builder.IPSet()
	if err != nil {
		return &netipx.IPSet{} // nothing is in force that is not understood
	}
	return set
}

// takeHosts narrows a range to those of hosts (in order) that are in rest. Those that lie side by side are joined where
// that covers nothing more.
func (one *Planned) takeHosts(prefix netip.Prefix, rest *netipx.IPSet, hosts []netip.Addr, places int) {
	first, _ := slices.BinarySearchFunc(hosts, prefix.Addr(), netip.Addr.Compare)
	var builder netipx.IPSetBuilder
	for _, host := range hosts[first:] {
		if !prefix.Contains(host) {
			break
		}
		switch {
		case !rest.Contains(host):
		case one.Decision.Hosts == places:
			one.Decision.LeftOut++
		default:
			builder.Add(host)
			one.Decision.Hosts++
		}
	}
	one.Parts = setOf(&builder).Prefixes()
}
