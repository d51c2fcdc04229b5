package routes

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

// Read describes the laptop without the interfaces own (by index).
func Read(own []int) (Laptop, error) {
	laptop := Laptop{IPv6Off: isIPv6Off()}
	links, err := dumps.Settled(netlink.LinkList)
	if err != nil {
		return laptop, fmt.Errorf("list links: %w", err)
	}
	names, isPointToPoint := map[int]string{}, map[int]bool{}
	for _, link := range links {
		names[link.Attrs().Index] = link.Attrs().Name
		isPointToPoint[link.Attrs().Index] = link.Attrs().RawFlags&unix.IFF_POINTOPOINT != 0
	}
	addresses, err := dumps.Settled(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return laptop, fmt.Errorf("list addresses: %w", err)
	}
	for _, address := range addresses {
		if slices.Contains(own, address.LinkIndex) {
			continue
		}
		addSubnet := func(network *net.IPNet) {
			prefix, known := dumps.PrefixOf(network)
			if !known {
				return
			}
			if isPointToPoint[address.LinkIndex] { // its subnet, where it has one, is among the routes
				prefix = netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen())
			}
			laptop.Subnets = append(laptop.Subnets, Place{Prefix: prefix.Masked(), Interface: names[address.LinkIndex]})
			itself := netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen())
			laptop.Addresses = append(laptop.Addresses, Place{Prefix: itself, Interface: names[address.LinkIndex]})
		}
		addSubnet(address.IPNet)
		addSubnet(address.Peer)
	}
	if err := addNeighbours(&laptop, own, names); err != nil {
		return laptop, err
	}
	// RT_TABLE_UNSPEC as a filter means every table, those of other VPNs included.
	everyTable := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
	found, err := dumps.Settled(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_ALL, everyTable, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return laptop, fmt.Errorf("list routes: %w", err)
	}
	for _, route := range found {
		if slices.Contains(own, route.LinkIndex) {
			continue
		}
		hops := hopsOf(route)
		for _, hop := range hops {
			if hop.gateway.IsValid() {
				itself := netip.PrefixFrom(hop.gateway, hop.gateway.BitLen())
				laptop.Gateways = append(laptop.Gateways, Place{Prefix: itself, Interface: names[hop.index]})
			}
		}
		// The local table repeats addresses and broadcasts; multicast is refused anyway.
		if route.Table == unix.RT_TABLE_LOCAL || route.Type == unix.RTN_MULTICAST {
			continue
		}
		if prefix, known := dumps.PrefixOf(route.Dst); known {
			for _, hop := range hops {
				laptop.Routes = append(laptop.Routes, Place{prefix.Masked(), names[hop.index], hop.gateway})
			}
		}
	}
	return laptop, nil
}

// isIPv6Off tells whether the kernel was started without IPv6 (ipv6.disable=1), or built so. Where it is off for interfaces
// alone (disable_ipv6), one of ours may have it.
func isIPv6Off() bool {
	_, err := os.Stat("/proc/net/if_inet6")
	return errors.Is(err, fs.ErrNotExist)
}

// addNeighbours adds who answered on a link of late: where a route without a gateway leads to a link, nothing else tells
// who is there.
func addNeighbours(laptop *Laptop, own []int, names map[int]string) error {
	found, err := dumps.Settled(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, netlink.FAMILY_ALL) })
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	const heard = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE | unix.NUD_PERMANENT
	for _, neighbour := range found {
		address, known := netip.AddrFromSlice(neighbour.IP)
		if !known || neighbour.State&heard == 0 || slices.Contains(own, neighbour.LinkIndex) {
			continue
		}
		address = address.Unmap()
		itself := netip.PrefixFrom(address, address.BitLen())
		laptop.Neighbours = append(laptop.Neighbours, Place{Prefix: itself, Interface: names[neighbour.LinkIndex]})
	}
	return nil
}

// hop is where a route leads next; a route that leads nowhere has one of neither.
type hop struct {
	index   int
	gateway netip.Addr
}

