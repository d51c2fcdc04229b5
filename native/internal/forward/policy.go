package forward

import (
	"net/netip"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// Policy says which destinations the agent refuses. It is pure: the same question has the same answer. What it
// refuses would lend the laptop rights that the agent's place in the cluster has and its user was not given.
type Policy struct {
	// Resolvers are the nameservers of the agent's own resolv.conf; port 53 of them is open even when they are
	// link-local (NodeLocal DNS caches are).
	Resolvers []netip.Addr
	// Own are the addresses of the agent's pod.
	Own []netip.Addr
	// Host are the addresses of the node that the agent runs on; empty where unknown.
	Host []netip.Addr
}

const portDNS = 53

// refusedRanges can never be meant by a laptop that joins a cluster's network.
var refusedRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),          // "this host": Linux connects 0.0.0.0 to loopback
	netip.MustParsePrefix("127.0.0.0/8"),        // loopback
	netip.MustParsePrefix("169.254.0.0/16"),     // link-local; metadata services of most clouds, ECS, EKS pod identity
	netip.MustParsePrefix("224.0.0.0/4"),        // multicast
	netip.MustParsePrefix("255.255.255.255/32"), // broadcast; the rest of class E is pod space on some clouds
	netip.MustParsePrefix("100.100.100.200/32"), // metadata on Alibaba Cloud
	netip.MustParsePrefix("192.0.0.192/32"),     // metadata on Oracle Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // platform agent of Azure
	netip.MustParsePrefix("::/96"),              // unspecified, loopback, and IPv4 as RFC 4291 once wrote it
	netip.MustParsePrefix("fe80::/10"),          // link-local
	netip.MustParsePrefix("ff00::/8"),           // multicast
	netip.MustParsePrefix("fd00:ec2::/64"),      // metadata, DNS and time on AWS: fd00:ec2::254, ::253, ::123
	netip.MustParsePrefix("fd20:ce::254/128"),   // metadata on Google Cloud
	netip.MustParsePrefix("fd00:c1::/64"),       // metadata on Oracle Cloud: fd00:c1::a9fe:a9fe
}

// translated holds IPv4 in its last four bytes; a NAT64 of the cluster carries what goes there on (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// kubeletPorts serve exec, logs and metrics of every pod of a node (10250, and 10255 without authentication). The
// agent cannot tell nodes from pods, since it has no rights at the API server, so they are refused everywhere. A
// pod that listens on them (metrics-server does) stays reachable through its Service.
var kubeletPorts = map[uint16]bool{10250: true, 10255: true}

// hostPorts are refused on the agent's own node: health and metrics of kubelet and kube-proxy.
var hostPorts = map[uint16]bool{10248: true, 10249: true, 10256: true}

// Allows tells whether a packet of protocol (an IP protocol number) may go to destination; port is 0 where the
// protocol has none.
func (p *Policy) Allows(protocol byte, destination netip.Addr, port uint16) bool {
	destination = destination.Unmap()
	if translated.Contains(destination) {
		bytes := destination.As16()
		return p.Allows(protocol, netip.AddrFrom4([4]byte(bytes[12:])), port)
	}
	isMessage := protocol == packet.ICMP || protocol == packet.ICMPv6
	if port == portDNS && !isMessage && isResolver(p.Resolvers, destination) {
		return true
	}
	if _, isOfTunnel := wire.AddressFamilyOf(destination); isOfTunnel {
		return false // two sessions never meet
	}
	for _, refused := range refusedRanges {
		if refused.Contains(destination) {
			return false
		}
	}
	if contains(p.Own, destination) {
		return false
	}
	if kubeletPorts[port] {
		return false
	}
	return !hostPorts[port] || !contains(p.Host, destination)
}

// isResolver never opens loopback: a resolver there belongs to the pod itself.
func isResolver(resolvers []netip.Addr, destination netip.Addr) bool {
	return !destination.IsLoopback() && !destination.IsUnspecified() && contains(resolvers, destination)
}

func contains(addresses []netip.Addr, wanted netip.Addr) bool {
	for _, address := range addresses {
		if address.Unmap().WithZone("") == wanted.WithZone("") {
			return true
		}
	}
	return false
}
