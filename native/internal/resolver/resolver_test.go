package resolver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"slipway/native/internal/domains"
	"slipway/native/internal/wire"
)

func TestEveryFormOfAName(t *testing.T) {
	laptop := newLaptop(t)
	const upstream, cluster = "upstream", "cluster"
	var raced []string
	for _, test := range []struct {
		name    string
		kind    uint16
		want    string
		askedOf string // who is asked; "" for nobody, "both", "race" where the laptop's answer may come before the cluster is asked
	}{
		{"orders.webshop.svc.cluster.local", dns.TypeA, "NOERROR | orders.webshop.svc.cluster.local. A 10.96.10.10", cluster},
		{"orders", dns.TypeA, "NOERROR | orders. A 10.96.10.10", ""},
		{"orders.webshop", dns.TypeA, "NOERROR | orders.webshop. A 10.96.10.10", upstream},
		{"orders.webshop.svc", dns.TypeA, "NOERROR | orders.webshop.svc. A 10.96.10.10", ""},
		{"10-244-1-5.webshop.pod.cluster.local", dns.TypeA, "NOERROR | 10-244-1-5.webshop.pod.cluster.local. A 10.244.1.5", cluster},
		{"10-244-1-5.webshop.pod", dns.TypeA, "NOERROR | 10-244-1-5.webshop.pod. A 10.244.1.5", ""},
		{"10-244-1-5.elsewhere.pod", dns.TypeA, "NXDOMAIN", upstream},
		{"wpad.webshop.pod", dns.TypeA, "NXDOMAIN", ""},
		{"ledger-0.ledger", dns.TypeA, "NOERROR | ledger-0.ledger. A 10.244.1.7", "both"},
		{"ledger-9.ledger", dns.TypeA, "NXDOMAIN", "both"},
		{"x.ledger-0.ledger", dns.TypeA, "NXDOMAIN", upstream},
		{"printer.queue", dns.TypeA, "NOERROR | printer.queue. A 192.0.2.9", "race"}, // the laptop's network knows it
		{"ledger-0.dev", dns.TypeA, "NXDOMAIN", upstream},                            // a headless Service called as a top-level domain captures nothing
		{"ledger-0.ledger.infra", dns.TypeA, "NOERROR | ledger-0.ledger.infra. A 10.244.1.5", "both"},
		{"ledger-0.ledger.infra.svc", dns.TypeA, "NOERROR | ledger-0.ledger.infra.svc. A 10.244.1.5", ""},
		{"ledger.infra", dns.TypeA, "NOERROR | ledger.infra. A 10.244.1.5 | ledger.infra. A 10.244.2.6", "both"},
		{"_http._tcp.orders.webshop", dns.TypeSRV, "NOERROR | _http._tcp.orders.webshop. SRV 0 100 80 orders.webshop.svc.cluster.local.", "both"},
		{"orders.webshop", dns.TypeTXT, `NOERROR | orders.webshop. TXT "orders"`, cluster},
		{"orders.webshop", dns.TypeSRV, "NOERROR", cluster},
		{"10.10.96.10.in-addr.arpa", dns.TypePTR, "NOERROR | 10.10.96.10.in-addr.arpa. PTR orders.webshop.svc.cluster.local.", cluster},
		{"9.2.0.192.in-addr.arpa", dns.TypePTR, "NOERROR | 9.2.0.192.in-addr.arpa. PTR host.example.test.", upstream},
		{"nothing.webshop.svc.cluster.local", dns.TypeA, "NXDOMAIN", cluster},
		{"nothing.webshop.svc", dns.TypeA, "NXDOMAIN", ""},
		{"nothing.webshop", dns.TypeA, "NXDOMAIN", upstream}, // the cluster's answer is kept from the line before
		{"printer.webshop", dns.TypeA, "NOERROR | printer.webshop. A 192.0.2.7", "race"},
		{"www.example.test.webshop.svc.cluster.local", dns.TypeA, "NXDOMAIN", cluster},
		{"www.example.test.webshop.svc.cluster.local", dns.TypeAAAA, "NXDOMAIN", ""},
		{"www.example.test", dns.TypeA, "NOERROR | www.example.test. A 203.0.113.5", upstream},
		{"www.example.test", dns.TypeAAAA, "NOERROR | www.example.test. AAAA 2001:db8::5", upstream},
		{"www.example.test", dns.TypeHTTPS, `NOERROR | www.example.test. HTTPS 1 . alpn="h2"`, upstream},
		// dev is a namespace and a top-level domain; test is one and set aside.
		{"x.dev", dns.TypeA, "NOERROR | x.dev. A 203.0.113.9", upstream},
		{"api.dev", dns.TypeA, "NXDOMAIN", upstream},
		{"api.dev.svc", dns.TypeA, "NOERROR | api.dev.svc. A 10.96.10.11", cluster},
		{"api.test", dns.TypeA, "NXDOMAIN", upstream},
		{"orders.elsewhere", dns.TypeA, "NXDOMAIN", upstream},
		{"orders.elsewhere.svc", dns.TypeA, "NXDOMAIN", upstream},
		{"webshop", dns.TypeNS, "NXDOMAIN", "both"},
		{"use-application-dns.net", dns.TypeA, "NOERROR | use-application-dns.net. A 203.0.113.53", upstream},
		{"wpad.webshop.svc.cluster.local", dns.TypeA, "NXDOMAIN", ""},
		{"wpad.cluster.local", dns.TypeA, "NXDOMAIN", ""},
		{"wpad.webshop.svc", dns.TypeA, "NXDOMAIN", ""},
		{"wpad.webshop", dns.TypeA, "NOERROR | wpad.webshop. A 192.0.2.8", upstream},
		{"wpad", dns.TypeA, "NOERROR | wpad. A 192.0.2.8", upstream},
	} {
		t.Run(test.name+" "+dns.TypeToString[test.kind], func(t *testing.T) {
			laptop.cluster.questions()
			laptop.upstream.questions()
			if got := line(laptop.ask(test.name, test.kind)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			// The question of a race that the laptop won may reach the cluster at any later time.
			ofCluster := slices.DeleteFunc(laptop.cluster.questions(), func(question string) bool {
				_, name, _ := strings.Cut(question, " ")
				return slices.ContainsFunc(raced, func(earlier string) bool { return strings.HasPrefix(name, earlier+".") })
			})
			if test.askedOf == "race" {
				raced = append(raced, test.name)
			}
			asked := map[string]bool{cluster: len(ofCluster) > 0, upstream: len(laptop.upstream.questions()) > 0}
			for who, was := range asked {
				if test.askedOf == "race" && who == cluster {
					continue
				}
				if should := test.askedOf == who || test.askedOf == "both" || test.askedOf == "race"; was != should {
					t.Errorf("%s was asked: %v, want %v", who, was, should)
				}
			}
		})
	}
}

func TestWithoutIPv6InTheClusterNobodyWaitsForIt(t *testing.T) {
	laptop := newLaptop(t)
	for _, kind := range []uint16{dns.TypeAAAA, dns.TypeHTTPS, dns.TypeSVCB} {
		response := laptop.ask("orders.webshop.svc.cluster.local", kind)
		if line(response) != "NOERROR" || len(response.Ns) != 1 || response.Ns[0].Header().Rrtype != dns.TypeSOA {
			t.Errorf("type %d: %v", kind, response)
		}
		if got := line(laptop.ask("nothing.webshop.svc.cluster.local", kind)); got != "NXDOMAIN" {
			t.Errorf("type %d of what is not there: %s", kind, got)
		}
	}
	if asked := laptop.cluster.questions(); len(asked) != 2 || !strings.HasPrefix(asked[0], "A ") || !strings.HasPrefix(asked[1], "A ") {
		t.Errorf("the cluster was asked %v", asked)
	}
	laptop.change(func(inputs *Inputs) { inputs.Routed = []netip.Prefix{netip.MustParsePrefix("fd00:10:96::/112")} })
	laptop.cluster.set("orders.webshop.svc.cluster.local.", "orders.webshop.svc.cluster.local. 5 IN AAAA fd00:10:96::a")
	if got := line(laptop.ask("orders.webshop", dns.TypeAAAA)); got != "NOERROR | orders.webshop. AAAA fd00:10:96::a" {
		t.Errorf("with an IPv6 range: %s", got)
	}
	laptop.cluster.questions()
	laptop.ask("a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa", dns.TypePTR)
	if asked := laptop.cluster.questions(); len(asked) != 1 {
		t.Errorf("a routed IPv6 address was not looked up in the cluster: %v", asked)
	}
}

func TestExternalNamesLeadToTheWorldAsTheLaptopSeesIt(t *testing.T) {
	laptop := newLaptop(t)
	for _, test := range []struct {
		name string
		kind uint16
		want string
	}{
		// The cluster's own 192.0.2.66 for www.example.test is not believed.
		{"outside.infra", dns.TypeA, "NOERROR | outside.infra. CNAME www.example.test. | www.example.test. A 203.0.113.5"},
		{"outside.infra", dns.TypeAAAA, "NOERROR | outside.infra. CNAME www.example.test. | www.example.test. AAAA 2001:db8::5"},
		{"outside.infra", dns.TypeCNAME, "NOERROR | outside.infra. CNAME www.example.test."},
		{"inside.infra.svc.cluster.local", dns.TypeA, "NOERROR | inside.infra.svc.cluster.local. CNAME orders.webshop.svc.cluster.local. | orders.webshop.svc.cluster.local. A 10.96.10.10"},
		{"inside.infra", dns.TypeAAAA, "NOERROR | inside.infra. CNAME orders.webshop.svc.cluster.local."},
		// An address in the routed ranges is the cluster's to give, but under its own name.
		{"private.infra", dns.TypeA, "NOERROR | private.infra. A 10.244.9.9"},
		{"private.infra", dns.TypeAAAA, "NOERROR"},
		// A name that only the cluster's own network knows.
		{"vpc.infra", dns.TypeA, "NOERROR | vpc.infra. A 172.31.0.9"},
		{"vpc.infra", dns.TypeAAAA, "NOERROR"},
	} {
		if got := line(laptop.ask(test.name, test.kind)); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.name, dns.TypeToString[test.kind], got, test.want)
		}
	}
	laptop.cluster.set("gone.infra.svc.cluster.local.", "gone.infra.svc.cluster.local. 5 IN CNAME nowhere.example.test.")
	if got := line(laptop.ask("gone.infra.svc", dns.TypeA)); got != "NXDOMAIN | gone.infra.svc. CNAME nowhere.example.test." {
		t.Errorf("an ExternalName that leads nowhere: %s", got)
	}
}

