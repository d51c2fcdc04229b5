package hostnet

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// As many hosts as a cluster may show, none beside another: all of them in force while a VPN has their range, and all gone
// with it. The times are what ADR 42 tells of.
func TestAsManyHostsAsMayBe(t *testing.T) {
	laptop := roam(t)
	inForce := func() int {
		filter := &netlink.Route{LinkIndex: laptop.host.leases[laptop.lease].tun.Index}
		found, err := netlink.RouteListFiltered(netlink.FAMILY_V4, filter, netlink.RT_FILTER_OIF)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	before := inForce()
	for part := 0; part < wire.MaxHosts; part += wire.HostsAtOnce {
		change := wire.HostsInput{Whole: part == 0, More: part+wire.HostsAtOnce < wire.MaxHosts}
		for index := range wire.HostsAtOnce {
			number := (part + index) * 2
			change.Add = append(change.Add, netip.AddrFrom4([4]byte{10, 96, byte(number >> 8), byte(number)}).String())
		}
		if _, err := laptop.host.SetHosts(laptop.lease, change); err != nil {
			t.Fatal(err)
		}
	}
	laptoptest.Run(t, "ip", "route", "add", "10.0.0.0/8", "dev", "vpn0")
	began := time.Now()
	decisions := laptop.decided("narrowed other-route", "narrowed other-route", "narrowed other-route")
	t.Log("narrowed after", time.Since(began))
	if decisions[0].Hosts != wire.MaxHosts || inForce() != wire.MaxHosts+1 { // and the way to the resolver
		t.Errorf("%d hosts are told, %d routes are in force", decisions[0].Hosts, inForce())
	}
	laptop.expectRouted("10.96.0.2", true)
	laptop.expectRouted("10.96.0.3", false)

	began = time.Now()
	if _, err := laptop.host.SetHosts(laptop.lease, wire.HostsInput{Add: []string{"10.244.0.3"}, Remove: []string{"10.96.0.2"}}); err != nil {
		t.Fatal(err)
	}
	t.Log("another host after", time.Since(began))
	laptop.expectRouted("10.96.0.2", false)
	laptop.expectRouted("10.244.0.3", true)

	laptoptest.Run(t, "ip", "route", "del", "10.0.0.0/8", "dev", "vpn0")
	began = time.Now()
	laptop.decided("", "", "cut "+routes.ReasonProtected)
	t.Log("whole again after", time.Since(began))
	if count := inForce(); count > before+20 { // the range with the API server is in pieces, as before
		t.Errorf("%d routes are left of %d", count, before)
	}
}
