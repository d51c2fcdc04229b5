package routes

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/wire"
)

func addressesOf(texts string) (addresses []netip.Addr) {
	for _, text := range strings.Fields(texts) {
		addresses = append(addresses, netip.MustParseAddr(text))
	}
	return addresses
}

// textOf is a plan as "DECISION REASON CONFLICT INTERFACE | parts | cuts".
func textOf(one Planned) string {
	var parts, cuts []string
	for _, part := range one.Parts {
		parts = append(parts, part.String())
	}
	for _, cut := range one.Decision.Cuts {
		cuts = append(cuts, strings.TrimSpace(cut.Prefix+" "+cut.Reason+" "+cut.Interface))
	}
	decision := one.Decision
	why := strings.Join(strings.Fields(strings.Join([]string{decision.Decision, decision.Reason, decision.Conflict, decision.Interface}, " ")), " ")
	return why + " | " + strings.Join(parts, " ") + " | " + strings.Join(cuts, ", ")
}

func TestPlan(t *testing.T) {
	const hosts = "10.20.0.1 10.20.5.6 10.20.5.7 10.20.200.1 10.96.0.1 10.66.0.1 192.168.1.1 192.168.7.7 10.67.1.4 172.31.0.1"
	routed := func(prefix string) wire.WantedRange { return wire.WantRouted(prefix)[0] }
	over := func(prefix string) wire.WantedRange {
		return wire.WantedRange{Prefix: prefix, Decision: wire.DecisionRouted, OverBroader: true}
	}
	hostsOnly := func(prefix string) wire.WantedRange {
		return wire.WantedRange{Prefix: prefix, Decision: wire.DecisionNarrowed}
	}
	for _, check := range []struct {
		wanted wire.WantedRange
		plan   string
	}{
		{routed("10.96.0.0/16"), "routed | 10.96.0.0/16 | "},
		// Inside a LAN everything is the LAN's; around it, all but the LAN is the cluster's.
		{routed("192.168.1.0/24"), "refused own-subnet 192.168.1.0/24 wlan0 |  | "},
		{routed("192.168.1.77/32"), "refused own-subnet 192.168.1.0/24 wlan0 |  | "},
		{
			routed("192.168.0.0/16"),
			"cut own-subnet 192.168.1.0/24 wlan0 | 192.168.0.0/24 192.168.2.0/23 192.168.4.0/22 192.168.8.0/21 192.168.16.0/20 192.168.32.0/19 192.168.64.0/18 192.168.128.0/17 | 192.168.1.0/24 own-subnet wlan0",
		},
		{routed("172.16.0.0/14"), "cut own-subnet 172.17.0.0/16 docker0 | 172.16.0.0/16 172.18.0.0/15 | 172.17.0.0/16 own-subnet docker0"},
		{routed("172.17.5.0/24"), "refused own-subnet 172.17.0.0/16 docker0 |  | "},
		// Single addresses of the laptop's, with what is left around them.
		{routed("10.199.0.0/30"), "cut gateway 10.199.0.1 vpn0 | 10.199.0.0/32 10.199.0.2/31 | 10.199.0.1/32 gateway vpn0"},
		{routed("10.199.0.1/32"), "refused gateway 10.199.0.1 vpn0 |  | "},
		{routed("10.200.0.52/31"), "cut resolver 10.200.0.53 | 10.200.0.52/32 | 10.200.0.53/32 resolver"},
		{routed("10.200.0.53/32"), "refused resolver 10.200.0.53 |  | "},
		{routed("10.30.0.10/31"), "cut protected 10.30.0.10 | 10.30.0.11/32 | 10.30.0.10/32 protected"},
		{routed("10.31.0.8/30"), "cut protected 10.31.0.10 | 10.31.0.8/31 10.31.0.11/32 | 10.31.0.10/32 protected"},
		{routed("10.8.0.0/30"), "cut own-subnet 10.8.0.2/32 vpn0 | 10.8.0.0/31 10.8.0.3/32 | 10.8.0.2/32 own-subnet vpn0"},
		{routed("10.40.0.8/31"), "cut neighbour 10.40.0.9 eth1 | 10.40.0.8/32 | 10.40.0.9/32 neighbour eth1"},
		{routed("100.100.100.200/31"), "narrowed other-route 100.100.0.0/16 vpn0 |  | 100.100.100.200/32 metadata"},
		// More specific routes are somebody's, whatever lies there.
		{routed("10.66.0.0/30"), "cut other-route 10.66.0.1/32 vpn0 | 10.66.0.0/32 10.66.0.2/31 | 10.66.0.1/32 other-route vpn0"},
		{routed("10.20.0.0/15"), "cut other-route 10.20.0.0/16 vpn0 | 10.21.0.0/16 | 10.20.0.0/16 other-route vpn0"},
		// Broader and equal ones keep what is not known to be the cluster's.
		{routed("10.20.0.0/16"), "narrowed other-route 10.20.0.0/16 vpn0 | 10.20.0.1/32 10.20.5.6/31 10.20.200.1/32 | "},
		{routed("10.20.5.0/24"), "narrowed other-route 10.20.0.0/16 vpn0 | 10.20.5.6/31 | "},
		{routed("10.20.9.0/24"), "narrowed other-route 10.20.0.0/16 vpn0 |  | "},
		{routed("10.67.1.0/24"), "narrowed other-route 10.67.0.0/16 | 10.67.1.4/32 | "},
		// The user's word goes over routes, never over what the laptop is on.
		{over("10.20.5.0/24"), "routed | 10.20.5.0/24 | "},
		{over("10.66.0.0/31"), "cut other-route 10.66.0.1/32 vpn0 | 10.66.0.0/32 | 10.66.0.1/32 other-route vpn0"},
		{over("192.168.1.0/24"), "refused own-subnet 192.168.1.0/24 wlan0 |  | "},
		{hostsOnly("10.96.0.0/16"), "narrowed | 10.96.0.1/32 | "},
		{
			hostsOnly("192.168.0.0/16"),
			"narrowed own-subnet 192.168.1.0/24 wlan0 | 192.168.7.7/32 | 192.168.1.0/24 own-subnet wlan0",
		},
	} {
		t.Run(check.wanted.Prefix, func(t *testing.T) {
			input := wire.RoutesInput{Ranges: []wire.WantedRange{check.wanted}, Protected: protectedAddresses}
			if found := textOf(Plan(input, addressesOf(hosts), laptop)[0]); found != check.plan {
				t.Errorf("got  %s\nwant %s", found, check.plan)
			}
		})
	}
}

