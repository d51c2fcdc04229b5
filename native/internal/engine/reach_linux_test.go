package engine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

var reachTargets = wire.ReachTargets{
	Name: "kubernetes.default.svc.cluster.test", Services: []string{"10.96.0.20:80"}, Pods: []string{"10.244.0.5:80"},
}

// failing are the checks that failed, with their codes.
func failing(checks []wire.ReachCheck) (failed []string) {
	for _, check := range checks {
		if check.Problem != nil {
			failed = append(failed, check.Check+" "+check.Problem.Code)
		}
	}
	return slices.Compact(failed)
}

// awaitReach waits until exactly these checks fail.
func (world *world) awaitReach(t *testing.T, failed ...string) []wire.ReachCheck {
	t.Helper()
	var last []string
	deadline := time.After(patience)
	for {
		select {
		case event, ok := <-world.core.events:
			if !ok {
				t.Fatal("the engine ended")
			}
			if event.Event != wire.EventReach {
				continue
			}
			if last = failing(event.Reach.Checks); slices.Equal(last, failed) {
				return event.Reach.Checks
			}
		case <-deadline:
			t.Fatalf("not %q but %q at last", failed, last)
		}
	}
}

func (world *world) connectWithReach(t *testing.T) {
	t.Helper()
	world.connect(t)
	world.core.send(wire.EngineCommand{Command: wire.CommandReach, Reach: &reachTargets})
	for {
		checks := world.awaitReach(t)
		if !slices.ContainsFunc(checks, func(check wire.ReachCheck) bool { return check.State != wire.ReachPassed }) {
			return
		}
	}
}

func run(t *testing.T, name string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		laptoptest.Run(t, "ip", strings.Fields(strings.ReplaceAll(line, "NAME", name))...)
	}
}

// Whatever stops the laptop's programs is seen by what they use, the kernel's own way, named, and over when it goes.
func TestWhatStopsTheLaptopsPacketsIsNamed(t *testing.T) {
	world := newWorld(t)
	laptoptest.Run(t, "ip", "tuntap", "add", "vpn0", "mode", "tun")
	t.Cleanup(func() { laptoptest.Run(t, "ip", "link", "delete", "vpn0") })
	run(t, "", "link set vpn0 up", "route add default dev vpn0 table 100")
	world.connectWithReach(t)
	name := world.ready.Interface
	firewall := func(filter laptoptest.Filter) func(*testing.T) func() {
		filter.Interface = name
		return func(t *testing.T) func() { return laptoptest.Firewall(t, filter) }
	}
	ip := func(comes, goes string) func(*testing.T) func() {
		return func(t *testing.T) func() {
			run(t, name, comes)
			return func() { run(t, name, goes) }
		}
	}
	taken, dropped := "route route-taken", "firewall packets-dropped"
	for _, check := range []struct {
		name  string
		comes func(*testing.T) func()
		cause string
		fails []string
	}{
		{"a rule for all, without room for ours before it", ip("rule add lookup 100 pref 1", "rule del pref 1"), "leave by vpn0, because of a rule that comes first: 1: from all lookup 100", []string{taken}},
		{"a rule for a range", ip("rule add to 10.96.0.0/16 lookup 100 pref 5000", "rule del pref 5000"), "comes first: 5000: from all to 10.96.0.0/16 lookup 100", []string{taken}},
		{"a rule for one address in a range", ip("rule add to 10.96.7.7 lookup 100 pref 5000", "rule del pref 5000"), "packets to 10.96.7.7 leave by vpn0", []string{taken}},
		{"a rule for the user", ip("rule add uidrange 0-0 lookup 100 pref 5000", "rule del pref 5000"), "uidrange 0-0 lookup 100", []string{taken}},
		{"a rule by source", ip("rule add from 198.18.0.0/15 lookup 100 pref 5000", "rule del pref 5000"), "from 198.18.0.0/15 lookup 100", []string{taken}},
		{"a rule that prohibits", ip("rule add to 10.96.0.0/16 prohibit pref 5000", "rule del pref 5000"), "go nowhere", []string{taken}},
		{"what goes out dropped", firewall(laptoptest.Filter{}), "operation not permitted", []string{dropped}},
		{"what goes out rejected", firewall(laptoptest.Filter{Reject: true}), "a firewall rule for outgoing packets refuses", []string{dropped}},
		{"what comes in dropped", firewall(laptoptest.Filter{Input: true}), "answers do not reach programs", []string{dropped}},
		{"TCP alone dropped", firewall(laptoptest.Filter{Protocol: unix.IPPROTO_TCP}), "do not come out of " + name, []string{dropped}},
		{"questions for names alone dropped", firewall(laptoptest.Filter{Protocol: unix.IPPROTO_UDP, Port: 53}), "operation not permitted", []string{dropped}},
	} {
		t.Run(check.name, func(t *testing.T) {
			goes := sync.OnceFunc(check.comes(t))
			defer goes()
			started := time.Now()
			found := world.awaitReach(t, check.fails...)
			t.Logf("seen after %v", time.Since(started).Round(time.Millisecond))
			problem := firstProblem(found)
			isOfFilter := check.fails[0] == dropped
			if !strings.Contains(problem.Cause, check.cause) || strings.Contains(problem.Cause, "inet office chain (") != isOfFilter {
				t.Errorf("it says %q", problem.Cause)
			}
			goes()
			started = time.Now()
			world.awaitReach(t)
			t.Logf("over after %v", time.Since(started).Round(time.Millisecond))
		})
	}
}

