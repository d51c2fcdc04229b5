package resolver

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// A namespace may be called as a network of the laptop's own: what its nameservers know stays theirs.
func TestANameThatTheLaptopKnowsStaysTheLaptops(t *testing.T) {
	laptop := newLaptop(t)
	laptop.upstream.set("git.infra.", "git.infra. 300 IN A 192.0.2.20", "git.infra. 300 IN TXT \"office\"")
	for _, name := range []string{"git.infra.svc.cluster.local.", "www.infra.svc.cluster.local."} {
		laptop.cluster.set(name, name+" 30 IN A 10.96.66.66", name+" 30 IN SRV 0 0 80 evil.infra.svc.cluster.local.", name+" 30 IN TXT \"evil\"")
	}
	for _, test := range []struct {
		name string
		kind uint16
		want string
	}{
		{"git.infra", dns.TypeA, "NOERROR | git.infra. A 192.0.2.20"},
		{"git.infra", dns.TypeTXT, `NOERROR | git.infra. TXT "office"`},
		{"git.infra", dns.TypeSRV, "NOERROR"},
		{"git.infra", dns.TypeAAAA, "NOERROR"},
		{"GIT.infra", dns.TypeA, "NOERROR | GIT.infra. A 192.0.2.20"},
		{"www.infra", dns.TypeA, "NOERROR | www.infra. A 10.96.66.66"},
		{"www.infra", dns.TypeTXT, `NOERROR | www.infra. TXT "evil"`},
		// The cluster's own form is the cluster's, whatever the laptop knows.
		{"git.infra.svc", dns.TypeA, "NOERROR | git.infra.svc. A 10.96.66.66"},
	} {
		for range 2 { // asked, then kept
			if got := line(laptop.ask(test.name, test.kind)); got != test.want {
				t.Errorf("%s %s: got %s, want %s", test.name, dns.TypeToString[test.kind], got, test.want)
			}
		}
	}
	laptop.tunnel(false)
	if got := line(laptop.ask("git.infra", dns.TypeA)); got != "NOERROR | git.infra. A 192.0.2.20" {
		t.Errorf("with the tunnel down: %s", got)
	}
}

func TestNameserversThatAnswerEverythingKnowNothing(t *testing.T) {
	advertisement, err := dns.NewRR("any. 60 IN A 203.0.113.66")
	if err != nil {
		t.Fatal(err)
	}
	for kind, records := range map[string][]dns.RR{"an advertisement": {advertisement}, "nothing": nil} {
		t.Run("with "+kind, func(t *testing.T) {
			laptop := newLaptop(t)
			laptop.upstream.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
				response.Rcode, response.Ns, response.Answer = dns.RcodeSuccess, nil, nil
				for _, record := range records {
					record = dns.Copy(record)
					record.Header().Name = response.Question[0].Name
					response.Answer = append(response.Answer, record)
				}
				return response
			})
			for range 2 {
				if got := line(laptop.ask("orders.webshop", dns.TypeA)); got != "NOERROR | orders.webshop. A 10.96.10.10" {
					t.Errorf("got %s", got)
				}
			}
			for _, asked := range laptop.upstream.questions() {
				if strings.Contains(asked, "webshop") && !strings.HasSuffix(asked, " orders.webshop.") {
					t.Errorf("the test for it tells a name of the cluster: %s", asked)
				}
			}
			laptop.change(func(inputs *Inputs) {
				inputs.Upstreams = append(inputs.Upstreams, wire.Upstream{Address: laptop.upstream.address.Addr(), Port: laptop.upstream.address.Port()})
			})
			laptop.upstream.rewriteWith(nil) // another network
			laptop.upstream.set("orders.webshop.", "orders.webshop. 300 IN A 192.0.2.21")
			if got := line(laptop.ask("orders.webshop", dns.TypeA)); got != "NOERROR | orders.webshop. A 192.0.2.21" {
				t.Errorf("in a network that knows it: %s", got)
			}
		})
	}
}

func TestNameserversThatDoNotAnswerHoldUpNoClusterName(t *testing.T) {
	for what, rewrite := range map[string]func(*dns.Msg, string) *dns.Msg{
		"silence": func(*dns.Msg, string) *dns.Msg { return nil },
		"a failure": func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode, response.Answer = dns.RcodeServerFailure, nil
			return response
		},
	} {
		t.Run(what, func(t *testing.T) {
			laptop := newLaptop(t)
			laptop.upstream.set("git.infra.", "git.infra. 1 IN A 192.0.2.20")
			laptop.cluster.set("git.infra.svc.cluster.local.", "git.infra.svc.cluster.local. 30 IN A 10.96.66.66")
			clock := stop(laptop)
			if got := line(laptop.ask("git.infra", dns.TypeA)); got != "NOERROR | git.infra. A 192.0.2.20" {
				t.Fatalf("while it answers: %s", got)
			}
			laptop.upstream.rewriteWith(rewrite)
			clock.move(time.Minute)
			for _, name := range []string{"orders.webshop", "ledger.infra"} {
				if got := line(laptop.ask(name, dns.TypeA)); !strings.HasPrefix(got, "NOERROR | "+name) {
					t.Errorf("%s: %s", name, got)
				}
			}
			if what == "silence" && time.Now().UnixNano() >= laptop.notAwaited.Load() {
				t.Error("each name would wait for a server that was silent")
			}
		})
	}
}

