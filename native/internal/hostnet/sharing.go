package hostnet

import (
	"net/netip"
	"slices"

	"slipway/native/internal/hostnet/routes"
)

// What two clusters both want is the one's whose lease is older. Which of them is in force never depends on how the kernel
// orders routes of two tunnels: a prefix, or any part of it, is on one of them alone.

// clustersBefore are the places that leases older than held have; those of all others, while held has no interface yet or is
// nil: an address of a tunnel must be nobody else's.
func (host *Host) clustersBefore(held *holding) (places []routes.Place) {
	for _, other := range host.leasesLocked() {
		if other == held || other.tun.Index == 0 {
			continue
		}
		if held != nil && held.tun.Index != 0 && other.lease > held.lease {
			continue
		}
		add := func(prefix netip.Prefix) {
			places = append(places, routes.Place{Prefix: prefix, Interface: other.tun.Name})
		}
		for _, address := range other.addresses {
			add(netip.PrefixFrom(address, address.BitLen()))
		}
		if other.resolver.IsValid() {
			add(other.resolver)
		}
		for _, prefix := range other.claimed {
			add(prefix)
		}
	}
	return places
}

// claim makes parts what no later lease may have, and has those that have any of it give it up before it is put in force
// here. What is claimed no longer is theirs at the next look.
func (host *Host) claim(held *holding, parts []netip.Prefix) {
	if slices.Equal(held.claimed, parts) {
		return
	}
	held.claimed = parts
	for _, later := range host.leasesLocked() {
		if later.lease > held.lease && !host.redecide(later) {
			host.watch.again()
		}
	}
}