func TestTheClusterCannotAnswerForOthers(t *testing.T) {
	laptop := newLaptop(t)
	record := func(text string) dns.RR {
		parsed, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		response.Answer = append(response.Answer,
			record("www.example.test. 300 IN A 192.0.2.66"), record("other.webshop.svc.cluster.local. 300 IN A 192.0.2.67"),
			record(response.Question[0].Name+" 300 IN A 127.0.0.1"), record(response.Question[0].Name+" 300 IN A 169.254.169.254"))
		response.Ns = append(response.Ns, record("test. 300 IN NS evil.cluster.local."))
		response.Extra = append(response.Extra, record("www.example.test. 300 IN A 192.0.2.66"))
		return response
	})
	response := laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA)
	if got := line(response); got != "NOERROR | orders.webshop.svc.cluster.local. A 10.96.10.10" || len(response.Ns)+len(response.Extra) != 0 {
		t.Errorf("what others own came through: %v", response)
	}
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		response.Question[0].Name = "www.example.test."
		response.Answer = []dns.RR{record("www.example.test. 300 IN A 192.0.2.66")}
		return response
	})
	if got := line(laptop.ask("ledger.infra.svc.cluster.local", dns.TypeA)); got != "SERVFAIL" {
		t.Errorf("an answer to another question: %s", got)
	}
	if got := line(laptop.ask("www.example.test", dns.TypeA)); got != "NOERROR | www.example.test. A 203.0.113.5" {
		t.Errorf("the outside name became %s", got)
	}
}

