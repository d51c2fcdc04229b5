package routes

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"slipway/native/internal/wire"
)

func place(prefix, name string) Place {
	return Place{Prefix: netip.MustParsePrefix(prefix), Interface: name}
}

func routeBy(prefix, name, gateway string) Place {
	return Place{netip.MustParsePrefix(prefix), name, netip.MustParseAddr(gateway)}
}

// A laptop at home with Docker, another VPN that takes everything in halves, and a company's resolver.
var laptop = Laptop{
	Subnets: []Place{
		place("127.0.0.0/8", "lo"), place("::1/128", "lo"), place("192.168.1.0/24", "wlan0"),
		place("fe80::/64", "wlan0"), place("172.17.0.0/16", "docker0"), place("10.8.0.2/32", "vpn0"),
	},
	Gateways:   []Place{place("192.168.1.1/32", "wlan0"), place("10.199.0.1/32", "vpn0")},
	Neighbours: []Place{place("192.168.1.7/32", "wlan0"), place("10.40.0.9/32", "eth1")},
	Resolvers:  []netip.Addr{netip.MustParseAddr("10.200.0.53"), netip.MustParseAddr("127.0.0.53")},
	Routes: []Place{
		place("0.0.0.0/0", "wlan0"), place("0.0.0.0/1", "vpn0"), place("128.0.0.0/1", "vpn0"), place("8.0.0.0/7", "vpn0"),
		place("192.168.1.0/24", "wlan0"), place("172.17.0.0/16", "docker0"),
		place("10.20.0.0/16", "vpn0"), place("100.100.0.0/16", "vpn0"), place("10.66.0.1/32", "vpn0"), place("10.67.0.0/16", ""),
	},
}

var protectedAddresses = []string{"10.30.0.10", "203.0.113.9", "::ffff:10.31.0.10"}

func TestPolicy(t *testing.T) {
	for _, check := range []struct{ prefix, reason string }{
		// What clusters use.
		{prefix: "10.96.0.0/12"}, {prefix: "10.244.0.0/16"}, {prefix: "10.43.0.0/16"}, {prefix: "10.96.0.10/32"},
		{prefix: "172.20.0.0/16"}, {prefix: "172.31.255.255/32"}, {prefix: "192.168.128.0/17"}, {prefix: "192.168.2.0/24"},
		{prefix: "100.64.0.0/16"}, {prefix: "100.127.255.0/24"}, {prefix: "198.18.0.0/16"}, {prefix: "198.19.255.255/32"}, {prefix: "240.0.0.0/8"}, {prefix: "250.1.0.0/16"}, {prefix: "254.255.0.0/16"},
		// Not prefixes.
		{"", "malformed"}, {"10.0.0.0", "malformed"}, {"10.0.0.1/8", "malformed"},
		{"10.0.0.0/33", "malformed"}, {"10.0.0.0/-1", "malformed"}, {"10.0.0/8", "malformed"},
		{"010.0.0.0/8", "malformed"}, {"10.0.0.0/08", "malformed"}, {"fe80::1%eth0/64", "malformed"},
		{"::ffff:10.0.0.0/104", "reserved"}, {"default", "malformed"}, {"10.0.0.0/8 dev eth0", "malformed"},
		// The default route, whole, in halves, and in larger pieces.
		{"0.0.0.0/0", "default-route"}, {"0.0.0.0/1", "default-route"}, {"128.0.0.0/1", "default-route"},
		{"::/0", "default-route"}, {"::/1", "default-route"}, {"8000::/1", "default-route"},
		{"0.0.0.0/2", "too-wide"}, {"64.0.0.0/2", "too-wide"}, {"192.0.0.0/2", "too-wide"},
		{"8.0.0.0/7", "too-wide"}, {"10.0.0.0/7", "too-wide"}, {"172.0.0.0/6", "too-wide"},
		{"2000::/3", "too-wide"}, {"fc00::/7", "too-wide"}, {"fd00::/8", "too-wide"},
		// Never a cluster's.
		{"127.0.0.0/8", "loopback"}, {"127.0.0.53/32", "loopback"}, {"::1/128", "loopback"},
		{"169.254.0.0/16", "link-local"}, {"169.254.20.10/32", "link-local"}, {"169.254.169.0/24", "link-local"},
		{"fe80::/64", "link-local"}, {"224.0.0.0/4", "multicast"}, {"239.1.2.3/32", "multicast"},
		{"ff02::/32", "multicast"}, {"0.0.0.0/8", "reserved"}, {"0.0.0.0/32", "reserved"},
		{"240.0.0.0/4", "too-wide"}, {"255.1.0.0/16", "reserved"}, {"255.255.255.255/32", "reserved"},
		{"192.0.2.0/24", "reserved"}, {"198.51.100.7/32", "reserved"}, {"203.0.113.0/24", "reserved"},
		{"2001:db8::/32", "reserved"}, {"::/128", "reserved"},
		{"169.254.169.254/32", "metadata"}, {"169.254.170.2/32", "metadata"}, {"100.100.100.200/32", "metadata"},
		{"fd00:ec2::254/128", "metadata"}, {"192.0.0.192/32", "metadata"},
		{"168.63.129.16/32", "metadata"}, {"168.63.0.0/16", "public"},
		// Public space.
		{"8.8.8.8/32", "public"}, {"1.0.0.0/8", "public"}, {"11.0.0.0/8", "public"},
		{"172.32.0.0/16", "public"}, {"172.15.0.0/16", "public"}, {"192.169.0.0/16", "public"},
		{"100.128.0.0/16", "public"}, {"100.63.0.0/16", "public"}, {"198.20.0.0/16", "public"},
		{"2001:4860::/32", "public"}, {"160.0.0.0/11", "public"},
		{"2600:1f18::/56", "public"}, {"64:ff9b::/96", "public"}, {"fd00:c1::a9fe:a9fe/128", "metadata"},
		{prefix: "fd12:3456::/32"}, {prefix: "fd12:3456:789a::1/128"}, {prefix: "fd00:10:96::/112"}, {prefix: "fc00:f853::/64"},
	} {
		t.Run(check.prefix, func(t *testing.T) {
			input := wire.RoutesInput{Ranges: wire.WantRouted(check.prefix), Protected: protectedAddresses}
			decision := Plan(input, nil, laptop)[0].Decision
			wanted := wire.RouteDecision{
				Prefix: check.prefix, Decision: wire.DecisionRouted, Reason: check.reason,
			}
			if check.reason != "" {
				wanted.Decision = wire.DecisionRefused
			}
			if !reflect.DeepEqual(decision, wanted) {
				t.Errorf("got  %+v\nwant %+v", decision, wanted)
			}
		})
	}
}

