package resolver

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// clock stands still until it is moved.
type clock struct{ offset atomic.Int64 }

func stop(laptop *laptop) *clock {
	result := &clock{}
	start := time.Now()
	laptop.cache.now = func() time.Time { return start.Add(time.Duration(result.offset.Load())) }
	return result
}

func (clock *clock) move(by time.Duration) { clock.offset.Add(int64(by)) }

func TestAnswersAreKeptForTheirTimeAndGrowOlder(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	for _, test := range []struct {
		name   string
		server *nameserver
		ttl    time.Duration
	}{
		{"orders.webshop.svc", laptop.cluster, 5 * time.Second},
		{"www.example.test", laptop.upstream, 300 * time.Second},
	} {
		laptop.ask(test.name, dns.TypeA)
		clock.move(test.ttl - 2*time.Second)
		if answer := laptop.ask(test.name, dns.TypeA).Answer; len(answer) != 1 || answer[0].Header().Ttl != 2 {
			t.Errorf("%s, 2 s before its end: %v", test.name, answer)
		}
		if asked := test.server.questions(); len(asked) != 1 {
			t.Errorf("%s was asked %d times within its time", test.name, len(asked))
		}
		clock.move(2 * time.Second)
		laptop.ask(test.name, dns.TypeA)
		if asked := test.server.questions(); len(asked) != 1 {
			t.Errorf("%s was asked %d times after its time", test.name, len(asked))
		}
	}
}

func TestWhatIsMissingIsKeptForHalfAMinuteAtMost(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	for name, server := range map[string]*nameserver{
		"late.webshop.svc.cluster.local": laptop.cluster, "late.example.test": laptop.upstream,
	} {
		for range 2 {
			if response := laptop.ask(name, dns.TypeA); response.Rcode != dns.RcodeNameError {
				t.Fatalf("%s: %v", name, response)
			}
		}
		if asked := server.questions(); len(asked) != 1 {
			t.Errorf("%s was asked %d times", name, len(asked))
		}
		server.set(name+".", name+". 30 IN A 10.96.0.77") // both zones' SOA would allow an hour
		clock.move(30 * time.Second)
		if got := line(laptop.ask(name, dns.TypeA)); got != "NOERROR | "+name+". A 10.96.0.77" {
			t.Errorf("%s after half a minute: %s", name, got)
		}
		server.questions()
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	laptop := newLaptop(t)
	for name, server := range map[string]*nameserver{"orders.webshop.svc": laptop.cluster, "www.example.test": laptop.upstream} {
		server.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode, response.Answer = dns.RcodeServerFailure, nil
			return response
		})
		if got := line(laptop.ask(name, dns.TypeA)); got != "SERVFAIL" {
			t.Errorf("%s: %s", name, got)
		}
		server.rewriteWith(nil)
		if got := line(laptop.ask(name, dns.TypeA)); !strings.HasPrefix(got, "NOERROR |") {
			t.Errorf("%s after the failure: %s", name, got)
		}
	}
}

func TestManyWhoAskTheSameWaitForOneExchange(t *testing.T) {
	laptop := newLaptop(t)
	release := make(chan struct{})
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		<-release
		return response
	})
	var waiting sync.WaitGroup
	started := make(chan struct{}, 50)
	for index := range 50 {
		waiting.Go(func() {
			name := []string{"orders.webshop", "orders", "ORDERS.webshop.svc.cluster.local"}[index%3]
			started <- struct{}{}
			if response := laptop.Answer(t.Context(), query(name, dns.TypeA)); len(response.Answer) != 1 {
				t.Errorf("%s: %v", name, response)
			}
		})
	}
	for range 50 {
		<-started
	}
	close(release)
	waiting.Wait()
	if asked := laptop.cluster.questions(); len(asked) != 1 {
		t.Errorf("the cluster was asked %d times", len(asked))
	}
}