// A rule that was there before is told with ready, names stay the laptop's own, and all is well when it goes.
func TestARuleBeforeConnectIsNamedAndOverWhenItGoes(t *testing.T) {
	world := newWorld(t)
	laptoptest.Run(t, "ip", "tuntap", "add", "vpn0", "mode", "tun")
	t.Cleanup(func() { laptoptest.Run(t, "ip", "link", "delete", "vpn0") })
	run(t, "", "link set vpn0 up", "route add default dev vpn0 table 100", "rule add lookup 100 pref 1")
	goes := sync.OnceFunc(func() { run(t, "", "rule del pref 1") })
	t.Cleanup(goes)
	world.connect(t)
	names := world.ready.Names
	if names.Mode != "off" || names.Problem == nil || !strings.HasSuffix(names.Problem.Cause, "elsewhere, by vpn0") {
		t.Errorf("names are %+v, %v", names, names.Problem)
	}
	if content, _ := os.ReadFile("/etc/resolv.conf"); string(content) != laptoptest.ResolvConf {
		t.Errorf("resolv.conf is\n%s", content)
	}
	found := world.awaitReach(t, "route route-taken")
	if cause := firstProblem(found).Cause; !strings.HasSuffix(cause, "1: from all lookup 100") {
		t.Errorf("it says %q", cause)
	}
	goes()
	world.core.awaitThat(wire.EventNames, func(event wire.EngineEvent) bool { return event.Names.Mode != "off" })
}

// A firewall that was there before ends connect with its own name, and nothing is left changed.
func TestAFirewallBeforeConnectIsNamed(t *testing.T) {
	world := newWorld(t)
	before := laptoptest.Snapshot(t)
	for name, filter := range map[string]laptoptest.Filter{
		"out": {Interface: "slipway0"}, "in": {Interface: "slipway0", Input: true}, "rejected": {Interface: "slipway0", Reject: true},
	} {
		t.Run(name, func(t *testing.T) {
			remove := laptoptest.Firewall(t, filter)
			world.begin(t)
			failed := world.core.await(wire.EventFailed).Failed
			if failed.Problem.Code != wire.CodePacketsDropped || failed.LeftOver != 0 {
				t.Errorf("it says %v", failed)
			}
			world.engine.end(syscall.SIGTERM)
			remove()
		})
	}
	laptoptest.ExpectSnapshot(t, before)
}

