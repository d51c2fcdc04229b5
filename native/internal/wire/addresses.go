package wire

import "net/netip"

// TunnelRange holds the addresses of the tunnel's own ends: benchmarking space (RFC 2544), which no network routes.
// Neither side carries anything to another of its addresses: sessions never meet.
var TunnelRange = netip.MustParsePrefix("198.18.0.0/15")

// ReservedRange is the part of TunnelRange with well-known addresses; no session gets any of it.
var ReservedRange = netip.MustParsePrefix("198.18.0.0/24")

// AgentAddress answers heartbeats in every session.
var AgentAddress = netip.MustParseAddr("198.18.0.1")