func TestANameThatTheLaptopKnewIsNotTheClustersWhileItsNameserversFail(t *testing.T) {
	for what, rewrite := range map[string]func(*dns.Msg, string) *dns.Msg{
		"silence": func(*dns.Msg, string) *dns.Msg { return nil },
		"a failure": func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode, response.Answer = dns.RcodeServerFailure, nil
			return response
		},
	} {
		t.Run(what, func(t *testing.T) {
			laptop := newLaptop(t)
			clock := stop(laptop)
			laptop.upstream.set("git.infra.", "git.infra. 1 IN A 192.0.2.20")
			laptop.cluster.set("git.infra.svc.cluster.local.", "git.infra.svc.cluster.local. 30 IN A 10.96.66.66")
			laptop.ask("git.infra", dns.TypeA)
			laptop.upstream.rewriteWith(rewrite)
			clock.move(time.Minute)
			laptop.ask("orders.webshop", dns.TypeA) // now nobody waits for servers that are silent
			if got := line(laptop.ask("git.infra", dns.TypeA)); got != "SERVFAIL" {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestTheLaptopsNameDoesNotWaitForTheCluster(t *testing.T) {
	laptop := newLaptop(t)
	laptop.cluster.rewriteWith(func(*dns.Msg, string) *dns.Msg { return nil })
	laptop.upstream.set("git.infra.", "git.infra. 300 IN A 192.0.2.20")
	started := time.Now()
	if got := line(laptop.ask("git.infra", dns.TypeA)); got != "NOERROR | git.infra. A 192.0.2.20" || time.Since(started) >= clusterTimeout {
		t.Errorf("got %s after %v", got, time.Since(started))
	}
}

// A name of the cluster exists for every type, and no word of the outside that it does not is handed on: what keeps
// it would not find the Service for hours.
func TestNamesOfTheClusterExistForEveryType(t *testing.T) {
	laptop := newLaptop(t)
	for _, name := range []string{"orders", "orders.webshop", "orders.webshop.svc", "orders.webshop.svc.cluster.local"} {
		for _, kind := range []uint16{
			dns.TypeMX, dns.TypeCAA, dns.TypeNAPTR, dns.TypeSSHFP, dns.TypeTLSA, dns.TypeLOC, dns.TypeAAAA, dns.TypeURI, dns.TypeNS, dns.TypeSOA,
			dns.TypeHTTPS, dns.TypeSVCB, dns.TypeDS, dns.TypeDNSKEY, dns.TypePTR, dns.TypeCNAME, 65280,
		} {
			response := laptop.ask(name, kind)
			if got := line(response); got != "NOERROR" {
				t.Errorf("%s %s: %s", name, dns.TypeToString[kind], got)
			}
			expectShortNegative(t, name, response)
		}
	}
	for _, name := range []string{"nothing", "nothing.webshop", "nothing.webshop.svc"} {
		for _, kind := range []uint16{
			dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeCAA, dns.TypeHTTPS, dns.TypeSRV, dns.TypeTXT, dns.TypeANY, dns.TypeNS, dns.TypeDS,
		} {
			response := laptop.ask(name, kind)
			if got := line(response); got != "NXDOMAIN" {
				t.Errorf("%s %s: %s", name, dns.TypeToString[kind], got)
			}
			expectShortNegative(t, name, response)
		}
	}
}

func expectShortNegative(t *testing.T, name string, response *dns.Msg) {
	t.Helper()
	ttl, ok := negativeTTL(response.Ns)
	if !ok || ttl > 5 || len(response.Ns) != 1 {
		t.Errorf("%s is missing for %d s: %v", name, ttl, response.Ns)
	}
	if zone := response.Ns[0].Header().Name; !dns.IsSubDomain(zone, dns.Fqdn(name)) {
		t.Errorf("%s is missing by the word of %s", name, zone)
	}
}

func TestAServiceThatIsMadeAfterItWasAskedForIsFoundWithinSeconds(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	names := []string{"late", "late.webshop", "late.webshop.svc", "late.webshop.svc.cluster.local"}
	for _, name := range names {
		if got := line(laptop.ask(name, dns.TypeA)); got != "NXDOMAIN" {
			t.Errorf("%s before: %s", name, got)
		}
	}
	laptop.cluster.set("late.webshop.svc.cluster.local.", "late.webshop.svc.cluster.local. 30 IN A 10.96.10.77")
	clock.move(5 * time.Second)
	for _, name := range names {
		if got := line(laptop.ask(name, dns.TypeA)); !strings.HasSuffix(got, "A 10.96.10.77") {
			t.Errorf("%s after: %s", name, got)
		}
	}
}
