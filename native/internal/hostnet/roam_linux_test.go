package hostnet

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// roamPatience is not the product's promise (two seconds, ADR 19) but how long a busy machine may take.
const roamPatience = 20 * time.Second

// What the catalogue shows.
const serviceHost, podHost = "10.96.0.10", "10.244.0.20"

const services, pods, apiServers = "10.96.0.0/16", "10.244.0.0/16", "10.99.0.0/16"

// roaming is a laptop with a connection in force whose network changes.
type roaming struct {
	*testing.T
	host  *Host
	lease int
	name  string
}

func roam(t *testing.T) roaming {
	laptoptest.Reset(t)
	laptoptest.Run(t, "ip", "tuntap", "add", "vpn0", "mode", "tun")
	t.Cleanup(func() { laptoptest.Run(t, "ip", "link", "delete", "vpn0") })
	laptoptest.Run(t, "ip", "link", "set", "vpn0", "up")
	host := New(testOptions(t, 0))
	lease := connect(t, host)
	t.Cleanup(func() { host.Undo(lease) })
	wanted := wire.RoutesInput{Ranges: wire.WantRouted(services, pods, apiServers), Protected: []string{"10.99.0.7"}}
	if _, err := host.SetRoutes(lease, wanted); err != nil {
		t.Fatal(err)
	}
	if _, err := host.SetHosts(lease, wire.HostsInput{Whole: true, Add: []string{serviceHost, podHost}}); err != nil {
		t.Fatal(err)
	}
	return roaming{t, host, lease, host.leases[lease].tun.Name}
}

// decided waits until the lease's holder was told of decisions with these reasons, in the order asked for.
func (laptop roaming) decided(reasons ...string) []wire.RouteDecision {
	laptop.Helper()
	deadline := time.After(roamPatience)
	for {
		select {
		case <-laptop.host.Changes():
		case <-deadline:
			laptop.Fatalf("nobody was told of %q; in force:\n%s", reasons, laptoptest.Run(laptop.T, "ip", "route"))
		}
		_, told, _ := laptop.host.News(laptop.lease)
		if told == nil {
			continue
		}
		var found []string
		for _, decision := range told.Decisions {
			isExplained := decision.Reason != "" && decision.Reason != wire.BeforeRule
			if decision.IsRouted() == isExplained {
				laptop.Errorf("no decision: %+v", decision)
			}
			found = append(found, strings.TrimSpace(strings.TrimPrefix(decision.Decision, wire.DecisionRouted)+" "+decision.Reason))
		}
		if slices.Equal(found, reasons) {
			return told.Decisions
		}
	}
}

// inTunnel tells whether the kernel sends packets to address into the tunnel.
func (laptop roaming) inTunnel(address string) bool {
	laptop.Helper()
	found, err := netlink.RouteGet(netip.MustParseAddr(address).AsSlice())
	if err != nil || len(found) == 0 {
		return false // a blackhole, say
	}
	return found[0].LinkIndex == laptop.host.leases[laptop.lease].tun.Index
}

func (laptop roaming) expectRouted(address string, isRouted bool) {
	laptop.Helper()
	if laptop.inTunnel(address) != isRouted {
		laptop.Errorf("%s goes into the tunnel: %v", address, !isRouted)
	}
}

