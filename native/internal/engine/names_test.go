//go:build linux

package engine

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/domains"
	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// The laptop's own domains come and go while connected (a VPN): what the cluster answers for is decided anew, and the
// user's word is heard.
func TestWhatTheClusterAnswersForFollowsTheLaptopAndTheUsersWord(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	ready := core.connected()
	if !slices.Contains(ready.Names.Refused, wire.NameRefusal{Name: "cluster.test", Reason: "special-use", Conflict: "test", Grantable: true}) {
		t.Errorf("refused at first: %+v", ready.Names.Refused)
	}
	scope := wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"webshop", "infra"}, Granted: "cluster.test"}
	vpn := wire.HostInspection{ResolverMode: "resolved", TunAvailable: true}
	for _, step := range []struct {
		what     string
		take     func()
		domains  []string
		refusals []wire.NameRefusal
	}{
		{"the word is given", func() { core.send(wire.EngineCommand{Command: wire.CommandScope, Scope: &scope}) },
			[]string{"cluster.test", "svc", "pod", "webshop", "infra"}, nil},
		{"a VPN comes", func() {
			vpn.Domains = []string{"lab.cluster.test", "office.webshop"}
			laptop.changes <- vpn
		}, []string{"svc.cluster.test", "pod.cluster.test", "svc", "pod", "infra"}, []wire.NameRefusal{
			{Name: "cluster.test", Reason: "laptop-domain", Conflict: "lab.cluster.test"},
			{Name: "webshop", Reason: "laptop-domain", Conflict: "office.webshop"},
		}},
		{"and goes", func() {
			vpn.Domains = nil
			laptop.changes <- vpn
		}, []string{"cluster.test", "svc", "pod", "webshop", "infra"}, nil},
		{"the word is taken back", func() {
			scope.Granted = ""
			core.send(wire.EngineCommand{Command: wire.CommandScope, Scope: &scope})
		}, []string{"svc.cluster.test", "pod.cluster.test", "svc", "pod", "webshop", "infra"}, []wire.NameRefusal{
			{Name: "cluster.test", Reason: "special-use", Conflict: "test", Grantable: true},
		}},
	} {
		step.take()
		told := core.awaitThat(wire.EventNames, func(event wire.EngineEvent) bool {
			return slices.Equal(event.Names.Domains, step.domains)
		}).Names
		if !slices.Equal(told.Refused, step.refusals) {
			t.Errorf("%s: refused %+v", step.what, told.Refused)
		}
		laptop.mutex.Lock()
		asked := laptop.names
		laptop.mutex.Unlock()
		if !slices.Equal(asked.Domains, step.domains) || asked.Granted != scope.Granted {
			t.Errorf("%s: the helper was asked for %v, by the word for %q", step.what, asked.Domains, asked.Granted)
		}
	}
}

// A cluster has as many namespaces as it likes, and calls them as it likes.
func TestThousandsOfNamespacesCostNoNames(t *testing.T) {
	answerer := resolver.New(resolver.Config{})
	inputs := resolver.Inputs{
		Domain: "cluster.local", Scope: wire.NameScope{HomeNamespace: "webshop"},
		Routed: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12"), netip.MustParsePrefix("10.244.0.0/16")},
	}
	for number := range 5000 {
		inputs.Scope.Namespaces = append(inputs.Scope.Namespaces, fmt.Sprintf("%060d", number)+"-ns")
	}
	for first := 'a'; first <= 'z'; first++ {
		for second := 'a'; second <= 'z'; second++ {
			inputs.Scope.Namespaces = append(inputs.Scope.Namespaces, string([]rune{first, second}))
		}
	}
	answerer.Set(inputs)
	input, refused := namesInput(answerer, netip.MustParseAddr("198.18.0.3"), inputs, inputs.Routed)
	if err := wire.WriteFrame(io.Discard, input, wire.MaxFrame); err != nil {
		t.Errorf("the helper cannot be asked: %v", err)
	}
	if !slices.Contains(input.Domains, "cluster.local") || !slices.Contains(input.Domains, "webshop") || len(input.Reverse) != 17 ||
		len(input.Domains)+len(input.Search)+len(input.Reverse) > domains.Max {
		t.Errorf("asked for %d domains, %d search domains, %d reverse zones", len(input.Domains), len(input.Search), len(input.Reverse))
	}
	event := namesEvent(input, refused, wire.NamesInForce{Mode: "resolved"})
	if last := event.Refused[len(event.Refused)-1]; len(event.Refused) != maxRefusals+1 || last.Reason != domains.ReasonTooMany {
		t.Errorf("%d refusals are told, the last is %+v", len(event.Refused), last)
	}
}

// Two clusters are on: the names of one are in force, and what the other asks for says so.
func TestNamesOfAnotherClusterInForce(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	scope := wire.NameScope{
		HomeNamespace: "webshop", Namespaces: []string{"webshop"}, Suffix: "one-cluster",
		Clusters: []wire.OtherCluster{{Suffix: "two-cluster", Resolver: "198.18.9.3", Ranges: []string{"100.64.0.0/24"}}},
	}
	for _, step := range []struct {
		what      string
		elsewhere bool
		mode      string
		domains   []string
		hasOthers bool // whether addresses of the other are asked here
	}{
		{"another cluster comes", false, "resolv-conf", []string{"svc.cluster.test", "pod.cluster.test", "one-cluster", "two-cluster", "svc", "pod", "webshop"}, true},
		{"its names are in force", true, wire.NamesElsewhere, []string{}, false},
		{"this one's are again", false, "resolv-conf", []string{"svc.cluster.test", "pod.cluster.test", "one-cluster", "two-cluster", "svc", "pod", "webshop"}, true},
	} {
		scope.NamesElsewhere = step.elsewhere
		sent := scope
		core.send(wire.EngineCommand{Command: wire.CommandScope, Scope: &sent})
		core.awaitThat(wire.EventNames, func(event wire.EngineEvent) bool {
			return event.Names.Mode == step.mode && slices.Equal(event.Names.Domains, step.domains)
		})
		laptop.mutex.Lock()
		asked := laptop.names
		laptop.mutex.Unlock()
		if asked.WayOnly != step.elsewhere || slices.Contains(asked.Reverse, "0.64.100.in-addr.arpa") != step.hasOthers {
			t.Errorf("%s: the helper was asked for %+v", step.what, asked)
		}
	}
}

// Whose names are in force changes while they are being put there, as the connection comes up.
func TestAScopeThatComesWhileNamesAreSet(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	var once sync.Once
	laptop.mutex.Lock()
	laptop.naming = func() {
		once.Do(func() {
			core.send(wire.EngineCommand{Command: wire.CommandScope, Scope: &wire.NameScope{HomeNamespace: "infra", Namespaces: []string{"infra"}, NamesElsewhere: true}})
			time.Sleep(100 * time.Millisecond) // so that it is there by then; where it comes later, it is a change as any other
		})
	}
	laptop.mutex.Unlock()
	if ready := core.connected(); ready.Names.Mode != wire.NamesElsewhere {
		t.Errorf("in force at last: %+v", ready.Names)
	}
}
