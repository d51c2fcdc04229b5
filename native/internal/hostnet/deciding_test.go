package hostnet

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"go4.org/netipx"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// without is what memory.inForce says of the tunnel of bringUp while the laptop needs a part of the pods' range.
func without(t *testing.T, part string) string {
	t.Helper()
	var builder netipx.IPSetBuilder
	builder.AddPrefix(netip.MustParsePrefix("10.244.0.0/16"))
	builder.RemovePrefix(netip.MustParsePrefix(part))
	set, err := builder.IPSet()
	if err != nil {
		t.Fatal(err)
	}
	prefixes := []string{"10.96.0.0/16", "198.18.0.3/32"}
	for _, prefix := range set.Prefixes() {
		prefixes = append(prefixes, prefix.String())
	}
	slices.Sort(prefixes)
	return "tun " + strings.Join(prefixes, " ") + ", names"
}

// The laptop's network changes; what is in force and what is told must be the same, whatever cannot be done.
func TestDecidingAnew(t *testing.T) {
	office := routes.Place{Prefix: netip.MustParsePrefix("10.244.7.0/24"), Interface: "eth0"}
	const whole = "tun 10.244.0.0/16 10.96.0.0/16 198.18.0.3/32, names"
	inOffice, withoutResolver := without(t, "10.244.7.0/24"), without(t, "10.244.0.53/32")
	arrive := func(laptop *memory) { laptop.own.Subnets = []routes.Place{office} }
	for name, check := range map[string]struct {
		change        func(*memory)
		inForce, told string // told: the decisions and their reasons; "-" where nothing is
		isDone        bool
		mended        string // in force once nothing fails any more
	}{
		"nothing of ours": {
			change: func(laptop *memory) {
				laptop.own.Subnets = []routes.Place{{Prefix: netip.MustParsePrefix("10.1.0.0/16")}}
			},
			inForce: whole, told: "-", isDone: true, mended: whole,
		},
		"an office": {change: arrive, inForce: inOffice, told: "routed, cut own-subnet", isDone: true, mended: inOffice},
		"an office that is larger": {
			change: func(laptop *memory) {
				laptop.own.Subnets = []routes.Place{{Prefix: netip.MustParsePrefix("10.240.0.0/12"), Interface: "eth0"}}
			},
			inForce: "tun 10.96.0.0/16 198.18.0.3/32, names", told: "routed, refused own-subnet", isDone: true,
			mended: "tun 10.96.0.0/16 198.18.0.3/32, names",
		},
		"a VPN": {
			change: func(laptop *memory) {
				laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Interface: "vpn0"}}
			},
			inForce: "tun 10.244.0.9/32 10.96.0.10/32 198.18.0.3/32, names", told: "narrowed other-route, narrowed other-route",
			isDone: true, mended: "tun 10.244.0.9/32 10.96.0.10/32 198.18.0.3/32, names",
		},
		"a VPN, and somebody who has a host's place": {
			change: func(laptop *memory) {
				laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Interface: "vpn0"}}
				laptop.failing["add 10.96.0.10/32"] = errBroken
			},
			inForce: "tun 10.244.0.9/32 198.18.0.3/32, names", told: "narrowed other-route, narrowed other-route",
			isDone: false, mended: "tun 10.244.0.9/32 10.96.0.10/32 198.18.0.3/32, names",
		},
		"a nameserver for certain names only": {
			change:  func(laptop *memory) { laptop.resolvers.Others = []string{"10.244.0.53"} },
			inForce: withoutResolver, told: "routed, cut resolver", isDone: true, mended: withoutResolver,
		},
		"a nameserver of IPv6 with a zone": {
			change:  func(laptop *memory) { laptop.resolvers.Upstreams = []string{"fe80::1%eth0", "::ffff:10.244.0.53"} },
			inForce: withoutResolver, told: "routed, cut resolver", isDone: true, mended: withoutResolver,
		},
		"the laptop cannot be read": {
			change: func(laptop *memory) {
				arrive(laptop)
				laptop.failing["networks"] = errBroken
			},
			inForce: whole, told: "-", isDone: false, mended: inOffice,
		},
		"a route that does not go": {
			change: func(laptop *memory) {
				laptop.own.Subnets = []routes.Place{{Prefix: netip.MustParsePrefix("10.244.0.0/16"), Interface: "eth0"}}
				laptop.failing["remove 10.244.0.0/16"] = errBroken
			},
			inForce: whole, told: "routed, refused own-subnet", isDone: false, mended: "tun 10.96.0.0/16 198.18.0.3/32, names",
		},
		"the tunnel's own resolver": {
			change: func(laptop *memory) {
				laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("198.18.0.3/32"), Interface: "tun7"}}
			},
			inForce: "tun 10.244.0.0/16 10.96.0.0/16", told: "routed, routed", isDone: true, mended: "tun 10.244.0.0/16 10.96.0.0/16",
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := newMemory()
			host := laptop.host(t)
			lease, err := bringUp(host)
			if err != nil {
				t.Fatal(err)
			}
			shown := wire.HostsInput{Whole: true, Add: []string{"10.96.0.10", "10.244.0.9", "10.97.0.1"}}
			if _, err := host.SetHosts(lease, shown); err != nil {
				t.Fatal(err)
			}
			laptop.set(func() { check.change(laptop) })
			if isDone := host.settle(false, false); isDone != check.isDone {
				t.Errorf("it came to an end: %v", isDone)
			}
			if inForce := laptop.inForce(); inForce != check.inForce {
				t.Errorf("in force: %q", inForce)
			}
			if told := newsOf(host, lease); told != check.told {
				t.Errorf("told %q", told)
			}
			laptop.set(func() { clear(laptop.failing) })
			if !host.settle(false, false) || laptop.inForce() != check.mended {
				t.Errorf("once nothing fails: %q", laptop.inForce())
			}
			host.Undo(lease)
		})
	}
}

func newsOf(host *Host, lease int) string {
	_, told, _ := host.News(lease)
	if told == nil {
		return "-"
	}
	var texts []string
	for _, decision := range told.Decisions {
		texts = append(texts, strings.TrimSpace(decision.Decision+" "+decision.Reason))
	}
	return strings.Join(texts, ", ")
}

func TestARouteThatCannotBeTakenBackStaysRefusedAndIsTriedAgain(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Undo(lease)
	laptop.set(func() {
		laptop.own.Subnets = []routes.Place{{Prefix: netip.MustParsePrefix("10.240.0.0/12"), Interface: "eth0"}}
	})
	host.settle(false, false)
	newsOf(host, lease)
	laptop.set(func() {
		laptop.own.Subnets = nil
		laptop.failing["add 10.244.0.0/16"] = errBroken
	})
	if told := newsAfter(host, lease); told != "-" {
		t.Errorf("what is not in force is told as %s", told)
	}
	laptop.set(func() { clear(laptop.failing) })
	if told := newsAfter(host, lease); told != "routed, routed" {
		t.Errorf("it is not tried again: %s", told)
	}
}

func newsAfter(host *Host, lease int) string {
	host.settle(false, false)
	return newsOf(host, lease)
}
