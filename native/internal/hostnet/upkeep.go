package hostnet

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"time"
)

const (
	// lookPeriod is how often the tunnel's own is looked after where no event told that it must be: after a truce, say.
	lookPeriod = 5 * time.Second

	// Somebody who takes something of ours away as often as we put it back has meant it: then it is theirs for a while.
	contestPeriod = 15 * time.Second
	truce         = time.Minute
	maxRewrites   = 10 // of resolv.conf
	maxRepairs    = 5  // of the interface and its routes
)

// contest is with somebody who takes away what is put back.
type contest struct {
	times      []time.Time // of putting back
	truceUntil time.Time
}

func (contest *contest) isTruce(now time.Time) bool { return now.Before(contest.truceUntil) }

// note that something was put back. It tells whether a truce begins, because that was the last of many times.
func (contest *contest) note(now time.Time, many int) bool {
	contest.times = append(contest.times, now)
	if len(contest.times) <= many {
		return false
	}
	contest.times = contest.times[1:]
	if now.Sub(contest.times[0]) >= contestPeriod {
		return false
	}
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
		host.options.Log.Warn("somebody keeps taking what is the tunnel's; it is left alone for a while", "what", lacking, "for", truce)
		return
	}
	held.contested = nil
	err = host.system.repairTun(held.alias, held.tun.Index, held.addresses)
	if err == nil {
		err = host.apply(held, held.inForce, held.isReachingResolver())
	}
	if err != nil { // somebody else has its place, say
		host.options.Log.Warn("not all that was the tunnel's could be put back", "what", lacking, "error", err)
	} else {
		host.options.Log.Info("what was the tunnel's was put back", "what", lacking)
	}
	host.touch(held)
}

// lacking is what the tunnel should have and has not, as wire.TunnelUpkeep tells it.
func (host *Host) lacking(held *holding) ([]string, error) {
	lacking, err := host.system.lackingTun(held.alias, held.tun.Index, held.addresses)
	if err != nil {
		return nil, err
	}
	missing, err := host.system.missingRoutes(held.tun.Index, held.wanted(held.inForce, held.isReachingResolver()))
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

// touch has the lease's holder told that the network was touched.
func (host *Host) touch(held *holding) {
	held.touched = true
	host.announce()
}