func resolvConf(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile("/etc/resolv.conf", []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A laptop that moves to another network must never lose its resolver, gateway, LAN or VPN to a cluster.
func TestRangesAreWithdrawnWhileTheLaptopsNetworkNeedsThem(t *testing.T) {
	ip := func(arguments string) func(*testing.T) {
		return func(t *testing.T) { laptoptest.Run(t, "ip", strings.Fields(arguments)...) }
	}
	for name, check := range map[string]struct {
		comes, goes      func(*testing.T)
		services, pods   string // decisions and reasons
		conflict, device string // of the pods' range
		address          string // what must not go into the tunnel meanwhile
		protected        string // of the range with the API server, where that is another
		isPodLost        bool   // the pod that the catalogue shows
	}{
		"a resolver of resolv.conf": {
			comes: func(t *testing.T) { resolvConf(t, "nameserver 10.244.2.53\n") },
			goes:  func(t *testing.T) { resolvConf(t, laptoptest.ResolvConf) },
			pods:  "cut resolver", conflict: "10.244.2.53", address: "10.244.2.53",
		},
		"a gateway": {
			comes: ip("route add 192.168.200.0/24 via 10.244.0.1 dev eth0 onlink"), goes: ip("route del 192.168.200.0/24"),
			pods: "cut gateway", conflict: "10.244.0.1", device: "eth0", address: "10.244.0.1",
		},
		"another default gateway": {
			comes: ip("route add default via 10.244.0.1 dev eth0 onlink metric 7"), goes: ip("route del default metric 7"),
			pods: "cut gateway", conflict: "10.244.0.1", device: "eth0", address: "10.244.0.1",
		},
		"an address of the LAN": {
			comes: ip("address add 10.244.7.2/24 dev eth0"), goes: ip("address del 10.244.7.2/24 dev eth0"),
			pods: "cut own-subnet", conflict: "10.244.7.0/24", device: "eth0", address: "10.244.7.9",
		},
		"a bridge": {
			comes: func(t *testing.T) {
				ip("link add br0 type bridge")(t)
				ip("address add 10.244.1.1/24 dev br0")(t)
				ip("link set br0 up")(t)
			},
			goes: ip("link delete br0"),
			pods: "cut own-subnet", conflict: "10.244.1.0/24", device: "br0", address: "10.244.1.9",
		},
		"a more specific route": {
			comes: ip("route add 10.244.9.0/24 dev vpn0"), goes: ip("route del 10.244.9.0/24"),
			pods: "cut other-route", conflict: "10.244.9.0/24", device: "vpn0", address: "10.244.9.1",
		},
		"the same range on a VPN": {
			comes: ip("route add 10.244.0.0/16 dev vpn0 metric 50"), goes: ip("route del 10.244.0.0/16 dev vpn0"),
			pods: "narrowed other-route", conflict: "10.244.0.0/16", device: "vpn0", address: "10.244.0.9",
		},
		"the same range in place of ours": {
			comes: ip("route replace 10.244.0.0/16 dev vpn0"), goes: ip("route del 10.244.0.0/16 dev vpn0"),
			pods: "narrowed other-route", conflict: "10.244.0.0/16", device: "vpn0", address: "10.244.0.9",
		},
		"the same range in halves": {
			comes: func(t *testing.T) {
				ip("route add 10.244.0.0/17 dev vpn0")(t)
				ip("route add 10.244.128.0/17 dev vpn0")(t)
			},
			goes: func(t *testing.T) { ip("route del 10.244.0.0/17")(t); ip("route del 10.244.128.0/17")(t) },
			pods: "refused other-route", conflict: "10.244.0.0/17", device: "vpn0", address: "10.244.0.9", isPodLost: true,
		},
		"a table of a VPN's own": {
			comes: ip("route add 10.244.0.0/16 dev vpn0 table 51820"), goes: ip("route del 10.244.0.0/16 dev vpn0 table 51820"),
			pods: "narrowed other-route", conflict: "10.244.0.0/16", device: "vpn0", address: "10.244.0.9",
		},
		"a blackhole": {
			comes: ip("route add blackhole 10.244.64.0/18"), goes: ip("route del blackhole 10.244.64.0/18"),
			pods: "cut other-route", conflict: "10.244.64.0/18", address: "10.244.64.9",
		},
		"a VPN that takes all of them": {
			comes: ip("route add 10.0.0.0/8 dev vpn0"), goes: ip("route del 10.0.0.0/8 dev vpn0"),
			services: "narrowed other-route", pods: "narrowed other-route", conflict: "10.0.0.0/8", device: "vpn0",
			address: "10.244.0.9", protected: "narrowed other-route",
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := roam(t)
			laptop.expectRouted(check.address, true)
			began := time.Now()
			check.comes(t)
			decisions := laptop.decided(check.services, check.pods, cmp.Or(check.protected, "cut protected"))
			t.Log("withdrawn after", time.Since(began))
			if decisions[1].Conflict != check.conflict || decisions[1].Interface != check.device {
				t.Errorf("%+v", decisions[1])
			}
			laptop.expectRouted(check.address, false)
			laptop.expectRouted(serviceHost, true)
			laptop.expectRouted(podHost, !check.isPodLost)
			laptop.expectRouted("198.18.0.3", true)

			began = time.Now()
			check.goes(t)
			laptop.decided("", "", "cut protected")
			t.Log("taken back after", time.Since(began))
			laptop.expectRouted(check.address, true)
			laptop.expectRouted("10.96.0.10", true)
			laptop.expectRouted("10.99.0.7", false)
		})
	}
}

// A container runtime that starts a hundred containers, or somebody who wants it so, must not put the decision off.
func TestRangesAreWithdrawnUnderAStormOfChanges(t *testing.T) {
	laptop := roam(t)
	link, err := netlink.LinkByName("vpn0")
	if err != nil {
		t.Fatal(err)
	}
	calm, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		address, _ := netlink.ParseAddr("192.168.99.1/32")
		for {
			select {
			case <-calm:
				ended <- nil
				return
			default:
			}
			if err := errors.Join(netlink.AddrAdd(link, address), netlink.AddrDel(link, address)); err != nil {
				ended <- err
				return
			}
		}
	}()
	resolvConf(t, "nameserver 10.244.2.53\n")
	laptop.decided("", "cut resolver", "cut protected")
	resolvConf(t, laptoptest.ResolvConf)
	laptop.decided("", "", "cut protected")
	close(calm)
	if err := <-ended; err != nil {
		t.Error("the storm was over before its time:", err)
	}
}

