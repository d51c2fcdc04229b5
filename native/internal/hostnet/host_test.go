package hostnet

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

var (
	tunnel    = wire.OpenTunInput{MTU: 1400, Addresses: []string{"198.18.0.2/32"}}
	twoRanges = wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/16")}
	ourNames  = wire.NamesInput{Resolver: "198.18.0.3", Search: []string{"svc.cluster.local"}}
)

// bringUp makes every change of a connection, as far as they are allowed.
func bringUp(host *Host) (lease int, err error) {
	if lease, err = host.Acquire(); err != nil {
		return lease, err
	}
	if _, _, err = host.OpenTun(lease, tunnel); err != nil {
		return lease, err
	}
	if _, err = host.SetRoutes(lease, twoRanges); err != nil {
		return lease, err
	}
	_, err = host.SetNames(lease, ourNames)
	return lease, err
}

func codeOf(err error) string {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		return problem.Code
	}
	return ""
}

func TestChangesAreJournalledFirstAndUndoneBackwards(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	if left := host.Undo(lease); left != 0 {
		t.Errorf("%d left over", left)
	}
	wanted := []string{
		"journal", "open tun", "add 10.96.0.0/16", "add 10.244.0.0/16", "add 198.18.0.3/32", "journal", "names",
		"undo names", "close tun",
	}
	if !slices.Equal(laptop.calls, wanted) {
		t.Errorf("order %q", laptop.calls)
	}
	if left := laptop.inForce(); left != "" || len(laptop.logs) > 0 || len(laptop.locks) > 0 {
		t.Errorf("left %q, journals %v, locks %v", left, laptop.logs, laptop.locks)
	}
}

func TestWhatFailsHasACodeAndLeavesNothing(t *testing.T) {
	for name, check := range map[string]struct{ failing, code, inForce string }{
		"the journal cannot be opened":     {"open journal", wire.CodeJournalUnwritable, ""},
		"the journal cannot be written":    {"journal", wire.CodeJournalUnwritable, ""},
		"no interface":                     {"open tun", wire.CodeTunUnavailable, ""},
		"the laptop cannot be read":        {"networks", "", ""},
		"no route":                         {"add 10.244.0.0/16", wire.CodeRouteRefused, "tun "},
		"no way to the resolver":           {"add 198.18.0.3/32", wire.CodeRouteRefused, "tun 10.244.0.0/16 10.96.0.0/16"},
		"no names: nor a way to their own": {"names", wire.CodeResolverUnset, "tun 10.244.0.0/16 10.96.0.0/16"},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := newMemory()
			laptop.failing[check.failing] = errBroken
			host := laptop.host(t)
			lease, err := bringUp(host)
			if err == nil || codeOf(err) != check.code {
				t.Errorf("got %v, want %s", err, check.code)
			}
			if inForce := laptop.inForce(); inForce != check.inForce {
				t.Errorf("in force: %q", inForce)
			}
			clear(laptop.failing)
			if left := host.Undo(lease); left != 0 || laptop.inForce() != "" || len(laptop.locks) > 0 {
				t.Errorf("%d left over, in force %q, locks %v", left, laptop.inForce(), laptop.locks)
			}
		})
	}
}

func TestALaptopIsOneHelpersAtATime(t *testing.T) {
	laptop := newMemory()
	first, other := laptop.host(t), laptop.host(t)
	lease, err := first.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Acquire()
	if err != nil || second == lease {
		t.Errorf("a second lease of the same helper: %d %v", second, err)
	}
	for name, give := range map[string]func(){"both": func() {}, "one": func() { first.Undo(second) }} {
		if give(); true {
			if _, err := other.Acquire(); codeOf(err) != wire.CodeHelperBusy {
				t.Errorf("another user's helper beside %s: %v", name, err)
			}
		}
	}
	first.Undo(lease)
	if _, err := other.Acquire(); err != nil {
		t.Error(err)
	}
	for name, call := range map[string]func() error{
		"openTun":   func() error { _, _, err := first.OpenTun(lease, tunnel); return err },
		"setRoutes": func() error { _, err := first.SetRoutes(lease, twoRanges); return err },
		"setNames":  func() error { _, err := first.SetNames(lease, ourNames); return err },
		"flush":     func() error { return first.FlushNames(lease) },
	} {
		if err := call(); codeOf(err) != wire.CodeLeaseLost {
			t.Errorf("%s with a lease that is over: %v", name, err)
		}
	}
}

func TestNamesGoBeforeTheWayToTheirResolver(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Undo(lease)
	laptop.set(func() {
		laptop.calls = nil
		laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("198.18.0.3/32"), Interface: "tun7"}}
	})
	host.settle(false, false)
	if wanted := []string{"withdraw names", "remove 198.18.0.3/32"}; !slices.Equal(laptop.calls, wanted) {
		t.Errorf("order %q", laptop.calls)
	}
}

