// Package dumps reads the lists that the kernel gives over netlink (rtnetlink(7)). It must never change anything.
package dumps

import (
	"net"
	"net/netip"
)

// PrefixOf is a network as netlink tells it; there is none where that is nil, which is how a default route is told.
func PrefixOf(network *net.IPNet) (netip.Prefix, bool) {
	if network == nil {
		return netip.Prefix{}, false
	}
	address, known := netip.AddrFromSlice(network.IP)
	ones, bits := network.Mask.Size()
	if !known || bits == 0 {
		return netip.Prefix{}, false
	}
	if bits == 32 {
		address = address.Unmap()
	}
	return netip.PrefixFrom(address, ones), true
}