func TestAnotherScopeOrClusterForgetsEverything(t *testing.T) {
	laptop := newLaptop(t)
	laptop.cluster.set("orders.infra.svc.cluster.local.", "orders.infra.svc.cluster.local. 30 IN A 10.96.10.99")
	laptop.ask("orders", dns.TypeA)
	laptop.change(func(inputs *Inputs) { inputs.Scope.HomeNamespace = "infra" })
	if got := line(laptop.ask("orders", dns.TypeA)); got != "NOERROR | orders. A 10.96.10.99" {
		t.Errorf("the other home namespace: %s", got)
	}
	laptop.cluster.questions()
	laptop.change(func(inputs *Inputs) { inputs.Agent++ })
	laptop.ask("orders", dns.TypeA)
	if asked := laptop.cluster.questions(); len(asked) != 1 {
		t.Errorf("a new agent's cluster was not asked: %v", asked)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	laptop := newLaptop(t)
	for index := range cacheSize + 100 {
		key := cacheKey{name: fmt.Sprintf("%d.", index)}
		_, _, _ = laptop.cache.lookup(t.Context(), key, func() (*answer, error) { return &answer{keep: time.Hour}, nil })
	}
	if length := laptop.cache.kept.Len(); length != cacheSize {
		t.Errorf("%d answers are kept", length)
	}
}

func TestWhileTheTunnelIsDown(t *testing.T) {
	laptop := newLaptop(t)
	clock := stop(laptop)
	laptop.ask("orders.webshop", dns.TypeA)
	clock.move(maxClusterTTL*time.Second + staleFor)
	laptop.tunnel(false)
	laptop.cluster.questions()
	laptop.upstream.questions()
	for _, test := range []struct{ name, want string }{
		{"orders.webshop.svc.cluster.local", "SERVFAIL"}, {"nothing.webshop.svc.cluster.local", "SERVFAIL"},
		{"orders.webshop.svc", "SERVFAIL"}, {"10.10.96.10.in-addr.arpa", "SERVFAIL"},
		{"wpad.webshop.svc.cluster.local", "NXDOMAIN"},
		{"orders.webshop", "SERVFAIL"}, // known as the cluster's: the world is not asked
	} {
		if got := line(laptop.ask(test.name, dns.TypeA)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if asked := laptop.upstream.questions(); len(asked) != 0 {
		t.Errorf("the cluster's names leaked: %v", asked)
	}
	for _, test := range []struct{ name, want string }{
		{"www.example.test", "NOERROR | www.example.test. A 203.0.113.5"}, {"x.dev", "NOERROR | x.dev. A 203.0.113.9"},
		{"printer.webshop", "NOERROR | printer.webshop. A 192.0.2.7"}, {"missing.example.test", "NXDOMAIN"},
		{"payments.webshop", "SERVFAIL"}, // may be the cluster's: that nobody has it must not be kept
	} {
		if got := line(laptop.ask(test.name, dns.TypeA)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if asked := laptop.cluster.questions(); len(asked) != 0 {
		t.Errorf("the cluster was asked %v", asked)
	}
	request := query("orders.webshop.svc", dns.TypeA)
	request.SetEdns0(1232, false)
	if response := laptop.exchange("udp", request); !strings.Contains(response.String(), errClusterDown.Error()) {
		t.Errorf("nobody is told why: %v", response)
	}
	laptop.tunnel(true)
	if got := line(laptop.ask("orders.webshop.svc", dns.TypeA)); got != "NOERROR | orders.webshop.svc. A 10.96.10.10" {
		t.Errorf("up again: %s", got)
	}
}

func TestATunnelThatGoesDownEndsWhatIsAsked(t *testing.T) {
	laptop := newLaptop(t)
	asked := make(chan struct{}, 10)
	laptop.cluster.rewriteWith(func(*dns.Msg, string) *dns.Msg {
		asked <- struct{}{}
		return nil
	})
	answered := make(chan *dns.Msg)
	go func() { answered <- laptop.Answer(t.Context(), query("orders.webshop.svc", dns.TypeA)) }()
	<-asked
	laptop.tunnel(false)
	select {
	case response := <-answered:
		if response.Rcode != dns.RcodeServerFailure {
			t.Errorf("got %v", response)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the question hangs")
	}
}
