package lease

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

var group = wire.AcquireInput{Group: "one core"}

// hold takes a lease of the group with an interface of its own.
func hold(t *testing.T, address string) (client *Client, opened wire.TunOpened) {
	t.Helper()
	client = dial(t)
	if _, err := client.Acquire(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	opened, handover, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{address + "/32"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handover.Close() })
	return client, opened
}

func want(t *testing.T, client *Client, prefix string) wire.RouteDecision {
	t.Helper()
	decided, err := client.SetRoutes(t.Context(), wire.RoutesInput{Ranges: wire.WantRouted(prefix)})
	if err != nil {
		t.Fatal(err)
	}
	return decided.Decisions[0]
}

// way is the interface that the kernel sends address to.
func way(t *testing.T, address string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", "route", "get", address).Output()
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(out), " dev ")
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// Two engines of one core on a real network: the same range of two clusters is the first one's, and what the second has ends
// with its own link alone.
func TestTheEnginesOfOneCoreShareALaptop(t *testing.T) {
	startServer(t, time.Minute)
	before := laptoptest.Snapshot(t)
	first, firstTun := hold(t, "198.18.7.2")
	if decision := want(t, first, "10.96.0.0/16"); !decision.IsRouted() {
		t.Fatalf("%+v", decision)
	}
	if _, err := first.SetNames(t.Context(), wire.NamesInput{Resolver: "198.18.7.3", Search: []string{"svc.cluster.local"}}); err != nil {
		t.Fatal(err)
	}
	alone := laptoptest.Snapshot(t)
	second, secondTun := hold(t, "198.18.9.2")
	if decision := want(t, second, "10.96.0.0/16"); decision.Reason != "other-cluster" || decision.Interface != firstTun.Interface {
		t.Errorf("%+v", decision)
	}
	want(t, second, "10.97.0.0/16")
	if _, err := second.SetNames(t.Context(), wire.NamesInput{Resolver: "198.18.9.3", WayOnly: true}); err != nil {
		t.Fatal(err)
	}
	for address, wanted := range map[string]string{
		"10.96.0.1": firstTun.Interface, "198.18.7.3": firstTun.Interface,
		"10.97.0.1": secondTun.Interface, "198.18.9.3": secondTun.Interface,
	} {
		if found := way(t, address); found != wanted {
			t.Errorf("%s goes to %q, not %q", address, found, wanted)
		}
	}
	if err := second.Close(); err != nil { // as when its engine is killed
		t.Fatal(err)
	}
	eventually(t, func() bool {
		_, err := os.Stat("/var/lib/slipway/0/journal-1") // the last thing that is undone
		return errors.Is(err, fs.ErrNotExist)
	})
	laptoptest.ExpectSnapshot(t, alone)
	if _, err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	laptoptest.ExpectSnapshot(t, before)
}

// When the first is gone, the second has the range without asking again.
func TestWhatTheFirstHadIsTheSecondsWhenItIsGone(t *testing.T) {
	startServer(t, time.Minute)
	before := laptoptest.Snapshot(t)
	first, _ := hold(t, "198.18.7.2")
	want(t, first, "10.96.0.0/16")
	second, secondTun := hold(t, "198.18.9.2")
	want(t, second, "10.96.0.0/16")
	first.Close()
	eventually(t, func() bool { return way(t, "10.96.0.1") == secondTun.Interface })
	for {
		select {
		case event := <-second.Events():
			if event.Name == wire.EventRoutesChanged && event.Routes.Decisions[0].IsRouted() {
				if released, err := second.Release(t.Context()); err != nil || released.LeftOver > 0 {
					t.Errorf("%+v %v", released, err)
				}
				laptoptest.ExpectSnapshot(t, before)
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nobody told the second")
		}
	}
}

// Programs that do not know of each other never share, and there is a limit.
func TestWhoMayShareALaptop(t *testing.T) {
	startServer(t, time.Minute)
	first := dial(t)
	if _, err := first.Acquire(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	for _, other := range []wire.AcquireInput{{}, {Group: "another core"}} {
		_, err := dial(t).Acquire(t.Context(), other)
		expectCode(t, err, wire.CodeHelperBusy)
	}
	for number := 1; number < wire.MaxLeases; number++ {
		if _, err := dial(t).Acquire(t.Context(), group); err != nil {
			t.Fatalf("lease %d: %v", number, err)
		}
	}
	links := 0
	for ; links < 3*wire.MaxLeases; links++ { // links may be full before leases are
		client, err := Dial(t.Context(), socket, hello)
		if err != nil {
			break
		}
		defer client.Close()
		if _, err := client.Acquire(t.Context(), group); err == nil {
			t.Error(fmt.Sprint(wire.MaxLeases+1, " leases"))
		}
	}
}

func eventually(t *testing.T, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to be")
		}
	}
}
