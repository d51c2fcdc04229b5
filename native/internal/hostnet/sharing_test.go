package hostnet

import (
	"net/netip"
	"slices"
	"testing"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// another makes a lease beside others with an interface of its own.
func another(t *testing.T, host *Host, address string) int {
	t.Helper()
	lease, err := host.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := host.OpenTun(lease, wire.OpenTunInput{MTU: 1400, Addresses: []string{address + "/32"}}); err != nil {
		t.Fatal(err)
	}
	return lease
}

func setRoutes(t *testing.T, host *Host, lease int, prefixes ...string) []wire.RouteDecision {
	t.Helper()
	decided, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted(prefixes...)})
	if err != nil {
		t.Fatal(err)
	}
	return decided.Decisions
}

func expectInForce(t *testing.T, laptop *memory, wanted string) {
	t.Helper()
	if inForce := laptop.inForce(); inForce != wanted {
		t.Errorf("in force: %q, wanted %q", inForce, wanted)
	}
}

// Two clusters that want the same: whoever came first has it, however the later one asks, and gives nothing of it away.
func TestWhatTwoClustersWantIsTheFirstOnes(t *testing.T) {
	for name, check := range map[string]struct {
		first, second, decided, inForce string
	}{
		"the same range":        {"10.96.0.0/16", "10.96.0.0/16", wire.DecisionRefused, "tun 10.96.0.0/16, tun "},
		"a part of it":          {"10.96.0.0/16", "10.96.7.0/24", wire.DecisionRefused, "tun 10.96.0.0/16, tun "},
		"a host in it":          {"10.96.0.0/16", "10.96.0.1/32", wire.DecisionRefused, "tun 10.96.0.0/16, tun "},
		"a range around it":     {"10.96.0.0/24", "10.96.0.0/23", wire.DecisionCut, "tun 10.96.0.0/24, tun 10.96.1.0/24"},
		"the first one's end":   {"10.96.0.0/16", "198.18.0.2/32", wire.DecisionRefused, "tun 10.96.0.0/16, tun "},
		"something of its own":  {"10.96.0.0/16", "10.97.0.0/16", wire.DecisionRouted, "tun 10.96.0.0/16, tun 10.97.0.0/16"},
		"the same virtual part": {"198.19.0.0/20", "198.19.0.0/20", wire.DecisionRefused, "tun 198.19.0.0/20, tun "},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := newMemory()
			host := laptop.host(t)
			first := another(t, host, "198.18.0.2")
			setRoutes(t, host, first, check.first)
			second := another(t, host, "198.18.0.4")
			decided := setRoutes(t, host, second, check.second)[0]
			if decided.Decision != check.decided || check.decided != wire.DecisionRouted && decided.Reason != routes.ReasonOtherCluster {
				t.Errorf("decided %+v", decided)
			}
			expectInForce(t, laptop, check.inForce)
			host.settle(false, false)
			expectInForce(t, laptop, check.inForce)
			if seen, err := host.CheckRoutes(wire.RoutesInput{Ranges: wire.WantRouted(check.first)}); err != nil || seen.Decisions[0].Reason != routes.ReasonOtherCluster {
				t.Errorf("one that is yet to come is told %+v %v", seen, err)
			}
			if left := host.Undo(first); left != 0 {
				t.Errorf("%d left over", left)
			}
			host.settle(false, false)
			if held := host.leases[second]; !held.planned[0].Decision.IsRouted() {
				t.Errorf("the first is gone, and yet %+v", held.planned[0].Decision)
			}
			if _, decided, _ := host.News(second); check.decided != wire.DecisionRouted && decided == nil {
				t.Error("nobody told the second that it has all of it now")
			}
			if left := host.Undo(second); left != 0 || laptop.inForce() != "" || len(laptop.logs) > 0 || len(laptop.locks) > 0 {
				t.Errorf("%d left over, in force %q, journals %v, locks %v", left, laptop.inForce(), laptop.logs, laptop.locks)
			}
		})
	}
}

// The first one's ranges grow while a later one has them: it gives them up before they change hands.
func TestALaterClusterGivesWay(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	first, second := another(t, host, "198.18.0.2"), another(t, host, "198.18.0.4")
	setRoutes(t, host, first, "10.96.0.0/16")
	setRoutes(t, host, second, "10.244.0.0/16")
	laptop.set(func() { laptop.calls = nil })
	setRoutes(t, host, first, "10.96.0.0/16", "10.244.0.0/16")
	if wanted := []string{"remove 10.244.0.0/16", "add 10.244.0.0/16"}; !slices.Equal(laptop.calls, wanted) {
		t.Errorf("order %q", laptop.calls)
	}
	expectInForce(t, laptop, "tun 10.244.0.0/16 10.96.0.0/16, tun ")
	if _, told, _ := host.News(second); told == nil || told.Decisions[0].Reason != routes.ReasonOtherCluster || told.Decisions[0].Conflict != "10.244.0.0/16" {
		t.Errorf("the later one was told %+v", told)
	}
	// What the system does not take from the first stays the later one's.
	setRoutes(t, host, first, "10.96.0.0/16")
	host.settle(false, false)
	expectInForce(t, laptop, "tun 10.96.0.0/16, tun 10.244.0.0/16")
	laptop.set(func() { laptop.failing["add 10.245.0.0/16"] = errBroken })
	if _, err := host.SetRoutes(first, wire.RoutesInput{Ranges: wire.WantRouted("10.244.0.0/16", "10.245.0.0/16")}); codeOf(err) != wire.CodeRouteRefused {
		t.Errorf("got %v", err)
	}
	host.settle(false, false)
	expectInForce(t, laptop, "tun 10.96.0.0/16, tun 10.244.0.0/16")
}

