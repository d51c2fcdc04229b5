package hostnet

import (
	"testing"
	"time"

	"slipway/native/internal/wire"
)

// fight is somebody who takes a thing away so long after each time that it was put back. It returns how often it was put
// back until the end, and the truces.
func fight(contest *contest, began time.Time, lasting, after time.Duration) (repairs int, truces []time.Duration) {
	for now := began.Add(after); now.Before(began.Add(lasting)); now = now.Add(after) {
		switch {
		case contest.isTruce(now):
			now = contest.truceUntil
		case contest.note(now, maxRepairs):
			truces = append(truces, contest.fought.truce)
		default:
			repairs++
		}
	}
	return repairs, truces
}

// Nobody is fought for ever, however slow they are; and what is rarely taken is always put back.
func TestWhoKeepsTakingIsLeftAloneEverLonger(t *testing.T) {
	for after, most := range map[time.Duration]int{
		10 * time.Millisecond: 35, time.Second: 35, 3 * time.Second: 35, 4 * time.Second: 35, 10 * time.Second: 35, 30 * time.Second: 35,
	} {
		repairs, truces := fight(&contest{}, time.Now(), time.Hour, after)
		if repairs > most || len(truces) < 4 || truces[0] != firstTruce || truces[1] != 2*firstTruce || truces[2] != 4*firstTruce {
			t.Errorf("every %v: put back %d times in an hour, left alone for %v", after, repairs, truces)
		}
		for _, truce := range truces {
			if truce > longestTruce {
				t.Errorf("every %v: left alone for %v", after, truce)
			}
		}
	}
	if repairs, truces := fight(&contest{}, time.Now(), time.Hour, 2*time.Minute); repairs != 29 || truces != nil {
		t.Errorf("what is rarely taken was put back %d times, left alone for %v", repairs, truces)
	}
}

func TestPeaceIsRemembered(t *testing.T) {
	fought := &contest{}
	began := time.Now()
	fight(fought, began, time.Hour, time.Second)
	_, truces := fight(fought, began.Add(2*time.Hour), time.Minute, time.Second)
	if len(truces) != 1 || truces[0] != firstTruce {
		t.Errorf("after an hour of peace it is left alone for %v", truces)
	}
}

// Who keeps rewriting resolv.conf is told as that, and it is tried again although nothing else happens.
func TestWhoKeepsRewritingNamesIsToldAndTriedAgain(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	contested := func() wire.Contest {
		_, _, upkeep := host.News(lease)
		if upkeep == nil {
			t.Fatal("nothing is told")
		}
		return upkeep.Names
	}
	laptop.isRewritten = true
	for range maxRewrites + 1 {
		host.keepNames(false)
	}
	if told := contested(); told.Times != maxRewrites+1 || told.WithinSeconds < 1 || told.AloneSeconds != 60 {
		t.Errorf("it tells %+v", told)
	}
	laptop.isRewritten = false
	host.mu.Lock()
	host.leases[lease].naming.truceUntil = time.Now() // a minute later
	host.mu.Unlock()
	host.keepTunnels()
	if told := contested(); told != (wire.Contest{}) {
		t.Errorf("afterwards it tells %+v", told)
	}
}