func TestDomainsThatTheClusterMayNotClaim(t *testing.T) {
	for domain, want := range map[string]string{
		"com": "", "co.uk": "", "local": "", "dev": "", "": "", "under_score.local": "", ".": "", "k8s": "k8s.",
		"cluster.local": "cluster.local.", "Cluster.Local.": "cluster.local.", "k8s.internal": "svc.k8s.internal. pod.k8s.internal.",
		"google.com":     "svc.google.com. pod.google.com.",
		"googleapis.com": "svc.googleapis.com. pod.googleapis.com.",
		"example.test":   "svc.example.test. pod.example.test.", // the laptop's own search domain is office.example.test
	} {
		resolver := New(Config{})
		resolver.Set(Inputs{Domain: domain, HostDomains: []string{"office.example.test"}})
		if got := strings.Join(resolver.plan.Load().zones, " "); got != want {
			t.Errorf("%q may claim %q, want %q", domain, got, want)
		}
	}
}

func TestTheUsersWordIsForTheDomainThatTheClusterHas(t *testing.T) {
	for granted, want := range map[string]string{
		"k8s.example.com": "k8s.example.com.", "K8s.Example.com.": "k8s.example.com.",
		"": "svc.k8s.example.com. pod.k8s.example.com.", "example.com": "svc.k8s.example.com. pod.k8s.example.com.",
		"com": "svc.k8s.example.com. pod.k8s.example.com.", "x.k8s.example.com": "svc.k8s.example.com. pod.k8s.example.com.",
	} {
		resolver := New(Config{})
		resolver.Set(Inputs{Domain: "k8s.example.com", Scope: wire.NameScope{Granted: granted}})
		if got := strings.Join(resolver.plan.Load().zones, " "); got != want {
			t.Errorf("by the word for %q it may claim %q, want %q", granted, got, want)
		}
	}
}

