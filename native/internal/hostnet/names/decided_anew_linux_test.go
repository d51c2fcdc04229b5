package names

import (
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// wantedWhole is what a client asks for whose user gave the word for the cluster's whole domain.
var wantedWhole = wire.NamesInput{
	Resolver: "198.18.0.3", Domains: []string{"k8s.example.com", "svc", "webshop"}, Search: []string{"svc.k8s.example.com", "k8s.example.com"},
	Granted: "k8s.example.com",
}

func TestAnotherSearchListTakesNamesAwayAndGivesThemBack(t *testing.T) {
	laptoptest.Reset(t)
	write(t, resolvConfPath, "nameserver 192.168.77.1\nsearch office.example.org\n")
	keeper := newKept()
	if inForce, err := keeper.Set(1, wantedWhole); err != nil || strings.Join(inForce.Search, " ") != "svc.k8s.example.com k8s.example.com office.example.org" {
		t.Fatalf("%+v, %v", inForce, err)
	}
	for _, test := range []struct{ theirs, ours string }{
		{"lab.k8s.example.com", "search svc.k8s.example.com lab.k8s.example.com\n"}, // a VPN came
		{"eu.svc.k8s.example.com", "search eu.svc.k8s.example.com\n"},
		{"office.example.org", "search svc.k8s.example.com k8s.example.com office.example.org\n"}, // and went
	} {
		write(t, resolvConfPath, "nameserver 192.168.77.1\nsearch "+test.theirs+"\n")
		if done, err := keeper.Again(false); !done || err != nil {
			t.Fatalf("%v %v", done, err)
		}
		if content := read(t); !strings.Contains(content, test.ours) {
			t.Errorf("beside %s: %s", test.theirs, content)
		}
	}
	if done, err := keeper.Again(false); done || err != nil {
		t.Errorf("nothing changed: %v %v", done, err)
	}
	keeper.undo(t)
}

func TestTheLaptopsOwnNameIsADomainOfItsOwn(t *testing.T) {
	laptoptest.Reset(t)
	name := shortName(t)
	write(t, resolvConfPath, "nameserver 192.168.77.1\n")
	write(t, hostsPath, "127.0.0.1 localhost\n127.0.1.1 "+name+".k8s.example.com "+name+"\n")
	keeper := newKept()
	inForce, err := keeper.Set(1, wantedWhole)
	if err != nil || strings.Join(inForce.Search, " ") != "svc.k8s.example.com" {
		t.Errorf("%+v, %v", inForce, err)
	}
	if !slices.Contains(inForce.Refused, wire.NameRefusal{Name: "k8s.example.com", Reason: "laptop-domain", Conflict: "k8s.example.com"}) {
		t.Errorf("refused %+v", inForce.Refused)
	}
	keeper.undo(t)
}

func TestARoutingDomainOfAnotherLinkStaysTheLaptops(t *testing.T) {
	for name, start := range resolvers(t) {
		t.Run(name, func(t *testing.T) {
			_, link := useResolved(t, start)
			keeper := NewKeeper(func(journal.Entry) error { return nil }, func() {})
			defer keeper.Forget()
			if inForce, err := keeper.Set(link, wantedWhole); err != nil || len(inForce.Refused) != 0 {
				t.Fatalf("%+v, %v", inForce, err)
			}
			const whole = "198.18.0.3 k8s.example.com svc.k8s.example.com ~svc ~webshop"
			if got := settings(t, link); got != whole {
				t.Errorf("resolved has %q", got)
			}
			vpn := func(domains ...linkDomain) {
				bus := waitForResolved(t)
				defer bus.close()
				if err := bus.call("SetLinkDomains", int32(laptoptest.Index(t, laptoptest.Interface)), domains); err != nil {
					t.Fatal(err)
				}
				if done, err := keeper.Again(false); !done || err != nil {
					t.Fatalf("%v %v", done, err)
				}
			}
			vpn(linkDomain{"corp.k8s.example.com", true}, linkDomain{"git.webshop", true}, linkDomain{".", true})
			if got := settings(t, link); got != "198.18.0.3 svc.k8s.example.com ~svc" {
				t.Errorf("beside the VPN's routing domains resolved has %q", got)
			}
			if found, err := keeper.Inspect(); err != nil || !slices.Contains(found.Domains, "git.webshop") || slices.Contains(found.Domains, "svc") {
				t.Errorf("the laptop's own domains: %+v, %v", found, err)
			}
			vpn()
			if got := settings(t, link); got != whole {
				t.Errorf("without it again %q", got)
			}
		})
	}
}

func shortName(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	short, _, _ := strings.Cut(name, ".")
	return short
}
