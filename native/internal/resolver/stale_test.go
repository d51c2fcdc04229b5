package resolver

import (
	"testing"
	"time"

	"github.com/miekg/dns"
)

// failures are ways in which the cluster cannot be asked, for a laptop that asked it before.
var failures = map[string]func(*laptop){
	"the tunnel is down": func(laptop *laptop) { laptop.tunnel(false) },
	"its nameserver fails": func(laptop *laptop) {
		laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode, response.Answer = dns.RcodeServerFailure, nil
			return response
		})
	},
	"its nameserver refuses": func(laptop *laptop) {
		laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode, response.Answer = dns.RcodeRefused, nil
			return response
		})
	},
	"its nameserver is silent": func(laptop *laptop) {
		laptop.cluster.rewriteWith(func(*dns.Msg, string) *dns.Msg { return nil })
	},
}

func TestANameThatWasThereIsToldWhileTheClusterCannotBeAsked(t *testing.T) {
	for what, fails := range failures {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			laptop := newLaptop(t)
			clock := stop(laptop)
			names := map[string]string{
				"orders.webshop.svc.cluster.local": "NOERROR | orders.webshop.svc.cluster.local. A 10.96.10.10",
				"orders.webshop":                   "NOERROR | orders.webshop. A 10.96.10.10",
				"orders":                           "NOERROR | orders. A 10.96.10.10",
			}
			for name := range names {
				laptop.ask(name, dns.TypeA)
			}
			clock.move(maxClusterTTL * time.Second)
			fails(laptop)
			laptop.upstream.questions()
			for name, want := range names {
				response := laptop.ask(name, dns.TypeA)
				if got := line(response); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
				for _, record := range response.Answer {
					if record.Header().Ttl != 0 {
						t.Errorf("%s may be kept for %d s", name, record.Header().Ttl)
					}
				}
			}
			clock.move(staleFor)
			if response := laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA); response.Rcode != dns.RcodeServerFailure && response.Rcode != dns.RcodeRefused {
				t.Errorf("long after: %s", line(response))
			}
		})
	}
}

func TestWhatIsNoLongerThereIsNotToldAgain(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA)
	laptop.ask("nothing.webshop.svc.cluster.local", dns.TypeA)
	clock.move(maxClusterTTL * time.Second)
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		response.Rcode, response.Answer = dns.RcodeNameError, nil
		return response
	})
	if got := line(laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA)); got != "NXDOMAIN" {
		t.Errorf("the nameserver says that it is gone: %s", got)
	}
	clock.move(maxClusterTTL * time.Second)
	laptop.tunnel(false)
	for _, name := range []string{"orders.webshop.svc.cluster.local", "nothing.webshop.svc.cluster.local"} {
		if got := line(laptop.ask(name, dns.TypeA)); got != "SERVFAIL" {
			t.Errorf("%s with the tunnel down: %s", name, got)
		}
	}
}

func TestAnotherAgentsAnswersAreNotTold(t *testing.T) {
	laptop := newLaptop(t)
	laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA)
	laptop.change(func(inputs *Inputs) { inputs.Agent, inputs.ClusterUp = inputs.Agent+1, false })
	if got := line(laptop.ask("orders.webshop.svc.cluster.local", dns.TypeA)); got != "SERVFAIL" {
		t.Errorf("got %s", got)
	}
}