func TestADeletedInterfaceIsToldAsThat(t *testing.T) {
	world := newWorld(t)
	world.connectWithReach(t)
	laptoptest.Run(t, "ip", "link", "delete", world.ready.Interface)
	event := world.core.await(wire.EventHelperLost)
	if event.Problem.Code != wire.CodeInterfaceLost || event.Problem.Cause != "somebody deleted "+world.ready.Interface {
		t.Errorf("it says %v", event.Problem)
	}
}

// What stops the agent's packets in the cluster is told apart by what is silent together.
func TestWhatStopsTheAgentIsToldApart(t *testing.T) {
	world := newWorld(t)
	world.connectWithReach(t)
	node := world.node.command.Process.Pid
	for _, check := range []struct {
		name   string
		filter laptoptest.Filter
		fails  []string
	}{
		{"everything dropped", laptoptest.Filter{}, []string{
			"resolver agent-egress-blocked", "service agent-egress-blocked", "pod agent-egress-blocked",
		}},
		{"everything rejected", laptoptest.Filter{Reject: true}, []string{
			"resolver agent-egress-blocked", "service agent-egress-blocked", "pod agent-egress-blocked",
		}},
		{"port 53 dropped", laptoptest.Filter{Port: 53}, []string{"resolver cluster-dns-silent"}},
		{"port 53 of UDP dropped", laptoptest.Filter{Protocol: unix.IPPROTO_UDP, Port: 53}, []string{"resolver cluster-dns-silent"}},
	} {
		t.Run(check.name, func(t *testing.T) {
			check.filter.Process, check.filter.Interface = node, "a0"
			remove := laptoptest.Firewall(t, check.filter)
			started := time.Now()
			found := world.awaitReach(t, check.fails...)
			t.Logf("seen after %v: %v", time.Since(started).Round(time.Millisecond), firstProblem(found))
			if firstProblem(found).Facts["namespace"] != firstAgent.Namespace {
				t.Errorf("the namespace is not named: %v", firstProblem(found).Facts)
			}
			remove()
			started = time.Now()
			world.awaitReach(t)
			t.Logf("over after %v", time.Since(started).Round(time.Millisecond))
		})
	}
	for name, answer := range map[string]string{"servfail": "SERVFAIL", "refused": "REFUSED", "missing": "NXDOMAIN"} {
		t.Run("DNS answers "+answer, func(t *testing.T) {
			asking := reachTargets
			asking.Name = name + ".default.svc.cluster.test"
			world.core.send(wire.EngineCommand{Command: wire.CommandReach, Reach: &asking})
			found := world.awaitReach(t, "resolver cluster-dns-failing")
			if cause := firstProblem(found).Cause; !strings.HasSuffix(cause, "answered "+asking.Name+" with "+answer) {
				t.Errorf("it says %q", cause)
			}
			world.core.send(wire.EngineCommand{Command: wire.CommandReach, Reach: &reachTargets})
			world.awaitReach(t)
		})
	}
	t.Run("Services alone", func(t *testing.T) {
		inNode := fmt.Sprintf("nsenter -t %d -n ip route", node)
		laptoptest.Run(t, "sh", "-c", inNode+" replace blackhole 10.96.0.20/32")
		world.awaitReach(t, "service services-unreachable")
		laptoptest.Run(t, "sh", "-c", inNode+" del blackhole 10.96.0.20/32")
		world.awaitReach(t)
	})
}

func TestACheckOnDemandIsAnsweredWithEverything(t *testing.T) {
	world := newWorld(t)
	world.connectWithReach(t)
	world.core.send(wire.EngineCommand{Command: wire.CommandCheckReach, CheckReach: &wire.CheckReachCommand{ID: 7}})
	event := world.core.awaitThat(wire.EventReach, func(event wire.EngineEvent) bool { return event.Reach.ID == 7 })
	var names []string
	for _, check := range event.Reach.Checks {
		names = append(names, check.Check+" "+check.State)
	}
	if got := strings.Join(names, ", "); got != "interface passed, route passed, route passed, firewall passed, resolver passed, service passed, pod passed" {
		t.Errorf("it says %s", got)
	}
}