// An event of the system leads to a decision, without anybody asking.
func TestEventsAreDecidedOn(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Undo(lease)
	laptop.set(func() { laptop.resolvers.Upstreams = []string{"10.244.0.53"} })
	laptop.happened(resolverFiles)
	select {
	case <-host.Changes():
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was decided")
	}
	if isMoved, _, _ := host.News(lease); !isMoved {
		t.Error("other nameservers are not told")
	}
}

// What a killed helper left is undone by its journal alone, as far as it can still be there.
func TestJournalsOfOtherTimesAndPlaces(t *testing.T) {
	path := filepath.ToSlash(JournalPath("/state", 1000))
	for name, check := range map[string]struct {
		opened   journal.Opened
		isLiving bool
		undone   []string
		code     string
	}{
		"this place":              {journal.Opened{Version: journal.Version, Boot: "now", NetworkNamespace: 1}, false, []string{"undo names", "close tun"}, ""},
		"an earlier boot":         {journal.Opened{Version: journal.Version, Boot: "before", NetworkNamespace: 1}, false, []string{"undo names"}, ""},
		"a namespace that is":     {journal.Opened{Version: journal.Version, Boot: "now", NetworkNamespace: 2}, true, nil, wire.CodeJournalUnwritable},
		"a namespace that was":    {journal.Opened{Version: journal.Version, Boot: "now", NetworkNamespace: 2}, false, []string{"undo names"}, ""},
		"a version of the future": {journal.Opened{Version: journal.Version + 1, Boot: "now", NetworkNamespace: 1}, false, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := newMemory()
			laptop.living["now"] = check.isLiving
			laptop.logs[path] = []journal.Entry{
				{Opened: &check.opened}, {Link: &journal.Link{Alias: "alias 0"}},
				{File: &journal.FileChange{Nameserver: "198.18.0.3"}},
			}
			_, err := laptop.host(t).Acquire()
			if codeOf(err) != check.code {
				t.Errorf("got %v", err)
			}
			if !slices.Equal(laptop.calls, check.undone) {
				t.Errorf("undone: %q", laptop.calls)
			}
		})
	}
}

// A systemd-resolved that does not answer: only those who wait for it wait.
func TestFlushingNamesHoldsNobodyUp(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	hangs, flushes := make(chan struct{}), make(chan struct{}, 10)
	laptop.flush = func() {
		flushes <- struct{}{}
		<-hangs
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			host.mu.Lock()
			host.leases[lease].flushedAt = time.Time{} // a second later
			host.mu.Unlock()
			if err := host.FlushNames(lease); err != nil {
				t.Error(err)
			}
		}
		if left := host.Undo(lease); left != 0 {
			t.Errorf("%d left over", left)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("routes could not be undone while names were flushed")
	}
	<-flushes
	close(hangs)
	if len(flushes) != 0 {
		t.Error("it was flushed twice at once")
	}
}

// The way to the resolver is allowed again before the client asks for names, so that its route is not there yet: nobody
// took it.
func TestTheResolversRouteIsNotMissedBeforeItsNamesAreAskedFor(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	before := laptop.own
	for range 2 * maxRepairs {
		laptop.set(func() {
			laptop.own.Subnets = append(slices.Clone(before.Subnets), routes.Place{Prefix: netip.MustParsePrefix("198.18.0.3/32"), Interface: "eth0"})
		})
		host.settle(true, true)
		laptop.set(func() { laptop.own = before })
		host.settle(true, true)
		if _, err := host.SetNames(lease, wire.NamesInput{Resolver: "198.18.0.3"}); err != nil {
			t.Fatal(err)
		}
	}
	if held := host.leases[lease]; len(held.keeping.times) != 0 || held.keeping.isTruce(time.Now()) {
		t.Errorf("somebody is said to have taken %v, %d times", held.contested, len(held.keeping.times))
	}
}

// A truce holds also while the policy is asked anew.
func TestWhatIsLeftAloneStaysSoWhenTheNetworkChanges(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	held := host.leases[lease]
	contested := netip.MustParsePrefix("10.96.0.0/16")
	for range maxRepairs + 1 {
		laptop.set(func() {
			laptop.routed[held.tun.Index] = slices.DeleteFunc(laptop.routed[held.tun.Index], func(prefix netip.Prefix) bool { return prefix == contested })
		})
		host.settle(false, false)
	}
	laptop.set(func() { laptop.resolvers.Upstreams = []string{"10.244.0.53"} })
	host.settle(true, true)
	if laptop.set(func() {}); slices.Contains(laptop.routed[held.tun.Index], contested) {
		t.Errorf("it is in force: %v", laptop.inForce())
	}
	held.keeping.truceUntil = time.Now()
	host.settle(false, false)
	if !slices.Contains(laptop.routed[held.tun.Index], contested) {
		t.Errorf("after the truce there is %v", laptop.inForce())
	}
}
