package agent

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"slipway/native/internal/wire"
)

func TestWantedAddressesAreGivenWhenFree(t *testing.T) {
	now := time.Unix(1000, 0)
	free := func(laptop, engine string) pair {
		return pair{netip.MustParseAddr(laptop), netip.MustParseAddr(engine)}
	}
	wanted := free("198.18.7.8", "198.18.7.9")
	all := newAddresses(10 * time.Minute)
	take := func(key publicKey, wanted pair, now time.Time) (pair, error) {
		taken, err := all.take(key, []pair{wanted}, now)
		if len(taken) != len(wire.AddressFamilies) {
			t.Fatalf("pairs of %d address families", len(taken))
		}
		return taken[0], err
	}
	first, second := publicKey{1}, publicKey{2}
	if got, err := take(first, wanted, now); err != nil || got != wanted {
		t.Fatalf("a free pair was wanted, %v given: %v", got, err)
	}
	if got, _ := take(second, wanted, now); got == wanted {
		t.Error("a pair in use was given")
	}
	all.release(first, []pair{wanted}, now)
	if got, _ := take(second, wanted, now.Add(9*time.Minute)); got == wanted {
		t.Error("a pair in quarantine was given to another")
	}
	if got, _ := take(first, wanted, now.Add(9*time.Minute)); got != wanted {
		t.Error("a pair in quarantine was refused to its last owner")
	}
	all.release(first, []pair{wanted}, now)
	if got, _ := take(second, wanted, now.Add(11*time.Minute)); got != wanted {
		t.Error("a pair after quarantine was refused")
	}
	for _, unfit := range []pair{
		free("198.18.0.1", "198.18.4.4"), free("198.18.4.4", "198.18.4.4"), free("10.0.0.1", "10.0.0.2"),
		free("::1", "198.18.4.4"), {},
	} {
		got, err := take(publicKey{3}, unfit, now)
		if err != nil || got == unfit || !wire.TunnelRange.Contains(got.laptop) || wire.ReservedRange.Contains(got.engine) {
			t.Errorf("%v was wanted, %v given: %v", unfit, got, err)
		}
	}
}

func TestRandomPairsLieInTheirRange(t *testing.T) {
	for _, text := range []string{"198.18.0.0/15", "10.0.0.0/30", "fd5c:1::/48", "fd5c:1::/124"} {
		inside := netip.MustParsePrefix(text)
		for range 200 {
			made, err := randomPair(inside)
			if err != nil || !inside.Contains(made.laptop) || !inside.Contains(made.engine) || made.laptop == made.engine {
				t.Fatalf("%v of %s: %v", made, inside, err)
			}
		}
	}
}

