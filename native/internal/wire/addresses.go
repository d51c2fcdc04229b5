package wire

import "net/netip"

// TunnelRange holds the addresses of the tunnel's own ends: benchmarking space (RFC 2544), which no network routes.
// Neither side carries anything to another of its addresses: sessions never meet.
var TunnelRange = netip.MustParsePrefix("198.18.0.0/15")

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

// AddressFamilies are those that a session has addresses of, each once. IPv6 is not carried yet: its entry here is
// where it begins.
var AddressFamilies = []AddressFamily{{Range: TunnelRange, Reserved: ReservedRange, Agent: AgentAddress}}

// AddressFamilyOf returns the address family whose range holds address.
func AddressFamilyOf(address netip.Addr) (found AddressFamily, ok bool) {
	for _, family := range AddressFamilies {
		if family.Range.Contains(address) {
			return family, true
		}
	}
	return AddressFamily{}, false
}