func hopsOf(route netlink.Route) (hops []hop) {
	gatewayOf := func(gateway net.IP) netip.Addr {
		address, _ := netip.AddrFromSlice(gateway)
		return address.Unmap()
	}
	for _, next := range route.MultiPath {
		hops = append(hops, hop{next.LinkIndex, gatewayOf(next.Gw)})
	}
	if len(hops) == 0 || route.LinkIndex != 0 {
		hops = append(hops, hop{route.LinkIndex, gatewayOf(route.Gw)})
	}
	return hops
}

// Set makes wanted the routes of the interface in a table, each with the first of sources that is of its family. First it adds, so that
// what stays routed is never without a route, then it removes. It returns those that the kernel did not take; the others
// are in force. The routes go with the interface, so the journal needs no entry for them.
func Set(index, table int, sources []netip.Addr, wanted []netip.Prefix) (notTaken []netip.Prefix, err error) {
	inForce, err := current(index, table)
	if err != nil {
		return nil, err
	}
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE) // one socket for what may be thousands of routes
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	defer handle.Close()
	for _, prefix := range missing(wanted, inForce) {
		if err := add(handle, index, table, sources, prefix); err != nil {
			notTaken = append(notTaken, prefix)
		}
	}
	for _, prefix := range missing(inForce, wanted) {
		if failure := remove(handle, index, table, prefix); failure != nil {
			err = fmt.Errorf("remove route: %w", failure) // the others go all the same
		}
	}
	return notTaken, err
}

// Missing are those of wanted that the interface does not have.
func Missing(index int, wanted []netip.Prefix) ([]netip.Prefix, error) {
	inForce, err := current(index, unix.RT_TABLE_MAIN)
	if err != nil {
		return nil, err
	}
	return missing(wanted, inForce), nil
}

// current asks the kernel rather than our memory: routes go when somebody takes the interface down and up.
func current(index, table int) (prefixes []netip.Prefix, err error) {
	filter := &netlink.Route{LinkIndex: index, Table: table}
	found, err := dumps.Settled(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_ALL, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, fmt.Errorf("list routes of the tunnel: %w", err)
	}
	for _, route := range found {
		// The kernel's own come and go with addresses: fe80::/64 and the like.
		if prefix, known := dumps.PrefixOf(route.Dst); known && route.Protocol != unix.RTPROT_KERNEL {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes, nil
}

func missing(from, in []netip.Prefix) (absent []netip.Prefix) {
	there := map[netip.Prefix]struct{}{}
	for _, prefix := range in {
		there[prefix] = struct{}{}
	}
	for _, prefix := range from {
		if _, known := there[prefix]; !known {
			there[prefix] = struct{}{}
			absent = append(absent, prefix)
		}
	}
	return absent
}

func add(handle *netlink.Handle, index, table int, sources []netip.Addr, prefix netip.Prefix) error {
	route := describe(index, table, prefix)
	for _, source := range sources {
		if source.Is4() == prefix.Addr().Is4() {
			route.Src = source.AsSlice()
			break
		}
	}
	return handle.RouteAdd(route) // never replace: the same prefix may have become somebody else's meanwhile
}

func remove(handle *netlink.Handle, index, table int, prefix netip.Prefix) error {
	err := handle.RouteDel(describe(index, table, prefix))
	if errors.Is(err, unix.ESRCH) {
		return nil // somebody was faster
	}
	return err
}

func describe(index, table int, prefix netip.Prefix) *netlink.Route {
	address := prefix.Addr().AsSlice()
	return &netlink.Route{
		LinkIndex: index,
		Dst:       &net.IPNet{IP: address, Mask: net.CIDRMask(prefix.Bits(), len(address)*8)},
		Table:     table,
		Scope:     netlink.SCOPE_LINK, // the kernel deletes only what matches in this as well
		Protocol:  unix.RTPROT_STATIC,
	}
}