// A VPN that held the first one's range leaves: it is routed whole from then on, also where the later one had a part of it.
func TestALaterClusterGivesWayWhenAVPNLeaves(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	first, second := another(t, host, "198.18.0.2"), another(t, host, "198.18.0.4")
	vpn := routes.Place{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Interface: "tun7"}
	laptop.set(func() { laptop.own.Routes = []routes.Place{vpn} })
	setRoutes(t, host, first, "10.96.0.0/16")
	if _, err := host.SetHosts(first, wire.HostsInput{Whole: true, Add: []string{"10.96.0.1"}}); err != nil {
		t.Fatal(err)
	}
	setRoutes(t, host, second, "10.96.0.0/16")
	if _, err := host.SetHosts(second, wire.HostsInput{Whole: true, Add: []string{"10.96.0.1", "10.96.0.9"}}); err != nil {
		t.Fatal(err)
	}
	expectInForce(t, laptop, "tun 10.96.0.1/32, tun 10.96.0.9/32")
	laptop.set(func() { laptop.own.Routes = nil })
	host.settle(true, true)
	expectInForce(t, laptop, "tun 10.96.0.0/16, tun ")
}

// Names are one lease's; the others have the way to their resolvers.
func TestNamesAreOneClustersAtATime(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	first, second := another(t, host, "198.18.0.2"), another(t, host, "198.18.0.4")
	set := func(lease int, resolver string, isWayOnly bool, code string) {
		t.Helper()
		_, err := host.SetNames(lease, wire.NamesInput{Resolver: resolver, WayOnly: isWayOnly})
		if codeOf(err) != code {
			t.Errorf("lease %d: %v", lease, err)
		}
	}
	set(first, "198.18.0.3", false, "")
	set(second, "198.18.0.5", false, wire.CodeResolverUnset)
	set(second, "198.18.0.5", true, "")
	expectInForce(t, laptop, "tun 198.18.0.3/32, tun 198.18.0.5/32, names")
	if laptop.names.Resolver != "198.18.0.3" {
		t.Errorf("the names are those of %s", laptop.names.Resolver)
	}
	set(second, "198.18.0.3", true, wire.CodeRouteRefused) // the first one's answerer
	set(second, "198.18.0.5", true, "")

	set(first, "198.18.0.3", true, "")
	expectInForce(t, laptop, "tun 198.18.0.3/32, tun 198.18.0.5/32")
	set(second, "198.18.0.5", false, "")
	expectInForce(t, laptop, "tun 198.18.0.3/32, tun 198.18.0.5/32, names")
	if host.Undo(second); laptop.names != nil {
		t.Error("names outlive their lease")
	}
	set(first, "198.18.0.3", false, "")
	expectInForce(t, laptop, "tun 198.18.0.3/32, names")
}

// A helper that is killed leaves a journal for each lease; the next undoes them all.
func TestJournalsOfSeveralLeases(t *testing.T) {
	laptop := newMemory()
	killed := laptop.host(t)
	if _, err := bringUp(killed); err != nil {
		t.Fatal(err)
	}
	second := another(t, killed, "198.18.0.4")
	another(t, killed, "198.18.0.6")
	killed.Undo(second)
	another(t, killed, "198.18.0.8") // in the place of the one that is over
	if len(laptop.logs) != 3 {
		t.Errorf("journals: %v", laptop.logs)
	}
	clear(laptop.locks)
	next := laptop.host(t)
	lease, err := next.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	expectInForce(t, laptop, "")
	if count := len(laptop.logs); count != 1 {
		t.Errorf("%d journals stay beside the new one", count-1)
	}
	if _, damaged, err := laptop.readJournal(journalPath("/state", 1000, 2)); damaged != 0 || err != nil {
		t.Error(err)
	}
	if left := next.Undo(lease); left != 0 || len(laptop.logs) > 0 {
		t.Errorf("%d left over, journals %v", left, laptop.logs)
	}
	laptop.logs[journalPath("/state", 1001, 3)] = []journal.Entry{{Opened: &laptop.here}, {Link: &journal.Link{Alias: "x"}}}
	if left, err := (replayer{laptop, Options{StateDirectory: "/state"}}).recover([]uint32{1001}); left != 0 || err != nil || len(laptop.logs) > 0 {
		t.Errorf("%d left over, %v, journals %v", left, err, laptop.logs)
	}
}
