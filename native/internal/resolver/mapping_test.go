package resolver

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"slipway/native/internal/mapping"
	"slipway/native/internal/wire"
)

// maps has the ranges of the test cluster known by others, and its IPv6 range too.
func (laptop *laptop) maps(told ...wire.Mapping) {
	pairs, problem := mapping.Parse(told)
	if problem == nil {
		var table *mapping.Table
		if table, problem = mapping.New(pairs, nil); problem == nil {
			laptop.change(func(inputs *Inputs) {
				inputs.Mapping, inputs.Routed = table, nil
				for _, pair := range pairs {
					inputs.Routed = append(inputs.Routed, pair.Virtual)
				}
			})
			return
		}
	}
	laptop.t.Fatal(problem)
}

var (
	mapsServices = wire.Mapping{Real: "10.96.0.0/16", Virtual: "198.19.0.0/16"}
	mapsPods     = wire.Mapping{Real: "10.244.0.0/16", Virtual: "100.80.0.0/16"}
	mapsIPv6     = wire.Mapping{Real: "2600:1900:4::/64", Virtual: "fd51:1bae:cc::/64"}
)

func TestNamesTellAddressesThatCanBeReached(t *testing.T) {
	laptop := newLaptop(t)
	laptop.cluster.set("six.webshop.svc.cluster.local.", "six.webshop.svc.cluster.local. 5 IN AAAA 2600:1900:4::a")
	laptop.cluster.set("bound.webshop.svc.cluster.local.",
		"bound.webshop.svc.cluster.local. 5 IN HTTPS 1 . ipv4hint=10.96.10.10,192.0.2.1 ipv6hint=2600:1900:4::a",
		"bound.webshop.svc.cluster.local. 5 IN SVCB 1 . ipv4hint=10.244.1.5")
	laptop.cluster.set("elsewhere.webshop.svc.cluster.local.", "elsewhere.webshop.svc.cluster.local. 5 IN A 10.97.0.1")
	laptop.cluster.set("a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.0.0.0.0.0.9.1.0.0.6.2.ip6.arpa.",
		"a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.0.0.0.0.0.9.1.0.0.6.2.ip6.arpa. 5 IN PTR six.webshop.svc.cluster.local.")
	laptop.maps(mapsServices, mapsPods, mapsIPv6)
	six, _ := dns.ReverseAddr("fd51:1bae:cc::a")
	for _, test := range []struct {
		name string
		kind uint16
		want string
	}{
		{"orders.webshop.svc.cluster.local", dns.TypeA, "NOERROR | orders.webshop.svc.cluster.local. A 198.19.10.10"},
		{"orders", dns.TypeA, "NOERROR | orders. A 198.19.10.10"},
		{"orders.webshop", dns.TypeA, "NOERROR | orders.webshop. A 198.19.10.10"},
		{"six.webshop", dns.TypeAAAA, "NOERROR | six.webshop. AAAA fd51:1bae:cc::a"},
		{"ledger.infra", dns.TypeA, "NOERROR | ledger.infra. A 100.80.1.5 | ledger.infra. A 100.80.2.6"},
		{"ledger-0.ledger", dns.TypeA, "NOERROR | ledger-0.ledger. A 100.80.1.7"},
		{"ledger-0.ledger.infra", dns.TypeA, "NOERROR | ledger-0.ledger.infra. A 100.80.1.5"},
		{"10-244-1-5.webshop.pod", dns.TypeA, "NOERROR | 10-244-1-5.webshop.pod. A 100.80.1.5"},
		{"inside.infra", dns.TypeA, "NOERROR | inside.infra. CNAME orders.webshop.svc.cluster.local. | orders.webshop.svc.cluster.local. A 198.19.10.10"},
		{"private.infra", dns.TypeA, "NOERROR | private.infra. A 100.80.9.9"},
		{"outside.infra", dns.TypeA, "NOERROR | outside.infra. CNAME www.example.test. | www.example.test. A 203.0.113.5"},
		{"elsewhere.webshop", dns.TypeA, "NOERROR | elsewhere.webshop. A 10.97.0.1"},
		{"orders.webshop", dns.TypeTXT, `NOERROR | orders.webshop. TXT "orders"`},
		{"bound.webshop", dns.TypeHTTPS, `NOERROR | bound.webshop. HTTPS 1 . ipv4hint="198.19.10.10,192.0.2.1" ipv6hint="fd51:1bae:cc::a"`},
		{"bound.webshop", dns.TypeSVCB, `NOERROR | bound.webshop. SVCB 1 . ipv4hint="100.80.1.5"`},
		{"10.10.19.198.in-addr.arpa", dns.TypePTR, "NOERROR | 10.10.19.198.in-addr.arpa. PTR orders.webshop.svc.cluster.local."},
		{"11.10.19.198.in-addr.arpa", dns.TypePTR, "NXDOMAIN"},
		{"10.19.198.in-addr.arpa", dns.TypeSOA, "NOERROR"},
		{"19.198.in-addr.arpa", dns.TypeNS, "NOERROR"},
		{"b._dns-sd._udp.10.10.19.198.in-addr.arpa", dns.TypePTR, "NXDOMAIN"},
		{six, dns.TypePTR, "NOERROR | " + six + " PTR six.webshop.svc.cluster.local."},
		// The laptop's own network may have the real range: its nameservers are asked, and nobody else.
		{"10.10.96.10.in-addr.arpa", dns.TypePTR, "NXDOMAIN"},
	} {
		if got := line(laptop.ask(test.name, test.kind)); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.name, dns.TypeToString[test.kind], got, test.want)
		}
	}
	// What is kept is the cluster's, so that another plan counts at once.
	laptop.maps(wire.Mapping{Real: mapsServices.Real, Virtual: "100.96.0.0/16"}, mapsPods,
		wire.Mapping{Real: mapsServices.Real, Virtual: mapsServices.Virtual, Retired: true})
	if got := line(laptop.ask("orders.webshop", dns.TypeA)); got != "NOERROR | orders.webshop. A 100.96.10.10" {
		t.Errorf("by another plan: %s", got)
	}
	for _, kept := range []string{"10.10.19.198.in-addr.arpa", "10.10.96.100.in-addr.arpa"} { // programs may ask whom they are connected to
		if got := line(laptop.ask(kept, dns.TypePTR)); got != "NOERROR | "+kept+". PTR orders.webshop.svc.cluster.local." {
			t.Errorf("by another plan: %s", got)
		}
	}
}

