package hostnet

import (
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// eventually waits for what must become true.
func (laptop roaming) eventually(what string, is func() bool) {
	laptop.Helper()
	for deadline := time.Now().Add(roamPatience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			laptop.Fatalf("not %s:\n%s%s", what, laptoptest.Run(laptop.T, "ip", "address"), laptoptest.Run(laptop.T, "ip", "route"))
		}
	}
}

// touched waits until the lease's holder is told that the network was touched, and what is contested then.
func (laptop roaming) touched(fits func(contested []string) bool) {
	laptop.Helper()
	deadline := time.After(roamPatience)
	for {
		select {
		case <-laptop.host.Changes():
		case <-deadline:
			laptop.Fatal("nobody was told")
		}
		if _, _, upkeep := laptop.host.News(laptop.lease); upkeep != nil && fits(upkeep.Contested) {
			return
		}
	}
}

// What somebody takes from the tunnel comes back: the kernel, not our memory, tells what is in force.
func TestWhatVanishesOfTheTunnelIsPutBack(t *testing.T) {
	for name, steal := range map[string][]string{
		"a route":                     {"route del 10.96.0.0/16"},
		"the route to the resolver":   {"route del 198.18.0.3"},
		"all routes":                  {"route flush dev NAME"},
		"the address":                 {"address flush dev NAME"},
		"the link goes down":          {"link set NAME down"},
		"the link goes down and up":   {"link set NAME down", "link set NAME up"},
		"everything at once":          {"route flush dev NAME", "address flush dev NAME", "link set NAME down"},
		"the link goes down, renamed": {"link set NAME down", "link set NAME name other0"},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := roam(t)
			for _, command := range steal {
				laptoptest.Run(t, "ip", strings.Fields(strings.ReplaceAll(command, "NAME", laptop.name))...)
			}
			laptop.eventually("put back", func() bool {
				return laptop.inTunnel("10.96.0.1") && laptop.inTunnel("10.244.0.1") && laptop.inTunnel("198.18.0.3")
			})
			link, err := netlink.LinkByIndex(laptop.host.leases[laptop.lease].tun.Index)
			if err != nil {
				t.Fatal(err)
			}
			addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
			if err != nil || len(addresses) != 1 || addresses[0].IPNet.String() != "198.18.0.2/32" {
				t.Errorf("its addresses are %v, %v", addresses, err)
			}
			// Names lead to an answerer that is there, or nowhere; the client asks for them again where they were withdrawn.
			laptop.expectRouted("10.99.0.7", false) // what was refused is not "put back"
			laptop.touched(func(contested []string) bool { return len(contested) == 0 })
		})
	}
}

func TestSomebodyWhoKeepsTakingARouteGetsIt(t *testing.T) {
	laptop := roam(t)
	stop := make(chan struct{})
	taken := make(chan int, 1)
	go func() {
		count := 0
		for {
			select {
			case <-stop:
				taken <- count
				return
			case <-time.After(5 * time.Millisecond):
			}
			if exec.Command("ip", "route", "del", "10.96.0.0/16", "dev", laptop.name).Run() == nil {
				count++
			}
		}
	}()
	laptop.touched(func(contested []string) bool { return slices.Equal(contested, []string{"10.96.0.0/16"}) })
	close(stop)
	laptop.host.mu.Lock()
	told := laptop.host.leases[laptop.lease].upkeep()
	laptop.host.mu.Unlock()
	if told.Times != maxRepairs+1 || told.WithinSeconds < 1 || told.AloneSeconds != 60 {
		t.Errorf("it tells %+v", told)
	}
	if count := <-taken; count > maxRepairs+1 {
		t.Errorf("it was put back %d times", count)
	}
	laptop.expectRouted("10.96.0.1", false)
	laptop.expectRouted("10.244.0.1", true)
	laptop.host.mu.Lock()
	laptop.host.leases[laptop.lease].keeping.truceUntil = time.Now() // a minute later
	laptop.host.mu.Unlock()
	laptop.eventually("put back after the truce", func() bool { return laptop.inTunnel("10.96.0.1") })
	laptop.touched(func(contested []string) bool { return len(contested) == 0 })
}

func TestAnInterfaceThatWasDeletedIsNotMadeAnew(t *testing.T) {
	laptop := roam(t)
	laptoptest.Run(t, "ip", "link", "delete", laptop.name)
	laptop.touched(func([]string) bool { return true })
	if links := laptoptest.Run(t, "ip", "link"); strings.Contains(links, "slipway") {
		t.Errorf("there is %s", links)
	}
	if left := laptop.host.Undo(laptop.lease); left != 0 {
		t.Errorf("%d left over", left)
	}
}

// A rule may come before the tunnel's own route: then names must not point into the tunnel.
func TestNamesGoWhileARuleTakesTheWayToTheResolver(t *testing.T) {
	laptop := roam(t)
	laptoptest.Run(t, "ip", "route", "add", "default", "dev", "vpn0", "table", "100")
	laptoptest.Run(t, "ip", "rule", "add", "to", "198.18.0.0/15", "lookup", "100", "pref", "5000")
	hasOurs := func() bool {
		content, err := os.ReadFile("/etc/resolv.conf")
		return err == nil && strings.Contains(string(content), "198.18.0.3")
	}
	laptop.eventually("the laptop's own names", func() bool { return !hasOurs() })
	names := wire.NamesInput{Resolver: "198.18.0.3", Search: []string{"svc.cluster.local"}}
	_, err := laptop.host.SetNames(laptop.lease, names)
	expectCode(t, err, wire.CodeRouteRefused)
	laptoptest.Run(t, "ip", "rule", "del", "pref", "5000")
	laptop.eventually("the way back", func() bool {
		<-laptop.host.Changes()
		_, told, _ := laptop.host.News(laptop.lease)
		return told != nil
	})
	if _, err := laptop.host.SetNames(laptop.lease, names); err != nil || !hasOurs() {
		t.Errorf("%v", err)
	}
}

func TestOnlyTheUsersOwnWayCounts(t *testing.T) {
	laptop := roam(t)
	laptoptest.Run(t, "ip", "route", "add", "default", "dev", "vpn0", "table", "100")
	laptoptest.Run(t, "ip", "rule", "add", "uidrange", "4711-4711", "lookup", "100", "pref", "5000")
	defer laptoptest.Run(t, "ip", "rule", "del", "pref", "5000")
	laptop.touched(func([]string) bool { return true })
	for user, leads := range map[uint32]bool{0: true, 4711: false} {
		way, err := linux{}.wayTo(netip.MustParseAddr("198.18.0.3"), user)
		if err != nil || (way.Interface == laptop.name) != leads {
			t.Errorf("of %d it goes %+v, %v", user, way, err)
		}
	}
}
