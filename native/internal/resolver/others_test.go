package resolver

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"slipway/native/internal/domains"
	"slipway/native/internal/wire"
)

const besideResolver = "198.18.9.3"

// besideRecords are of another cluster that calls itself as the first, has the same Service, and one more.
const besideRecords = `
orders.webshop.svc.cluster.local. 5 IN A 100.64.10.10
orders.webshop.svc.cluster.local. 5 IN SRV 0 100 80 orders.webshop.svc.cluster.local.
_http._tcp.orders.webshop.svc.cluster.local. 5 IN SRV 0 100 80 orders.webshop.svc.cluster.local.
ledger.accounts.svc.cluster.local. 5 IN A 100.64.10.11
ledger-0.ledger.accounts.svc.cluster.local. 5 IN A 100.64.20.7
api.dev.svc.cluster.local. 5 IN A 100.64.10.12
alias.webshop.svc.cluster.local. 5 IN CNAME orders.webshop.svc.cluster.local.
10-100-64-7.webshop.pod.cluster.local. 5 IN A 100.64.20.8
wpad.webshop.svc.cluster.local. 5 IN A 100.64.10.13
10.10.64.100.in-addr.arpa. 5 IN PTR orders.webshop.svc.cluster.local.
`

// twoClusters are the laptop of the other tests, whose cluster's names are in force, and another cluster that is on beside it:
// resolvers of ours, which ask each other by the laptop's sockets.
func twoClusters(t *testing.T) (first *laptop, second *Resolver) {
	first = newLaptop(t)
	nameserver := serve(t, "cluster.local.", besideRecords)
	second = New(Config{Cluster: NewCluster(NewUpstream(nil, nil).dial, []netip.AddrPort{nameserver.address}).Exchange, Own: []netip.Addr{netip.MustParseAddr(besideResolver)}})
	second.Set(Inputs{
		Domain: "cluster.local", ClusterUp: true,
		Scope: wire.NameScope{
			HomeNamespace: "webshop", Namespaces: []string{"webshop", "accounts", "dev"}, Suffix: "staging-cluster", NamesElsewhere: true,
			Clusters: []wire.OtherCluster{{Suffix: "first-cluster", Resolver: "198.18.7.3"}},
		},
		Routed: []netip.Prefix{netip.MustParsePrefix("100.64.0.0/16")},
	})
	t.Cleanup(func() { second.Set(Inputs{}) })
	address := listen(t, second)
	first.Resolver.dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		if server != netip.MustParseAddrPort(besideResolver+":53") {
			t.Errorf("somebody asks %s", server)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address.String())
	}
	first.change(func(inputs *Inputs) {
		inputs.Scope.Suffix = "first-cluster"
		inputs.Scope.Clusters = []wire.OtherCluster{{Suffix: "staging-cluster", Resolver: besideResolver, Ranges: []string{"100.64.0.0/16", "10.244.0.0/16"}}}
	})
	return first, second
}