func TestPlanOfIPv6(t *testing.T) {
	own := Laptop{
		Subnets:    []Place{place("fd00:87:1::/64", "wlan0"), place("fe80::/64", "wlan0")},
		Gateways:   []Place{place("fd01:10:244::1/128", "wlan0"), place("fe80::1/128", "wlan0")},
		Neighbours: []Place{place("fd02:10:96::7/128", "eth1")},
		Resolvers:  []netip.Addr{netip.MustParseAddr("fd03::35")},
		Routes: []Place{
			place("::/0", "wlan0"), place("::/1", "vpn0"), place("8000::/1", "vpn0"), place("2000::/3", "vpn0"), place("fc00::/6", "vpn0"),
			place("fd00:87:1::/64", "wlan0"), place("fd20::/16", "vpn0"), place("fd30::5/128", "vpn0"),
		},
	}
	const hosts = "fd20:1::6 fd20:1::7 fd20:1::f 10.20.0.1"
	for prefix, plan := range map[string]string{
		"fd02:10:97::/112":   "routed | fd02:10:97::/112 | ",
		"fd00:87:1::/64":     "refused own-subnet fd00:87:1::/64 wlan0 |  | ",
		"fd00:87::/47":       "cut own-subnet fd00:87:1::/64 wlan0 | fd00:87::/48 fd00:87:1:1::/64 fd00:87:1:2::/63 fd00:87:1:4::/62 fd00:87:1:8::/61 fd00:87:1:10::/60 fd00:87:1:20::/59 fd00:87:1:40::/58 fd00:87:1:80::/57 fd00:87:1:100::/56 fd00:87:1:200::/55 fd00:87:1:400::/54 fd00:87:1:800::/53 fd00:87:1:1000::/52 fd00:87:1:2000::/51 fd00:87:1:4000::/50 fd00:87:1:8000::/49 | fd00:87:1::/64 own-subnet wlan0",
		"fd01:10:244::/127":  "cut gateway fd01:10:244::1 wlan0 | fd01:10:244::/128 | fd01:10:244::1/128 gateway wlan0",
		"fd02:10:96::6/127":  "cut neighbour fd02:10:96::7 eth1 | fd02:10:96::6/128 | fd02:10:96::7/128 neighbour eth1",
		"fd03::34/127":       "cut resolver fd03::35 | fd03::34/128 | fd03::35/128 resolver",
		"fd04::8/127":        "cut protected fd04::9 | fd04::8/128 | fd04::9/128 protected",
		"fd00:ec2::254/127":  "cut metadata fd00:ec2::254 | fd00:ec2::255/128 | fd00:ec2::254/128 metadata",
		"fd30::4/127":        "cut other-route fd30::5/128 vpn0 | fd30::4/128 | fd30::5/128 other-route vpn0",
		"fd20:1::/64":        "narrowed other-route fd20::/16 vpn0 | fd20:1::6/127 fd20:1::f/128 | ",
		"2600:1f18:1::/64":   "refused public |  | ",
		"fd00::/16":          "refused too-wide |  | ",
		"::ffff:10.0.0.0/96": "refused malformed |  | ",
	} {
		input := wire.RoutesInput{Ranges: wire.WantRouted(prefix), Protected: []string{"fd04::9"}}
		if found := textOf(Plan(input, addressesOf(hosts), own)[0]); found != plan {
			t.Errorf("%s\ngot  %s\nwant %s", prefix, found, plan)
		}
	}
	both := Plan(wire.RoutesInput{Ranges: wire.WantRouted("fd02:10:97::/112", "10.96.0.0/16")}, nil, Laptop{IPv6Off: true})
	if one, other := textOf(both[0]), textOf(both[1]); one != "refused ipv6 |  | " || other != "routed | 10.96.0.0/16 | " {
		t.Errorf("without IPv6: %s; %s", one, other)
	}
}