func TestProtectedAddressesThatCannotBeReadRefuseEverything(t *testing.T) {
	for _, malformed := range []string{"", "10.0.0.0/8", "api.example.org", "10.0.0.1:443"} {
		decision := Plan(wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16"), Protected: []string{malformed}}, nil, Laptop{})[0].Decision
		if decision.IsRouted() || decision.Reason != ReasonProtected {
			t.Errorf("%q: %+v", malformed, decision)
		}
	}
}

func TestOnlyRoutingAndNarrowingCanBeWanted(t *testing.T) {
	for _, wanted := range []string{"", "refused", "mapped", "cut"} {
		ranges := []wire.WantedRange{{Prefix: "10.96.0.0/16", Decision: wanted}}
		if decision := Plan(wire.RoutesInput{Ranges: ranges}, nil, Laptop{})[0].Decision; decision.Reason != ReasonMalformed {
			t.Errorf("%q: %+v", wanted, decision)
		}
	}
}

func TestRangesAreCapped(t *testing.T) {
	var input wire.RoutesInput
	for index := range MaxRanges + 2 {
		prefix := fmt.Sprintf("10.96.%d.%d/32", index/256, index%256)
		input.Ranges = append(input.Ranges, wire.WantRouted(prefix, prefix)...) // a repetition takes no place of its own
	}
	accepted := map[string]bool{}
	for _, one := range Plan(input, nil, Laptop{}) {
		if one.Decision.IsRouted() {
			accepted[one.Decision.Prefix] = true
		} else if one.Decision.Reason != ReasonTooMany {
			t.Errorf("%+v", one.Decision)
		}
	}
	if len(accepted) != MaxRanges {
		t.Errorf("%d ranges were accepted", len(accepted))
	}
}

// Nothing accepted may ever be wider than, or outside of, private space.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{"10.0.0.0/8", "0.0.0.0/0", "::/0", "100.64.0.0/10", "fd00::/32", "10.0.0.1/8", "x"} {
		f.Add(seed, "10.1.1.1")
	}
	f.Fuzz(func(t *testing.T, text, protected string) {
		one := Plan(wire.RoutesInput{Ranges: wire.WantRouted(text), Protected: []string{protected}}, nil, laptop)[0]
		if !one.Decision.IsCarried() {
			if one.Decision.Reason == "" {
				t.Errorf("%q is refused without a reason", text)
			}
			return
		}
		prefix := netip.MustParsePrefix(text)
		if !prefix.Addr().IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(prefix.Addr()) &&
			!netip.MustParsePrefix("198.18.0.0/15").Contains(prefix.Addr()) &&
			!(netip.MustParsePrefix("240.0.0.0/4").Contains(prefix.Addr()) && prefix.Addr().As4()[0] < 255) || prefix.Bits() < minLengthIPv4 {
			t.Errorf("%q was accepted", text)
		}
		for _, part := range one.Parts {
			if address, err := netip.ParseAddr(protected); err != nil || part.Contains(address.Unmap()) {
				t.Errorf("%q was accepted over %q", text, protected)
			}
		}
	})
}