// Whose name is meant is told by its suffix, in every form that a pod of that cluster could use.
func TestNamesOfTwoClusters(t *testing.T) {
	first, _ := twoClusters(t)
	for _, test := range []struct {
		name string
		kind uint16
		want string
	}{
		{"orders", dns.TypeA, "NOERROR | orders. A 10.96.10.10"},
		{"orders.webshop.svc.cluster.local", dns.TypeA, "NOERROR | orders.webshop.svc.cluster.local. A 10.96.10.10"},
		{"orders.webshop.first-cluster", dns.TypeA, "NOERROR | orders.webshop.first-cluster. A 10.96.10.10"},
		{"orders.webshop.staging-cluster", dns.TypeA, "NOERROR | orders.webshop.staging-cluster. A 100.64.10.10"},
		{"Orders.Webshop.STAGING-cluster", dns.TypeA, "NOERROR | Orders.Webshop.STAGING-cluster. A 100.64.10.10"},
		{"orders.staging-cluster", dns.TypeA, "NOERROR | orders.staging-cluster. A 100.64.10.10"},
		{"orders.webshop.svc.staging-cluster", dns.TypeA, "NOERROR | orders.webshop.svc.staging-cluster. A 100.64.10.10"},
		{"orders.webshop.svc.cluster.local.staging-cluster", dns.TypeA, "NOERROR | orders.webshop.svc.cluster.local.staging-cluster. A 100.64.10.10"},
		{"orders.webshop.staging-cluster", dns.TypeAAAA, "NOERROR"},
		{"ledger.accounts.staging-cluster", dns.TypeA, "NOERROR | ledger.accounts.staging-cluster. A 100.64.10.11"},
		{"ledger-0.ledger.accounts.staging-cluster", dns.TypeA, "NOERROR | ledger-0.ledger.accounts.staging-cluster. A 100.64.20.7"},
		{"10-100-64-7.webshop.pod.staging-cluster", dns.TypeA, "NOERROR | 10-100-64-7.webshop.pod.staging-cluster. A 100.64.20.8"},
		{"api.dev.staging-cluster", dns.TypeA, "NOERROR | api.dev.staging-cluster. A 100.64.10.12"}, // nobody else's below the suffix
		{"nothing.webshop.staging-cluster", dns.TypeA, "NXDOMAIN"},
		{"orders.nowhere.at.all.staging-cluster", dns.TypeA, "NXDOMAIN"},
		{"www.example.test.staging-cluster", dns.TypeA, "NXDOMAIN"},
		{"staging-cluster", dns.TypeA, "NOERROR"},
		{"wpad.webshop.staging-cluster", dns.TypeA, "NXDOMAIN"},
		{"wpad.staging-cluster", dns.TypeA, "NXDOMAIN"},
		// What an answer names is asked of the cluster that told it.
		{"_http._tcp.orders.webshop.svc.staging-cluster", dns.TypeSRV, "NOERROR | _http._tcp.orders.webshop.svc.staging-cluster. SRV 0 100 80 orders.webshop.svc.cluster.local.staging-cluster."},
		{"alias.webshop.staging-cluster", dns.TypeCNAME, "NOERROR | alias.webshop.staging-cluster. CNAME orders.webshop.svc.cluster.local.staging-cluster."},
		{"10.10.64.100.in-addr.arpa", dns.TypePTR, "NOERROR | 10.10.64.100.in-addr.arpa. PTR orders.webshop.svc.cluster.local.staging-cluster."},
		{"10.10.96.10.in-addr.arpa", dns.TypePTR, "NOERROR | 10.10.96.10.in-addr.arpa. PTR orders.webshop.svc.cluster.local."},
		{"5.1.244.10.in-addr.arpa", dns.TypePTR, "NXDOMAIN"}, // of a range of both: the first one's
		{"www.example.test", dns.TypeA, "NOERROR | www.example.test. A 203.0.113.5"},
	} {
		t.Run(test.name+" "+dns.TypeToString[test.kind], func(t *testing.T) {
			if got := line(first.ask(test.name, test.kind)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	routing, _, refused := first.Names()
	if !slices.Contains(routing, "staging-cluster") || !slices.Contains(routing, "first-cluster") {
		t.Errorf("sent here are %q, refused %+v", routing, refused)
	}
}

// The other cluster goes away while its names are asked for: an error, not "no such name", and nothing of the laptop's waits.
func TestAClusterThatGoesAway(t *testing.T) {
	first, second := twoClusters(t)
	second.Set(Inputs{Domain: "cluster.local", Scope: second.inputs.Scope}) // its tunnel is down
	if got := line(first.ask("ledger.accounts.staging-cluster", dns.TypeA)); got != "SERVFAIL" {
		t.Errorf("got %s", got)
	}
	first.change(func(inputs *Inputs) { inputs.Scope.Clusters = nil })
	if got := line(first.ask("orders.webshop.staging-cluster", dns.TypeA)); got != "NXDOMAIN" {
		t.Errorf("got %s", got)
	}
}

// A suffix that means something else is not taken, and told.
func TestSuffixesThatMeanSomethingElse(t *testing.T) {
	laptop := newLaptop(t)
	for suffix, reason := range map[string]string{
		"webshop": domains.ReasonNamespace, "com": domains.ReasonPublicSuffix, "local": domains.ReasonSpecialUse,
		"a.b": domains.ReasonMalformed, "corp": domains.ReasonCollision, "lab-7": domains.ReasonLaptop,
	} {
		laptop.change(func(inputs *Inputs) {
			inputs.HostDomains = []string{"lab-7"}
			inputs.Scope.Suffix, inputs.Scope.Clusters = suffix, []wire.OtherCluster{{Suffix: suffix, Resolver: besideResolver}}
		})
		routing, _, refused := laptop.Names()
		isTold := slices.ContainsFunc(refused, func(refusal wire.NameRefusal) bool {
			return refusal.Name == suffix && refusal.Reason == reason && !refusal.Grantable
		})
		if !isTold || suffix != "webshop" && slices.Contains(routing, suffix) {
			t.Errorf("%s: sent here are %q, refused %+v", suffix, routing, refused)
		}
	}
	if got := line(laptop.ask("orders.webshop", dns.TypeA)); got != "NOERROR | orders.webshop. A 10.96.10.10" {
		t.Errorf("got %s", got)
	}
}