func TestParseResolvConf(t *testing.T) {
	for name, row := range map[string]struct {
		text     string
		expected wire.AgentFacts
	}{
		"kubelet": {
			"search team.svc.cluster.local svc.cluster.local cluster.local office.example\nnameserver 10.96.0.10\noptions ndots:5\n",
			wire.AgentFacts{
				Nameservers: []string{"10.96.0.10"}, ClusterDomain: "cluster.local",
				Search: []string{"team.svc.cluster.local", "svc.cluster.local", "cluster.local", "office.example"},
			},
		},
		"own domain, node-local cache, comments": {
			"# made by hand\nnameserver 169.254.20.10 ; node-local\nnameserver fd00::a\nsearch X.SVC.K8s.Example. svc.k8s.example.\n",
			wire.AgentFacts{
				Nameservers: []string{"169.254.20.10", "fd00::a"}, ClusterDomain: "k8s.example",
				Search: []string{"x.svc.k8s.example", "svc.k8s.example"},
			},
		},
		"only the namespace's domain": {
			"search team.svc.corp\n",
			wire.AgentFacts{Nameservers: []string{}, ClusterDomain: "corp", Search: []string{"team.svc.corp"}},
		},
		"not the cluster's": {
			"nameserver 192.0.2.1\ndomain office.example\n",
			wire.AgentFacts{Nameservers: []string{"192.0.2.1"}, Search: []string{"office.example"}},
		},
		"hostile": {
			"nameserver \x00\nnameserver 1.2.3\nsearch a..b -- ok.example \u00fcber.example " + string(make([]byte, 300)) + "\nnameserver\n",
			wire.AgentFacts{Nameservers: []string{}, Search: []string{"--", "ok.example"}},
		},
		"empty": {"", wire.AgentFacts{Nameservers: []string{}, Search: []string{}}},
	} {
		if got := ParseResolvConf(row.text); !reflect.DeepEqual(got, row.expected) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestParseMemoryLimit(t *testing.T) {
	for text, expected := range map[string]int64{"268435456\n": 256 << 20, "max\n": 0, "9223372036854771712\n": 0, "": 0, "-1": 0, "x": 0} {
		if got := parseMemoryLimit(text); got != expected {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestMemoryGauge(t *testing.T) {
	if NewMemoryGauge(0).Full() || NewMemoryGauge(1<<50).Full() {
		t.Error("memory is short without reason")
	}
	runtime.GC() // what lives is known after a collection
	if tiny := NewMemoryGauge(1000); !tiny.Full() || tiny.Excess() <= 0 {
		t.Error("a heap over its limit is not noticed")
	}
	if NewMemoryGauge(0).Excess() != 0 || NewMemoryGauge(1<<50).Excess() != 0 {
		t.Error("memory is dangerously short without reason")
	}
}

func TestSessionsFitTheMemory(t *testing.T) {
	for limit, want := range map[int64]int{0: 64, 16 << 20: 2, 256 << 20: 12, 8 << 30: 64} {
		if got := SessionsFor(limit); got != want {
			t.Errorf("%d MiB: %d sessions instead of %d", limit>>20, got, want)
		}
	}
}

func TestWhatNobodyReadsFitsTheMemory(t *testing.T) {
	for limit, want := range map[int64]int64{0: 64 << 20, 16 << 20: 4 << 20, 64 << 20: 8 << 20, 256 << 20: 32 << 20, 8 << 30: 64 << 20} {
		if got := UnreadFor(limit); got != want {
			t.Errorf("%d MiB: %d bytes unread instead of %d", limit>>20, got, want)
		}
	}
}

func FuzzParseResolvConf(f *testing.F) {
	f.Add("search a.svc.b svc.b b\nnameserver 10.0.0.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		facts := ParseResolvConf(text)
		if len(facts.Nameservers) > nameserversAtMost || len(facts.Search) > searchAtMost {
			t.Fatal("more than the limits")
		}
		if slices.ContainsFunc(facts.Search, func(name string) bool { return !isName(name) }) {
			t.Fatalf("search %q", facts.Search)
		}
		if facts.ClusterDomain != "" && !isName(facts.ClusterDomain) {
			t.Fatalf("cluster domain %q", facts.ClusterDomain)
		}
	})
}

func FuzzDecodeOpening(f *testing.F) {
	f.Add([]byte(`{"kind":"control","hello":{"protocol":2}}`))
	f.Add([]byte(`{"kind":"lane","session":"a","ticket":"b","lane":4}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		opening, err := decodeOpening(body)
		if err == nil && opening.Kind != "lane" && (opening.Kind != "control" || opening.Hello == nil) {
			t.Fatalf("decoded %+v", opening)
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	for _, request := range []wire.AgentRequest{
		{Request: "register", Register: &wire.Register{PublicKey: randomText(32), PresharedKey: wire.Secret(randomText(32)), OwnerSecret: wire.Secret(randomText(32)), WantedAddresses: []wire.SessionAddresses{{Laptop: "198.18.9.9"}}}},
		{Request: "renew", RenewOfKey: randomText(32)}, {Request: "leave"},
	} {
		body, err := json.Marshal(request)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := decodeRequest(body)
		if err == nil && request.kind != "leave" && request.key == (publicKey{}) {
			t.Fatalf("a %s without a key", request.kind)
		}
	})
}
