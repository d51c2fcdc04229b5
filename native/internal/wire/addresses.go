package wire

import "net/netip"

// TunnelRange holds the addresses of the tunnel's own ends: half of the benchmarking space (RFC 2544), which no network
// routes. Neither side carries anything to another of its addresses: sessions never meet.
var TunnelRange = netip.MustParsePrefix("198.18.0.0/16")

// VirtualSpace is where virtual ranges lie, which stand for ranges of a cluster on a laptop: the other half of the
// benchmarking space, shared address space (RFC 6598), class E but for its last /8, which has the broadcast address (RFC
// 1112), and a part of the unique local addresses (RFC 4193) that was drawn at random. None of it is anybody's on the internet.
var VirtualSpace = []netip.Prefix{
	netip.MustParsePrefix("198.19.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("240.0.0.0/5"),
	netip.MustParsePrefix("248.0.0.0/6"),
	netip.MustParsePrefix("252.0.0.0/7"),
	netip.MustParsePrefix("254.0.0.0/8"),
	netip.MustParsePrefix("fd51:1bae::/32"),
}

// TunnelRangeIPv6 is the same in IPv6: a unique local range whose number was drawn at random (RFC 4193), so that it is
// nobody's but by a chance of one in 2^40.
var TunnelRangeIPv6 = netip.MustParsePrefix("fd34:8a0f:448::/48")

// ReservedRange is the part of TunnelRange with well-known addresses; no session gets any of it.
var ReservedRange = netip.MustParsePrefix("198.18.0.0/24")

// AgentAddress answers heartbeats in every session.
var AgentAddress = netip.MustParseAddr("198.18.0.1")

// AddressFamily is what the tunnel has in one address family.
type AddressFamily struct {
	Range    netip.Prefix // of the tunnel's own ends
	Reserved netip.Prefix // that no session gets any of
	Agent    netip.Addr   // answers heartbeats
}

// AddressFamilies are those that a session has addresses of, each once. The first is that of heartbeats and names.
var AddressFamilies = []AddressFamily{
	{Range: TunnelRange, Reserved: ReservedRange, Agent: AgentAddress},
	{
		Range: TunnelRangeIPv6, Reserved: netip.MustParsePrefix("fd34:8a0f:448::/64"),
		Agent: netip.MustParseAddr("fd34:8a0f:448::1"),
	},
}

// AddressFamilyOf returns the address family whose range holds address.
func AddressFamilyOf(address netip.Addr) (found AddressFamily, ok bool) {
	for _, family := range AddressFamilies {
		if family.Range.Contains(address) {
			return family, true
		}
	}
	return AddressFamily{}, false
}