// A cluster on this computer, or in its office, that the laptop has routes to by a node (minikube tunnel, kind, BGP): what it
// reaches by itself is left alone.
func TestWhatTheLaptopReachesByANodeIsLeftAlone(t *testing.T) {
	own := Laptop{
		Subnets:  []Place{place("172.18.0.0/16", "br-kind"), place("192.168.1.0/24", "wlan0")},
		Gateways: []Place{place("172.18.0.2/32", "br-kind"), place("192.168.1.1/32", "wlan0")},
		Routes: []Place{
			routeBy("0.0.0.0/0", "wlan0", "192.168.1.1"),
			routeBy("10.244.0.0/24", "br-kind", "172.18.0.2"),
			routeBy("10.96.0.0/12", "br-kind", "172.18.0.2"),
			routeBy("10.245.0.0/16", "br-kind", "172.18.0.2"), routeBy("10.245.0.0/16", "br-kind", "172.18.0.3"), // two hops
			routeBy("10.246.0.0/16", "br-kind", "172.18.0.2"), routeBy("10.246.0.0/16", "wlan0", "192.168.1.1"), // one that is no node
			routeBy("10.247.0.0/24", "wlan0", "192.168.1.1"),
			routeBy("fd00:10:244::/64", "br-kind", "fc00:f853::2"),
			place("10.248.0.0/24", ""), // leads nowhere
		},
	}
	const hosts = "10.244.0.7 10.96.0.1 10.246.0.9 10.244.1.4"
	nodes := []string{"172.18.0.2", "::ffff:172.18.0.3", "no address", "", "fc00:f853::2"}
	wanted := func(prefix, decision string, isOver bool) wire.WantedRange {
		return wire.WantedRange{Prefix: prefix, Decision: decision, OverBroader: isOver}
	}
	for _, check := range []struct {
		wanted wire.WantedRange
		plan   string
	}{
		{wanted("10.244.0.0/24", "routed", false), "refused own-way 10.244.0.0/24 br-kind |  | "},
		{wanted("10.244.0.128/25", "routed", false), "refused own-way 10.244.0.0/24 br-kind |  | "},
		{wanted("10.244.0.0/23", "routed", false), "cut own-way 10.244.0.0/24 br-kind | 10.244.1.0/24 | 10.244.0.0/24 own-way br-kind"},
		{wanted("10.96.0.0/12", "routed", false), "refused own-way 10.96.0.0/12 br-kind |  | "},
		{wanted("10.245.0.0/16", "routed", false), "refused own-way 10.245.0.0/16 br-kind |  | "},
		{wanted("10.246.0.0/16", "routed", false), "narrowed other-route 10.246.0.0/16 br-kind | 10.246.0.9/32 | "},
		{wanted("10.247.0.0/16", "routed", false), "cut other-route 10.247.0.0/24 wlan0 | 10.247.1.0/24 10.247.2.0/23 10.247.4.0/22 10.247.8.0/21 10.247.16.0/20 10.247.32.0/19 10.247.64.0/18 10.247.128.0/17 | 10.247.0.0/24 other-route wlan0"},
		{wanted("10.248.0.0/24", "routed", false), "narrowed other-route 10.248.0.0/24 |  | "},
		{wanted("fd00:10:244::/64", "routed", false), "refused own-way fd00:10:244::/64 br-kind |  | "},
		// The user's word.
		{wanted("10.96.0.0/12", "routed", true), "routed | 10.96.0.0/12 | "},
		{wanted("10.96.0.0/12", "narrowed", false), "narrowed other-route 10.96.0.0/12 br-kind | 10.96.0.1/32 | "},
	} {
		input := wire.RoutesInput{Ranges: []wire.WantedRange{check.wanted}, Nodes: nodes}
		if found := textOf(Plan(input, addressesOf(hosts), own)[0]); found != check.plan {
			t.Errorf("%+v\ngot  %s\nwant %s", check.wanted, found, check.plan)
		}
	}
}