// The way to the tunnel's resolver is a route as others are: where it cannot be kept, names must not point to it.
func TestNamesAreWithdrawnWithTheWayToTheirResolver(t *testing.T) {
	laptop := roam(t)
	laptop.expectRouted("198.18.0.3", true)
	laptoptest.Run(t, "ip", "route", "add", "198.18.0.3", "dev", "vpn0", "metric", "9")
	laptop.decided("", "", "cut protected")
	laptop.expectRouted("198.18.0.3", false)
	if content, _ := os.ReadFile("/etc/resolv.conf"); string(content) != laptoptest.ResolvConf {
		t.Errorf("names point to a resolver that cannot be reached:\n%s", content)
	}
	input := wire.NamesInput{Resolver: "198.18.0.3", Search: []string{"svc.cluster.local"}}
	_, err := laptop.host.SetNames(laptop.lease, input)
	expectCode(t, err, wire.CodeRouteRefused)

	laptoptest.Run(t, "ip", "route", "del", "198.18.0.3", "metric", "9")
	laptop.decided("", "", "cut protected")
	if _, err := laptop.host.SetNames(laptop.lease, input); err != nil {
		t.Error(err)
	}
	laptop.expectRouted("198.18.0.3", true)
	if content, _ := os.ReadFile("/etc/resolv.conf"); !strings.Contains(string(content), "nameserver 198.18.0.3") {
		t.Errorf("names did not come back:\n%s", content)
	}
}

// A network that has the space of the tunnel's own ends keeps all of it but these: a proxy that gives names addresses out of
// 198.18.0.0/16, a VPN with all unique local addresses.
func TestTheTunnelHasItsEndsBesideWhoHasTheirSpace(t *testing.T) {
	for _, isThereBefore := range []bool{false, true} {
		t.Run(fmt.Sprint(isThereBefore), func(t *testing.T) {
			laptoptest.Reset(t)
			if err := os.WriteFile("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", []byte("0"), 0); err != nil {
				t.Skip("no IPv6 here")
			}
			come := func() {
				laptoptest.Run(t, "ip", "address", "add", "198.18.0.1/16", "dev", "eth0")
				laptoptest.Run(t, "ip", "route", "add", "198.18.0.0/15", "dev", "eth0")
				laptoptest.Run(t, "ip", "-6", "route", "add", "fd00::/8", "dev", "eth0")
			}
			if isThereBefore {
				come()
			}
			host := New(testOptions(t, 0))
			laptop := roaming{t, host, connect(t, host), ""}
			defer host.Undo(laptop.lease)
			if !isThereBefore {
				come()
				host.settle(true, true)
			}
			laptop.expectRouted("198.18.0.3", true)
			laptop.expectRouted("198.18.0.4", false)
			if content, _ := os.ReadFile("/etc/resolv.conf"); !strings.Contains(string(content), "nameserver 198.18.0.3") {
				t.Errorf("names are not in force:\n%s", content)
			}
		})
	}
}

// Nothing of a withdrawal is left when the connection ends in the middle of it.
func TestUndoWhileRangesAreWithdrawn(t *testing.T) {
	laptoptest.Reset(t)
	before := laptoptest.Snapshot(t)
	host := New(testOptions(t, 0))
	lease := connect(t, host)
	laptop := roaming{t, host, lease, ""}
	laptoptest.Run(t, "ip", "route", "add", "198.18.0.3", "dev", "eth0", "metric", "9")
	laptoptest.Run(t, "ip", "address", "add", "10.96.5.1/24", "dev", "eth0")
	laptop.decided("cut own-subnet")
	if left := host.Undo(lease); left != 0 {
		t.Errorf("%d left over", left)
	}
	laptoptest.Run(t, "ip", "route", "del", "198.18.0.3", "metric", "9")
	laptoptest.Run(t, "ip", "address", "del", "10.96.5.1/24", "dev", "eth0")
	os.Remove("/run/slipway")
	laptoptest.ExpectSnapshot(t, before)
}
