package hostnet

import (
	"net/netip"
	"slices"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// An interface has IPv6 only while a route of it needs that: a laptop whose networks have none would get programs that ask
// for AAAA, and wait for it, once any interface has an address of it (RFC 3493, AI_ADDRCONFIG).

// own are the addresses that the interface has now.
func (held *holding) own() []netip.Addr {
	if held.hasIPv6 {
		return held.addresses
	}
	return slices.DeleteFunc(slices.Clone(held.addresses), netip.Addr.Is6)
}

// planIn plans for a laptop. Where a part is of IPv6, the interface gets its addresses of that first; where it cannot have
// any, the laptop is one without IPv6. held is nil where nobody has a lease.
func (host *Host) planIn(laptop routes.Laptop, input wire.RoutesInput, hosts []netip.Addr, held *holding) []routes.Planned {
	if held != nil && held.ipv6Off {
		laptop.IPv6Off = true
	}
	planned := routes.Plan(input, hosts, laptop)
	if held == nil || held.tun.Index == 0 || held.hasIPv6 || !needsIPv6(planned) {
		return planned
	}
	held.hasIPv6 = true
	if err := host.system.repairTun(held.alias, held.tun.Index, held.own()); err != nil {
		host.options.Log.Warn("the tunnel gets no address of IPv6", "error", err)
		held.hasIPv6, held.ipv6Off, laptop.IPv6Off = false, true, true
		return routes.Plan(input, hosts, laptop)
	}
	return planned
}

func needsIPv6(planned []routes.Planned) bool {
	return slices.ContainsFunc(planned, func(one routes.Planned) bool {
		return slices.ContainsFunc(one.Parts, func(part netip.Prefix) bool { return part.Addr().Is6() })
	})
}