// A cluster with all addresses of the world takes what there is room for, and says what it could not.
func TestPlacesAreBounded(t *testing.T) {
	var hosts []netip.Addr
	for index := range 2*MaxRoutes + 20 {
		hosts = append(hosts, netip.AddrFrom4([4]byte{10, byte(index >> 15), byte(index >> 7), byte(index << 1)})) // none side by side
	}
	everything := Laptop{Routes: []Place{place("10.0.0.0/8", "vpn0")}}
	one := Plan(wire.RoutesInput{Ranges: wire.WantRouted("10.0.0.0/8")}, hosts, everything)[0]
	if len(one.Parts) != MaxRoutes || one.Decision.Hosts != MaxRoutes || one.Decision.LeftOut != MaxRoutes+20 {
		t.Errorf("%d parts, %+v", len(one.Parts), one.Decision)
	}
	two := Plan(wire.RoutesInput{Ranges: wire.WantRouted("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12")}, hosts, everything)
	if count := len(two[0].Parts) + len(two[1].Parts) + len(two[2].Parts); count > MaxRoutes || two[2].Decision.Decision != wire.DecisionRefused {
		t.Errorf("%d parts in all, %+v", count, two[2].Decision)
	}
}

func TestCutsThatAreToldAreBounded(t *testing.T) {
	var crowded Laptop
	for index := range 300 {
		crowded.Routes = append(crowded.Routes, place(fmt.Sprintf("10.96.%d.0/25", index%256), "vpn0"), place(fmt.Sprintf("10.96.%d.7/32", index%256), "vpn0"))
	}
	decision := Plan(wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16")}, nil, crowded)[0].Decision
	if len(decision.Cuts) != wire.MaxCuts || decision.CutsMore != 256-wire.MaxCuts || decision.Decision != wire.DecisionCut {
		t.Errorf("%d cuts, %d more", len(decision.Cuts), decision.CutsMore)
	}
}

// Whatever laptop, cluster and user: nothing that the laptop needs is ever in force, and nothing else is lost of a range.
func TestNothingOfTheLaptopIsEverTaken(t *testing.T) {
	// Of IPv6 the last 32 bits play the part of IPv4's.
	t.Run("IPv4", func(t *testing.T) {
		testNothingOfTheLaptopIsEverTaken(t, 0, func(bytes [4]byte) netip.Addr { return netip.AddrFrom4(bytes) })
	})
	t.Run("IPv6", func(t *testing.T) {
		testNothingOfTheLaptopIsEverTaken(t, 96, func(bytes [4]byte) netip.Addr {
			whole := netip.MustParseAddr("fd00:10:244::").As16()
			copy(whole[12:], bytes[:])
			return netip.AddrFrom16(whole)
		})
	})
}

func testNothingOfTheLaptopIsEverTaken(t *testing.T, before int, addressOf func([4]byte) netip.Addr) {
	random := rand.New(rand.NewPCG(1, 2))
	address := func() netip.Addr {
		return addressOf([4]byte{10, byte(random.IntN(3)), byte(random.IntN(4)), byte(random.IntN(256))})
	}
	host := func() netip.Prefix { return netip.PrefixFrom(address(), before+32) }
	prefixOf := func(shortest int) netip.Prefix {
		prefix, _ := address().Prefix(before + shortest + random.IntN(33-shortest))
		return prefix
	}
	nodes := []string{addressOf([4]byte{172, 18, 0, 2}).String(), "no address", addressOf([4]byte{172, 18, 0, 3}).String()}
	node := func() netip.Addr { return addressOf([4]byte{172, 18, 0, byte(random.IntN(12))}) }
	for range 3000 {
		var own Laptop
		var protected []string
		var hosts []netip.Addr
		for range random.IntN(4) {
			own.Subnets = append(own.Subnets, Place{Prefix: prefixOf(16), Interface: "eth0"})
			own.Routes = append(own.Routes, Place{prefixOf(8), "vpn0", node()}, Place{prefixOf(24), "vpn1", node()})
			own.Gateways = append(own.Gateways, Place{Prefix: host(), Interface: "eth0"})
			own.Neighbours = append(own.Neighbours, Place{Prefix: host(), Interface: "eth0"})
			own.Resolvers = append(own.Resolvers, address())
			protected = append(protected, address().String())
			hosts = append(hosts, address(), address(), address())
		}
		wanted := wire.WantedRange{Prefix: prefixOf(10).String(), Decision: wire.DecisionRouted, OverBroader: random.IntN(3) == 0}
		one := Plan(wire.RoutesInput{Ranges: []wire.WantedRange{wanted}, Protected: protected, Nodes: nodes}, hosts, own)[0]
		whole := netip.MustParsePrefix(wanted.Prefix)
		for range 200 {
			tried := address()
			if !whole.Contains(tried) {
				continue
			}
			has := func(place Place) bool { return place.Prefix.Contains(tried) }
			isClaimed := slices.ContainsFunc(own.Subnets, has) || slices.ContainsFunc(own.Gateways, has) ||
				slices.ContainsFunc(own.Neighbours, has) || slices.Contains(own.Resolvers, tried) || slices.Contains(protected, tried.String()) ||
				slices.ContainsFunc(own.Routes, func(route Place) bool { return has(route) && route.Prefix.Bits() > whole.Bits() })
			isBroader := !wanted.OverBroader && slices.ContainsFunc(own.Routes, func(route Place) bool {
				return has(route) && route.Prefix.Bits() <= whole.Bits()
			})
			isLeftAlone := one.Decision.Decision == wire.DecisionRefused && one.Decision.Reason == ReasonOwnWay
			isMeant := !isClaimed && !isLeftAlone && (!isBroader || slices.Contains(hosts, tried))
			isTaken := slices.ContainsFunc(one.Parts, func(part netip.Prefix) bool { return part.Contains(tried) })
			if isTaken != isMeant {
				t.Fatalf("%s of %+v: taken %v, meant %v\n%+v\n%s", tried, wanted, isTaken, isMeant, own, textOf(one))
			}
		}
	}
}

func BenchmarkPlanOfTenThousandHosts(b *testing.B) {
	var hosts []netip.Addr
	for index := range MaxRoutes {
		hosts = append(hosts, netip.AddrFrom4([4]byte{10, byte(index >> 14), byte(index >> 6), byte(index << 2)}))
	}
	own := Laptop{Routes: []Place{place("10.0.0.0/8", "vpn0")}}
	for b.Loop() {
		Plan(wire.RoutesInput{Ranges: wire.WantRouted("10.0.0.0/12", "10.244.0.0/16")}, hosts, own)
	}
}

func TestPlanEnd(t *testing.T) {
	place := func(prefix string) []Place {
		return []Place{{Prefix: netip.MustParsePrefix(prefix), Interface: "tun7"}}
	}
	const end, end6 = "198.18.7.2", "fd34:8a0f:448::7:2"
	for name, row := range map[string]struct {
		end    string
		laptop Laptop
		plan   string
	}{
		"nobody":                        {end, Laptop{}, "routed | 198.18.7.2/32 | "},
		"a VPN with the whole space":    {end, Laptop{Routes: place("198.18.0.0/15")}, "routed | 198.18.7.2/32 | "},
		"a network of it":               {end, Laptop{Subnets: place("198.18.0.0/16"), Routes: place("198.18.0.0/16"), Addresses: place("198.18.0.1/32")}, "routed | 198.18.7.2/32 | "},
		"another cluster":               {end, Laptop{Clusters: place("198.18.0.0/16")}, "routed | 198.18.7.2/32 | "},
		"the laptop itself":             {end, Laptop{Subnets: place("198.18.0.0/16"), Addresses: place("198.18.7.2/32")}, "refused own-subnet 198.18.7.2/32 tun7 |  | "},
		"a far end of a tunnel":         {end, Laptop{Subnets: place("198.18.7.2/32")}, "refused own-subnet 198.18.7.2/32 tun7 |  | "},
		"a host route":                  {end, Laptop{Routes: place("198.18.7.2/32")}, "narrowed other-route 198.18.7.2/32 tun7 |  | "},
		"who was heard":                 {end, Laptop{Neighbours: place("198.18.7.2/32")}, "refused neighbour 198.18.7.2 tun7 |  | "},
		"a gateway":                     {end, Laptop{Gateways: place("198.18.7.2/32")}, "refused gateway 198.18.7.2 tun7 |  | "},
		"a nameserver":                  {end, Laptop{Resolvers: addressesOf(end)}, "refused resolver 198.18.7.2 |  | "},
		"a cluster's host":              {end, Laptop{Clusters: place("198.18.7.2/32")}, "refused other-cluster 198.18.7.2/32 tun7 |  | "},
		"a VPN with unique local space": {end6, Laptop{Routes: place("fd00::/8")}, "routed | fd34:8a0f:448::7:2/128 | "},
		"the laptop itself in IPv6":     {end6, Laptop{Addresses: place("fd34:8a0f:448::7:2/128")}, "refused own-subnet fd34:8a0f:448::7:2/128 tun7 |  | "},
		"no IPv6":                       {end6, Laptop{IPv6Off: true}, "refused ipv6 |  | "},
	} {
		if got := textOf(PlanEnd(netip.MustParseAddr(row.end), row.laptop)); got != row.plan {
			t.Errorf("%s: %s, expected %s", name, got, row.plan)
		}
	}
}