func TestTargetsOfServicesHaveAddressesThatCanBeReached(t *testing.T) {
	laptop := newLaptop(t)
	laptop.maps(mapsServices, mapsPods)
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		if response.Question[0].Qtype == dns.TypeSRV {
			glue, _ := dns.NewRR("orders.webshop.svc.cluster.local. 30 IN A 10.96.10.10")
			response.Extra = append(response.Extra, glue)
		}
		response.AuthenticatedData = true // of records that are changed on the way
		return response
	})
	response := laptop.ask("_http._tcp.orders.webshop", dns.TypeSRV)
	told := slices.DeleteFunc(slices.Clone(response.Extra), isOPT)
	if len(told) != 1 || told[0].(*dns.A).A.String() != "198.19.10.10" || told[0].Header().Ttl > maxClusterTTL {
		t.Errorf("beside the target: %v", response.Extra)
	}
	if response.AuthenticatedData || laptop.ask("orders.webshop", dns.TypeA).AuthenticatedData {
		t.Error("what was changed is said to be authenticated")
	}
}

// TestAServiceThatWasMadeAnewHasAnAddressThatCanBeReached: the list of Services has the cluster's addresses.
func TestAServiceThatWasMadeAnewHasAnAddressThatCanBeReached(t *testing.T) {
	laptop := newLaptop(t)
	laptop.maps(mapsServices)
	laptop.ask("orders.webshop", dns.TypeA)
	of := func(address string) []Service {
		return []Service{{Namespace: "webshop", Name: "orders", Addresses: []netip.Addr{netip.MustParseAddr(address)}}}
	}
	laptop.SetServices(of("10.96.10.10"))
	laptop.ChangeServices(of("10.96.10.77"))
	if got := line(laptop.ask("orders.webshop", dns.TypeA)); got != "NOERROR | orders.webshop. A 198.19.10.77" {
		t.Errorf("made anew: %s", got)
	}
	laptop.ChangeServices([]Service{{Namespace: "webshop", Name: "orders"}})
	laptop.cluster.set("orders.webshop.svc.cluster.local.", "orders.webshop.svc.cluster.local. 5 IN A 10.96.10.77")
	laptop.change(func(inputs *Inputs) { inputs.Agent++ })
	if got := line(laptop.ask("orders.webshop.svc", dns.TypeA)); got != "NXDOMAIN" {
		t.Errorf("deleted: %s", got)
	}
}
