package hostnet

import (
	"testing"
	"time"

	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// overruledLaptop is one whose tunnel is up when a rule of somebody's leads everything to their interface.
func overruledLaptop(t *testing.T) (*memory, *Host, int) {
	t.Helper()
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	laptop.set(func() {
		laptop.taken, laptop.rule = "vpn0", routelookup.CatchAll{Rule: "5000: from all lookup 100", Priority: 5000}
	})
	return laptop, host, lease
}

// prioritiesOf are those of our rules.
func prioritiesOf(laptop *memory) (found []int) {
	laptop.set(func() {
		for _, priority := range laptop.ruled {
			found = append(found, priority)
		}
	})
	return found
}

// What fails is tried again although nothing else of the laptop changes.
func TestARuleThatCouldNotBeReadOrSetIsTriedAgain(t *testing.T) {
	for _, call := range []string{"rules", "add rules"} {
		t.Run(call, func(t *testing.T) {
			laptop, host, _ := overruledLaptop(t)
			laptop.set(func() { laptop.failing[call] = errBroken })
			host.settle(false, true)
			host.keepTunnels()
			if found := prioritiesOf(laptop); len(found) != 0 {
				t.Fatalf("a rule is there: %v", found)
			}
			laptop.set(func() { delete(laptop.failing, call) })
			host.keepTunnels()
			if found := prioritiesOf(laptop); len(found) != 1 || found[0] != 4999 {
				t.Errorf("rules have the priorities %v", found)
			}
		})
	}
}

func TestWhoKeepsTakingOurRuleIsTold(t *testing.T) {
	laptop, host, lease := overruledLaptop(t)
	contested := func() wire.Contest {
		_, _, upkeep := host.News(lease)
		if upkeep == nil {
			t.Fatal("nothing is told")
		}
		return upkeep.Rule
	}
	for range maxRepairs + 2 { // the first time there is none to take
		laptop.set(func() { clear(laptop.ruled) })
		host.settle(false, true)
	}
	if told := contested(); told.Times != maxRepairs+1 || told.WithinSeconds < 1 || told.AloneSeconds != 60 {
		t.Errorf("it tells %+v", told)
	}
	if found := prioritiesOf(laptop); len(found) != 0 {
		t.Errorf("a rule is there: %v", found)
	}
	host.mu.Lock()
	host.leases[lease].overruling.truceUntil = time.Now() // a minute later
	host.mu.Unlock()
	host.keepTunnels()
	if told := contested(); told != (wire.Contest{}) {
		t.Errorf("afterwards it tells %+v", told)
	}
	if found := prioritiesOf(laptop); len(found) != 1 {
		t.Errorf("rules have the priorities %v", found)
	}
}
