package routelookup

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

// To looks up the way to address as a program of the user uid goes it, without a mark: once as a program that chose no
// source address, and once more from the source that this gives it, as connect(2) does, because rules may look at it.
func To(address netip.Addr, uid uint32) (Way, error) {
	way, err := lookUp(address, netip.Addr{}, uid)
	if err == nil && way.Nowhere == "" && way.Source.IsValid() {
		way, err = lookUp(address, way.Source, uid)
	}
	if err == nil && way.Nowhere == "" {
		way.Interface = interfaceName(way.Index)
	}
	return way, err
}

// interfaceName asks for the one interface: package net would read the list of all, for every way that is looked up.
func interfaceName(index int) string {
	if link, err := netlink.LinkByIndex(index); err == nil {
		return link.Attrs().Name
	}
	return strconv.Itoa(index)
}

func lookUp(address, source netip.Addr, uid uint32) (Way, error) {
	options := &netlink.RouteGetOptions{UID: &uid}
	if source.IsValid() {
		options.SrcAddr = source.AsSlice()
	}
	found, err := netlink.RouteGetWithOptions(address.AsSlice(), options)
	var number unix.Errno
	switch {
	case errors.As(err, &number):
		return nowhere(number)
	case err != nil:
		return Way{}, fmt.Errorf("look up a route: %w", err)
	case len(found) == 0:
		return Way{}, errors.New("look up a route: the kernel answered nothing")
	}
	way := Way{Index: found[0].LinkIndex, Source: source}
	if chosen, known := netip.AddrFromSlice(found[0].Src); known && !source.IsValid() {
		way.Source = chosen.Unmap()
	}
	return way, nil
}

// nowhere tells the kinds of routes and rules that lead to no interface by their errors (ip-route(8), "TYPE").
func nowhere(number unix.Errno) (Way, error) {
	switch number {
	case unix.EHOSTUNREACH:
		return Way{Nowhere: "unreachable"}, nil
	case unix.EACCES:
		return Way{Nowhere: "prohibit"}, nil
	case unix.EINVAL:
		return Way{Nowhere: "blackhole"}, nil
	case unix.ENETUNREACH:
		return Way{Nowhere: "no route"}, nil
	}
	return Way{}, fmt.Errorf("look up a route: %w", number)
}

// Tables are the rules and routes of one moment.
type Tables struct {
	rules  []netlink.Rule // by priority
	routes []netlink.Route
}

// Read reads all rules and routes of a family: that of address.
func Read(address netip.Addr) (Tables, error) {
	family := netlink.FAMILY_V6
	if address.Is4() {
		family = netlink.FAMILY_V4
	}
	rules, err := dumps.Settled(func() ([]netlink.Rule, error) { return netlink.RuleList(family) })
	if err != nil {
		return Tables{}, fmt.Errorf("list rules: %w", err)
	}
	routes, err := dumps.Settled(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return Tables{}, fmt.Errorf("list routes: %w", err)
	}
	return Tables{rules, routes}, nil
}

// Within returns an address of every rule and of every route, but those of the interface own, that is about a part of
// the range only: packets to the rest of it may go another way. At most limit addresses.
func (tables Tables) Within(around netip.Prefix, own, limit int) (addresses []netip.Addr) {
	seen := map[netip.Addr]struct{}{}
	add := func(network *net.IPNet) {
		prefix, known := dumps.PrefixOf(network)
		if !known || prefix.Bits() <= around.Bits() || !around.Contains(prefix.Addr()) || len(addresses) == limit {
			return
		}
		address := FirstHost(prefix)
		if _, again := seen[address]; !again {
			seen[address] = struct{}{}
			addresses = append(addresses, address)
		}
	}
	for _, rule := range tables.rules {
		add(rule.Dst)
	}
	for _, route := range tables.routes {
		if route.LinkIndex != own || own == 0 {
			add(route.Dst)
		}
	}
	return addresses
}
