package domains

import (
	"net/netip"

	"slipway/native/internal/wire"
)

// clusterLocal is what nearly every cluster calls itself (kubelet's and kubeadm's default); nobody else may use it
// for anything that a laptop would look up, since multicast DNS has names directly below local only (RFC 6762).
const clusterLocal = "cluster.local"

// specialUse are top-level names set aside for other uses: RFC 6761 (example, invalid, localhost, test), RFC 6762
// (local), RFC 7686 (onion), RFC 9476 (alt), ICANN's board for internal (resolution 2024.07.29.06), and arpa (RFC
// 3172, with home.arpa of RFC 8375 below it).
var specialUse = []string{"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}

// specialTree are those that nothing below may be taken of either: reverse zones have rules of their own.
var specialTree = []string{"arpa", "invalid", "localhost", "onion"}

// collisions are names that are no top-level domains, and that networks use as if they were. ICANN will not delegate
// corp, home and mail for that reason (board resolution 2018.02.04.12); RFC 6762 appendix G names corp, home,
// internal, intranet, lan and private as those found in private networks; the others are what routers and Windows
// come with, and what asks for a proxy (wpad) or a tunnel (isatap) by its own name.
var collisions = []string{
	"belkin", "corp", "domain", "home", "internal", "intra", "intranet", "isatap", "lan", "local", "localdomain", "mail",
	"private", "router", "workgroup", "wpad",
}

// reverseSpace is the space whose reverse zones a cluster may answer for: what routes may carry, and the unique
// local addresses of IPv6 (RFC 4193).
var reverseSpace = append([]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	wire.TunnelRange,
	netip.MustParsePrefix("fc00::/7"),
}, wire.VirtualSpace...)
