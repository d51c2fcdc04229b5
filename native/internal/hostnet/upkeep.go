package hostnet

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"slipway/native/internal/wire"
)

const (
	// Somebody who takes something of ours away as often as we put it back, within contestPeriod, has meant it: then it is
	// theirs for a while, and for twice as long whenever they go on after it, until calmPeriod has passed in peace.
	contestPeriod = 3 * time.Minute
	firstTruce    = time.Minute
	longestTruce  = 16 * time.Minute
	calmPeriod    = 10 * time.Minute
	maxRewrites   = 10 // of resolv.conf
	maxRepairs    = 5  // of the interface and its routes
)

var errNotTaken = errors.New("the system did not take some routes")

// contest is with somebody who takes away what is put back.
type contest struct {
	times      []time.Time // of finding it taken away
	truceUntil time.Time
	truces     int // one after the other
	fought     struct {
		times         int           // it was taken away
		within, truce time.Duration // in that time, and what followed
	}
}

func (contest *contest) isTruce(now time.Time) bool { return now.Before(contest.truceUntil) }

// note that something was taken away, to be put back at most many times. It tells whether a truce begins instead.
func (contest *contest) note(now time.Time, many int) bool {
	peaceSince := contest.truceUntil
	if count := len(contest.times); count > 0 && contest.times[count-1].After(peaceSince) {
		peaceSince = contest.times[count-1]
	}
	if now.Sub(peaceSince) >= calmPeriod {
		contest.truces = 0
	}
	contest.times = append(contest.times, now)
	if len(contest.times) <= many {
		return false
	}
	within := now.Sub(contest.times[0])
	contest.times = contest.times[1:]
	if within >= contestPeriod {
		return false
	}
	truce := min(firstTruce<<contest.truces, longestTruce)
	if truce < longestTruce {
		contest.truces++
	}
	contest.fought.times, contest.fought.within, contest.fought.truce = many+1, within, truce
	contest.times, contest.truceUntil = nil, now.Add(truce)
	return true
}

// keepTunnel puts back what is the tunnel's own and vanished: the interface's being up, its addresses, its routes. What
// the policy refuses is not in force, and so never comes back this way; and a route that somebody else has in the same
// place is not taken from them.
func (host *Host) keepTunnel(held *holding) {
	if held.tun.Index == 0 {
		return
	}
	now := time.Now()
	lacking, err := host.lacking(held)
	if errors.Is(err, fs.ErrNotExist) {
		return // the engine reads the end of its descriptor
	}
	if err != nil {
		host.options.Log.Warn("what the tunnel has could not be read", "error", err)
		return
	}
	if held.keeping.isTruce(now) || len(lacking) == 0 {
		if !slices.Equal(lacking, held.contested) {
			held.contested = lacking
			host.touch(held)
		}
		return
	}
	if held.keeping.note(now, maxRepairs) {
		held.contested = lacking
		host.touch(held)
		host.options.Log.Warn("somebody keeps taking what is the tunnel's; it is left alone for a while", "what", lacking, "for", held.keeping.fought.truce)
		return
	}
	held.contested = nil
	err = host.system.repairTun(held.alias, held.tun.Index, held.own())
	if err == nil {
		var failed map[netip.Prefix]struct{}
		wanted := held.inForce
		if failed, err = host.apply(held, wanted, held.isResolverInForce); err == nil && len(failed) > 0 {
			held.inForce = wanted // somebody else has its place: whether it is theirs is decided next
			err = errNotTaken
		}
	}
	if err != nil {
		host.options.Log.Warn("not all that was the tunnel's could be put back", "what", lacking, "error", err)
	} else {
		host.options.Log.Info("what was the tunnel's was put back", "what", lacking)
	}
	host.touch(held)
}

// lacking is what the tunnel should have and has not, as wire.TunnelUpkeep tells it.
func (host *Host) lacking(held *holding) ([]string, error) {
	lacking, err := host.system.lackingTun(held.alias, held.tun.Index, held.own())
	if err != nil {
		return nil, err
	}
	missing, err := host.system.missingRoutes(held.tun.Index, held.wanted(held.inForce, held.isResolverInForce))
	for _, prefix := range missing {
		lacking = append(lacking, prefix.String())
	}
	return lacking, err
}

// wanted are the routes of the tunnel: prefixes, and the one to the resolver where that may be reached.
func (held *holding) wanted(prefixes []netip.Prefix, withResolver bool) []netip.Prefix {
	wanted := slices.Clone(prefixes)
	if withResolver {
		wanted = append(wanted, held.resolver)
	}
	return wanted
}

// upkeep is what the lease's holder is told of what somebody else takes away.
func (held *holding) upkeep() *wire.TunnelUpkeep {
	told := &wire.TunnelUpkeep{Contested: slices.Concat([]string{}, held.contested[:min(len(held.contested), wire.MaxContested)])}
	if len(held.contested) > 0 {
		told.Contest = held.keeping.tell()
	}
	if held.areNamesContested {
		told.Names = held.naming.tell()
	}
	if held.isRuleContested {
		told.Rule = held.overruling.tell()
	}
	return told
}

func (contest *contest) tell() wire.Contest {
	return wire.Contest{
		Times: contest.fought.times, WithinSeconds: max(1, int(contest.fought.within.Round(time.Second).Seconds())),
		AloneSeconds: int(contest.fought.truce.Seconds()),
	}
}

// touch has the lease's holder told that the network was touched.
func (host *Host) touch(held *holding) {
	held.touched = true
	host.announce()
}
