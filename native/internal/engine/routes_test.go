//go:build linux

package engine

import (
	"slices"
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
	if told := core.await(wire.EventRoutes).Routes.Decisions; !slices.Equal(told, office.Decisions) {
		t.Errorf("told %+v", told)
	}
	core.await(wire.EventNames)
	if slices.Contains(laptop.reverse(), zone) {
		t.Errorf("a withdrawn range has a reverse zone: %v", laptop.reverse())
	}

	laptop.routes <- whole
	if told := core.await(wire.EventRoutes).Routes.Decisions; !slices.Equal(told, whole.Decisions) {
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
