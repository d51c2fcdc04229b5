package forward

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// Against a plain count: whoever most wait for loses its oldest, whatever came and went before.
func TestCrowdKnowsTheGreediest(t *testing.T) {
	var waiting crowd[int]
	waiting.init()
	members := map[*member[int]]bool{}
	destination := func(number int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(number)}), 80)
	}
	for step := range 5000 {
		if len(members) == 0 || rand.IntN(2) == 0 {
			members[waiting.join(destination(rand.IntN(9)), step, time.Unix(int64(step), 0))] = true
		} else {
			for one := range members {
				waiting.leave(one, step%2 == 0, time.Unix(int64(step), 0))
				waiting.leave(one, true, time.Unix(int64(step), 0)) // nothing the second time
				delete(members, one)
				break
			}
		}
		counted := map[netip.AddrPort]int{}
		oldest := map[netip.AddrPort]int{}
		most := 0
		for one := range members {
			where := one.group.destination
			counted[where]++
			most = max(most, counted[where])
			if known, is := oldest[where]; !is || one.value < known {
				oldest[where] = one.value
			}
		}
		if waiting.size != len(members) || len(waiting.groups) != len(counted) {
			t.Fatalf("step %d: %d members in %d groups, expected %d in %d", step, waiting.size, len(waiting.groups), len(members), len(counted))
		}
		greediest := waiting.greediest()
		if (greediest == nil) != (len(members) == 0) {
			t.Fatalf("step %d: greediest %v of %d", step, greediest, len(members))
		}
		if greediest != nil && (counted[greediest.group.destination] != most || oldest[greediest.group.destination] != greediest.value) {
			t.Fatalf("step %d: %s gives way, for which %d wait of at most %d", step, greediest.group.destination, counted[greediest.group.destination], most)
		}
	}
}
