// Package routes decides which prefixes a cluster may take on this laptop, and puts them on the tunnel's interface.
// It must never route anything that its own policy refused, whoever asks: the client runs as the user and repeats
// what a cluster told it, and this is the boundary.
package routes

import (
	"net/netip"

	"slipway/native/internal/wire"
)

// MaxRanges is how many ranges may be asked for; a cluster has a handful.
const MaxRanges = 256

// MaxRoutes is how many prefixes may be in force for all of them: hosts of narrowed ranges, and what cuts leave.
const MaxRoutes = wire.MaxHosts

// narrowest lengths: a /8 is the whole of 10.0.0.0/8, and nothing private is larger.
const (
	minLengthIPv4 = 8
	minLengthIPv6 = 32

	uniqueLocalBits = 7 // RFC 4193: fc00::/7
)

// Reasons of a refusal, as wire.RouteDecision lists them.
const (
	ReasonMalformed    = "malformed"
	ReasonDefaultRoute = "default-route"
	ReasonTooWide      = "too-wide"
	ReasonLoopback     = "loopback"
	ReasonLinkLocal    = "link-local"
	ReasonMulticast    = "multicast"
	ReasonReserved     = "reserved"
	ReasonMetadata     = "metadata"
	ReasonPublic       = "public"
	ReasonIPv6         = "ipv6" // private, but IPv6 is switched off on this laptop
	ReasonOwnSubnet    = "own-subnet"
	ReasonGateway      = "gateway"
	ReasonResolver     = "resolver"
	ReasonProtected    = "protected"
	ReasonNeighbour    = "neighbour"
	ReasonOtherCluster = "other-cluster"
	ReasonOtherRoute   = "other-route"
	ReasonOwnWay       = "own-way" // the laptop has a route to it by a node of the cluster
	ReasonTooMany      = "too-many"
)

// Laptop is what the policy must know about the machine, without anything of our own interface.
type Laptop struct {
	// Subnets are of each address of each interface. Of a point-to-point one it is the address alone: nobody is there but
	// who answers a route.
	Subnets    []Place
	Addresses  []Place // of each interface, as host prefixes
	Gateways   []Place // as host prefixes
	Neighbours []Place // that were heard on a link (ARP, NDP), as host prefixes
	Resolvers  []netip.Addr
	Routes     []Place // all tables, one for each hop; default routes may be among them
	Clusters   []Place // what other connections have, whose word came first
	IPv6Off    bool    // no interface can have an address of it
}

// Place is a prefix and the interface that it belongs to (empty for routes that lead nowhere, such as blackhole).
type Place struct {
	Prefix    netip.Prefix
	Interface string
	Gateway   netip.Addr // of a route; the zero Addr where it has none
}

// verdict of the fixed part of the policy, the same on every laptop.
type verdict struct {
	prefix netip.Prefix
	reason string
}

// The order matters: the first that overlaps decides. Sources: IANA special-purpose registries (RFC 6890).
var forbidden = []verdict{
	{netip.MustParsePrefix("127.0.0.0/8"), ReasonLoopback},
	{netip.MustParsePrefix("::1/128"), ReasonLoopback},
	{netip.MustParsePrefix("169.254.0.0/16"), ReasonLinkLocal},
	{netip.MustParsePrefix("fe80::/10"), ReasonLinkLocal},
	{netip.MustParsePrefix("224.0.0.0/4"), ReasonMulticast},
	{netip.MustParsePrefix("ff00::/8"), ReasonMulticast},
	{netip.MustParsePrefix("0.0.0.0/8"), ReasonReserved},
	{netip.MustParsePrefix("255.0.0.0/8"), ReasonReserved}, // broadcast; the rest of class E is nobody's (RFC 1112)
	{netip.MustParsePrefix("192.0.0.0/24"), ReasonReserved},
	{netip.MustParsePrefix("192.0.2.0/24"), ReasonReserved},
	{netip.MustParsePrefix("198.51.100.0/24"), ReasonReserved},
	{netip.MustParsePrefix("203.0.113.0/24"), ReasonReserved},
	{netip.MustParsePrefix("::/128"), ReasonReserved},
	{netip.MustParsePrefix("::ffff:0:0/96"), ReasonReserved}, // IPv4-mapped
	{netip.MustParsePrefix("2001:db8::/32"), ReasonReserved},
}

// Where clouds answer with credentials of the machine that asks. A laptop may be a machine in a cloud.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"),    // AWS, Azure, Google and most others
	netip.MustParseAddr("169.254.170.2"),      // AWS, tasks
	netip.MustParseAddr("169.254.170.23"),     // AWS, pod identity
	netip.MustParseAddr("100.100.100.200"),    // Alibaba, within 100.64.0.0/10
	netip.MustParseAddr("192.0.0.192"),        // Oracle
	netip.MustParseAddr("168.63.129.16"),      // Azure
	netip.MustParseAddr("fd00:ec2::254"),      // AWS
	netip.MustParseAddr("fd20:ce::254"),       // Google
	netip.MustParseAddr("fd00:c1::a9fe:a9fe"), // Oracle
}

// What a cluster may use: RFC 1918, RFC 6598, RFC 2544 and RFC 4193 space, and whatever virtual ranges lie in.
var acceptable = append([]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	wire.TunnelRange,
	netip.MustParsePrefix("fc00::/7"),
}, wire.VirtualSpace...)

func parseProtected(texts []string) (protected []netip.Addr, understood bool, malformed string) {
	for _, text := range texts {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, false, text
		}
		protected = append(protected, address.Unmap().WithZone(""))
	}
	return protected, true, ""
}

// classify applies what holds on every laptop.
func classify(wanted wire.WantedRange) (netip.Prefix, string) {
	prefix, err := netip.ParsePrefix(wanted.Prefix)
	// Host bits that are set hide what was meant; so does the IPv4-mapped form.
	if err != nil || prefix != prefix.Masked() || prefix.String() != wanted.Prefix ||
		wanted.Decision != wire.DecisionRouted && wanted.Decision != wire.DecisionNarrowed {
		return prefix, ReasonMalformed
	}
	if prefix.Bits() <= 1 { // the halves are the usual way to take the default route without replacing it
		return prefix, ReasonDefaultRoute
	}
	if prefix.IsSingleIP() {
		for _, address := range metadata {
			if prefix.Addr() == address {
				return prefix, ReasonMetadata
			}
		}
	}
	for _, entry := range forbidden {
		if prefix.Overlaps(entry.prefix) && (prefix.Bits() >= entry.prefix.Bits() || longEnough(prefix)) {
			return prefix, entry.reason
		}
	}
	if !longEnough(prefix) {
		return prefix, ReasonTooWide
	}
	for _, space := range acceptable {
		if inside(space, prefix) {
			return prefix, ""
		}
	}
	return prefix, ReasonPublic
}

func longEnough(prefix netip.Prefix) bool {
	if prefix.Addr().Is4() {
		return prefix.Bits() >= minLengthIPv4
	}
	return prefix.Bits() >= minLengthIPv6
}

func inside(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
