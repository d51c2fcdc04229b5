//go:build linux

package engine

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/wire"
)

// setFailing makes calls of the helper fail from now on, or no longer.
func (laptop *fakeLaptop) setFailing(call string, err error) {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	laptop.failing[call] = err
}

func (laptop *fakeLaptop) reverse() []string {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	return laptop.names.Reverse
}

func TestWithdrawnRangesAreToldAndNamesFollow(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	const zone = "0.244.10.in-addr.arpa"
	if !slices.Contains(laptop.reverse(), zone) {
		t.Fatalf("reverse zones: %v", laptop.reverse())
	}
	whole := decide(wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/24")})
	office := wire.RouteDecisions{Decisions: slices.Clone(whole.Decisions)}
	office.Decisions[1] = wire.RouteDecision{
		Prefix: "10.244.0.0/24", Decision: wire.DecisionRefused, Reason: "resolver", Conflict: "10.244.0.53",
	}

	laptop.routes <- office
	if told := core.await(wire.EventRoutes).Routes.Decisions; !reflect.DeepEqual(told, office.Decisions) {
		t.Errorf("told %+v", told)
	}
	core.await(wire.EventNames)
	if slices.Contains(laptop.reverse(), zone) {
		t.Errorf("a withdrawn range has a reverse zone: %v", laptop.reverse())
	}

	laptop.routes <- whole
	if told := core.await(wire.EventRoutes).Routes.Decisions; !reflect.DeepEqual(told, whole.Decisions) {
		t.Errorf("told %+v", told)
	}
	core.await(wire.EventNames)
	if !slices.Contains(laptop.reverse(), zone) {
		t.Errorf("a range that came back has no reverse zone: %v", laptop.reverse())
	}
}

func TestNamesAreOffWhileTheResolverCannotBeReached(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	whole := decide(wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/24")})

	laptop.setFailing("setNames", &wire.Problem{Code: wire.CodeRouteRefused, Cause: "198.18.0.3/32 is refused: other-route"})
	laptop.routes <- whole
	core.await(wire.EventRoutes)
	if names := core.await(wire.EventNames).Names; names.Mode != "off" || names.Problem == nil {
		t.Errorf("told %+v", names)
	}
	laptop.setFailing("setNames", nil)
	laptop.routes <- whole
	core.await(wire.EventRoutes)
	if names := core.await(wire.EventNames).Names; names.Mode == "off" || names.Problem != nil {
		t.Errorf("told %+v", names)
	}
}

// From another network the API server's name leads elsewhere, maybe into a routed range.
func TestOtherProtectedAddressesAreDecidedOn(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	protect := func(address string) {
		core.send(wire.EngineCommand{Command: wire.CommandProtect, Protect: &wire.ProtectCommand{Protected: []string{address}}})
	}
	protect("10.244.0.7")
	if told := core.await(wire.EventRoutes).Routes.Decisions; told[1].Reason != "protected" || !told[0].IsRouted() {
		t.Errorf("told %+v", told)
	}
	protect("203.0.113.7")
	if told := core.await(wire.EventRoutes).Routes.Decisions; !told[1].IsRouted() {
		t.Errorf("told %+v", told)
	}
}

// Whether a connection without any route is worth having is for the core to say.
func TestEveryRangeMayBeRefused(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.hello()
	core.prepare("192.168.0.0/16")
	core.connectTo("192.168.0.0/16")
	if ready := core.await(wire.EventReady).Ready; len(ready.Routes) != 1 || ready.Routes[0].IsRouted() {
		t.Errorf("routes: %+v", ready.Routes)
	}
}

// A VPN that comes keeps all but the cluster's hosts; what was cut is the laptop's, and its names are.
func TestNarrowedAndCutRangesHaveNoMoreThanIsInForce(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.hello()
	core.send(wire.EngineCommand{Command: wire.CommandHosts, Hosts: &wire.HostsInput{Whole: true, Add: []string{"10.96.0.10", "10.244.0.9"}}})
	core.prepare("10.96.0.0/16", "10.244.0.0/24")
	core.connect()
	core.await(wire.EventReady)
	decisions := []wire.RouteDecision{
		{Prefix: "10.96.0.0/16", Decision: wire.DecisionNarrowed, Reason: "other-route", Conflict: "10.0.0.0/8", Interface: "vpn0", Hosts: 1},
		{
			Prefix: "10.244.0.0/24", Decision: wire.DecisionCut, Reason: "own-subnet", Conflict: "10.244.0.128/25", Interface: "br0",
			Cuts: []wire.RouteCut{{Prefix: "10.244.0.128/25", Reason: "own-subnet", Conflict: "10.244.0.128/25", Interface: "br0"}},
		},
	}
	laptop.routes <- wire.RouteDecisions{Decisions: decisions}
	if told := core.await(wire.EventRoutes).Routes.Decisions; !reflect.DeepEqual(told, decisions) {
		t.Errorf("told %+v", told)
	}
	core.await(wire.EventNames)
	if zones := laptop.reverse(); slices.Contains(zones, "96.10.in-addr.arpa") || slices.Contains(zones, "0.244.10.in-addr.arpa") {
		t.Errorf("names of the VPN's and of the LAN's are the cluster's: %v", zones)
	}

	knows := func(address string) bool {
		laptop.mutex.Lock()
		defer laptop.mutex.Unlock()
		_, known := laptop.hosts.All()[netip.MustParseAddr(address)]
		return known
	}
	if !knows("10.96.0.10") || !knows("10.244.0.9") {
		t.Error("hosts were not told ahead")
	}
	more := slices.Clone(decisions)
	more[0].Hosts = 2
	laptop.mutex.Lock()
	laptop.decided.Decisions = more
	laptop.mutex.Unlock()
	core.send(wire.EngineCommand{Command: wire.CommandHosts, Hosts: &wire.HostsInput{Add: []string{"10.96.0.11", "10.96.0.12"}, Remove: []string{"10.96.0.10"}}})
	if told := core.await(wire.EventRoutes).Routes.Decisions; told[0].Hosts != 2 {
		t.Errorf("told %+v", told)
	}
	if knows("10.96.0.10") || !knows("10.96.0.11") {
		t.Error("hosts are not in step")
	}
}

func TestPartsInForce(t *testing.T) {
	hosts := map[netip.Addr]struct{}{}
	for _, address := range []string{"10.96.0.10", "10.96.0.11", "10.96.9.9", "10.244.0.9", "10.244.0.130"} {
		hosts[netip.MustParseAddr(address)] = struct{}{}
	}
	bridge := []wire.RouteCut{{Prefix: "10.244.0.128/25"}}
	vpn := []wire.RouteCut{{Prefix: "10.96.0.11/32"}}
	for _, check := range []struct {
		decision wire.RouteDecision
		parts    string
	}{
		{wire.RouteDecision{Prefix: "10.96.0.0/16", Decision: wire.DecisionRouted}, "10.96.0.0/16"},
		{wire.RouteDecision{Prefix: "10.96.0.0/16", Decision: wire.DecisionRefused}, ""},
		{wire.RouteDecision{Prefix: "10.244.0.0/24", Decision: wire.DecisionCut, Cuts: bridge}, "10.244.0.0/25"},
		{wire.RouteDecision{Prefix: "10.96.0.0/16", Decision: wire.DecisionNarrowed, Cuts: vpn}, "10.96.0.10/32 10.96.9.9/32"},
		{wire.RouteDecision{Prefix: "10.244.0.0/24", Decision: wire.DecisionNarrowed, Cuts: bridge}, "10.244.0.9/32"},
		{wire.RouteDecision{Prefix: "10.97.0.0/16", Decision: wire.DecisionNarrowed}, ""},
		{wire.RouteDecision{Prefix: "no prefix", Decision: wire.DecisionRouted}, ""},
	} {
		var texts []string
		for _, part := range partsOf(rangesOf([]wire.RouteDecision{check.decision}, hosts)) {
			texts = append(texts, part.String())
		}
		if got := strings.Join(texts, " "); got != check.parts {
			t.Errorf("%+v: %q", check.decision, got)
		}
	}
}