func TestNamesForTheSystemsSplitDNS(t *testing.T) {
	laptop := newLaptop(t)
	domains, search, _ := laptop.Names()
	if got, want := fmt.Sprint(domains), "[cluster.local svc pod webshop infra ledger queue]"; got != want {
		t.Errorf("domains %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(search), "[webshop.svc.cluster.local svc.cluster.local cluster.local]"; got != want {
		t.Errorf("search %s, want %s", got, want)
	}
}

func TestANamespaceCannotTakeTheLaptopsOwnDomain(t *testing.T) {
	laptop := newLaptop(t)
	laptop.cluster.set("printer.webshop.svc.cluster.local.", "printer.webshop.svc.cluster.local. 5 IN A 10.96.66.66")
	laptop.change(func(inputs *Inputs) { inputs.HostDomains = []string{"Office.WebShop"} })
	for name, want := range map[string]string{
		"printer.webshop": "NOERROR | printer.webshop. A 192.0.2.7", "printer.webshop.svc": "NOERROR | printer.webshop.svc. A 10.96.66.66",
	} {
		if got := line(laptop.ask(name, dns.TypeA)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if domains, _, _ := laptop.Names(); slices.Contains(domains, "webshop") {
		t.Errorf("the system's resolver would be told %v", domains)
	}
}

func TestAHeadlessServiceCannotTakeTheLaptopsOwnDomain(t *testing.T) {
	laptop := newLaptop(t)
	laptop.change(func(inputs *Inputs) { inputs.HostDomains = []string{"office.ledger"} })
	if got := line(laptop.ask("ledger-0.ledger", dns.TypeA)); got != "NXDOMAIN" {
		t.Errorf("got %s", got)
	}
	if routed, _, _ := laptop.Names(); slices.Contains(routed, "ledger") {
		t.Errorf("the system's resolver would be told %v", routed)
	}
}

func TestAHeadlessServiceOfAnotherHomeCapturesNothing(t *testing.T) {
	laptop := newLaptop(t)
	laptop.change(func(inputs *Inputs) { inputs.Scope.HomeNamespace, inputs.Scope.Headless = "", nil })
	if got := line(laptop.ask("ledger-0.ledger", dns.TypeA)); got != "NXDOMAIN" {
		t.Errorf("got %s", got)
	}
}

func TestTheSpellingOfTheQuestionComesBack(t *testing.T) {
	laptop := newLaptop(t)
	for _, name := range []string{"orders.webshop", "oRdErS.WebShop", "ORDERS.webshop.svc.Cluster.LOCAL", "Www.Example.Test"} {
		response := laptop.ask(name, dns.TypeA)
		if len(response.Answer) != 1 || response.Answer[0].Header().Name != name+"." {
			t.Errorf("asked %s, got %v", name, response.Answer)
		}
	}
	if asked := laptop.cluster.questions(); len(asked) != 1 {
		t.Errorf("spellings are asked apart: %v", asked)
	}
}

func TestMessagesThatAreNoQuestions(t *testing.T) {
	laptop := newLaptop(t)
	update := new(dns.Msg).SetUpdate("cluster.local.")
	chaos := query("version.cluster.local", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	version := query("orders.webshop", dns.TypeA)
	version.SetEdns0(1232, false)
	version.IsEdns0().SetVersion(1)
	two := query("orders.webshop", dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	for _, test := range []struct {
		request *dns.Msg
		want    int
	}{
		{update, dns.RcodeNotImplemented}, {chaos, dns.RcodeRefused}, {version, dns.RcodeBadVers}, {two, dns.RcodeFormatError},
		{new(dns.Msg), dns.RcodeFormatError}, {query("cluster.local", dns.TypeAXFR), dns.RcodeRefused},
	} {
		if response := laptop.Answer(t.Context(), test.request); response.Rcode != test.want {
			t.Errorf("%v: %s, want %s", test.request.Question, dns.RcodeToString[response.Rcode], dns.RcodeToString[test.want])
		}
	}
	if laptop.Answer(t.Context(), new(dns.Msg).SetReply(query("orders.webshop", dns.TypeA))) != nil {
		t.Error("a response was answered")
	}
	if asked := slices.Concat(laptop.cluster.questions(), laptop.upstream.questions()); len(asked) != 0 {
		t.Errorf("somebody was asked %v", asked)
	}
}

func TestFurtherDomainsOfTheUsersWord(t *testing.T) {
	for _, row := range []struct {
		extra   string
		laptop  []string // its own domains
		name    string
		isTaken bool
		reason  string
	}{
		{"consul", nil, "db.service.consul", true, ""},
		{"Consul", nil, "consul", true, ""},
		{"db.example.com", nil, "one.db.example.com", true, ""}, // somebody's, but the user says so
		{"db.internal", nil, "one.db.internal", true, ""},
		{"corp", nil, "wiki.corp", true, ""},
		{"db.office.example.com", []string{"office.example.com"}, "one.db.office.example.com", true, ""},
		{"office.example.com", []string{"office.example.com"}, "one.office.example.com", false, domains.ReasonLaptop},
		{"example.com", []string{"office.example.com"}, "one.example.com", false, domains.ReasonLaptop},
		{"com", nil, "www.example.com", false, domains.ReasonPublicSuffix},
		{"co.uk", nil, "www.example.co.uk", false, domains.ReasonPublicSuffix},
		{"localhost", nil, "a.localhost", false, domains.ReasonSpecialUse},
		{"-no", nil, "a.-no", false, domains.ReasonMalformed},
		{"consul", nil, "consulate", false, ""}, // not below it
	} {
		t.Run(row.extra+" "+row.name, func(t *testing.T) {
			laptop := newLaptop(t)
			full := dns.Fqdn(row.name)
			laptop.cluster.set(full, full+" 300 IN A 10.96.10.50")
			laptop.upstream.set(full, full+" 300 IN A 192.0.2.50")
			laptop.change(func(inputs *Inputs) {
				inputs.Scope.Extra, inputs.HostDomains = []string{row.extra}, append(inputs.HostDomains, row.laptop...)
			})
			expected := "NOERROR | " + full + " A 192.0.2.50"
			if row.isTaken {
				expected = "NOERROR | " + full + " A 10.96.10.50"
			}
			if got := line(laptop.ask(row.name, dns.TypeA)); got != expected {
				t.Errorf("got %s, expected %s", got, expected)
			}
			routing, _, refused := laptop.Names()
			if slices.Contains(routing, strings.ToLower(row.extra)) != (row.isTaken || row.reason == "") {
				t.Errorf("routed: %v", routing)
			}
			told := slices.ContainsFunc(refused, func(refusal wire.NameRefusal) bool {
				return refusal.Reason == row.reason && !refusal.Grantable
			})
			if row.reason != "" && !told {
				t.Errorf("refused: %v, expected %s", refused, row.reason)
			}
		})
	}
}
