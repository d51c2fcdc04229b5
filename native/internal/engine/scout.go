package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

const (
	// remeasure is how often a candidate that works and is not used is looked at again.
	remeasure = 30 * time.Second

	// A direct path is used unless it takes this much longer than the API server's: part of its round trip, and a time.
	detourPart  = 1.5
	detourSlack = 5 * time.Millisecond

	// Another direct path is taken where it saves so much of a round trip.
	betterPart  = 0.7
	betterSlack = 200 * time.Microsecond

	// lossesCount is for how long the loss of a path counts, and lossesFree how many may be before a further one makes the
	// wait for the next try longer: each costs whatever is under way about a second and a half.
	lossesCount = time.Minute
	lossesFree  = 2
)

// scout tries the candidates of a registration, chooses one that works, and leaves it when it falls silent. Nothing waits
// for it: lanes are on their way to the agent by other means already.
type scout struct {
	set      *laneSet
	timing   Timing
	straight carrier.Direct // nil: the engine has no direct paths
	wake     chan struct{}

	mutex       sync.Mutex
	isWanted    bool   // the agent shall listen: some candidate may be tried
	isListening bool   // it does
	isLeftOpen  bool   // it may, for all that it said
	because     string // why it does not
	candidates  []*candidate
	detour      time.Duration   // last round trip over the API server; 0 before
	living      context.Context // while run runs; nil else
	trying      sync.WaitGroup
}

// candidate is one place, and what is known of it.
type candidate struct {
	wire.DirectCandidate
	outcome  string // "" before the first try
	detail   string
	route    *route        // how it worked, the last time
	probe    carrier.Probe // of the last try that worked, until somebody takes it
	inUse    *route
	isTrying bool
	stop     context.CancelFunc // ends the try
	mayTry   bool               // nothing on the laptop forbids it
	isGone   bool               // from the list
	due      time.Time
	wait     *backoff
	losses   []time.Time        // of its use, those that count
	leave    context.CancelFunc // ends its use
}

func newScout(set *laneSet, keys carrier.SessionKeys) *scout {
	scout := &scout{set: set, timing: set.client.timing, wake: make(chan struct{}, 1)}
	if set.client.direct != nil {
		scout.straight = set.client.direct(keys)
	}
	return scout
}

// setCandidates replaces the list; what is known of those that stay is kept.
func (scout *scout) setCandidates(wanted []wire.DirectCandidate) {
	scout.mutex.Lock()
	before := scout.candidates
	scout.candidates = nil
	for _, one := range wanted {
		place := slices.IndexFunc(before, func(known *candidate) bool { return known.DirectCandidate == one })
		switch {
		case slices.ContainsFunc(scout.candidates, func(known *candidate) bool { return known.DirectCandidate == one }):
		case place >= 0:
			scout.candidates = append(scout.candidates, before[place])
		default:
			wait := &backoff{first: scout.timing.DirectRetryFirst, last: scout.timing.DirectRetryLast}
			scout.candidates = append(scout.candidates, &candidate{DirectCandidate: one, wait: wait})
		}
	}
	for _, known := range before {
		if !slices.Contains(scout.candidates, known) {
			known.isGone = true
			if known.isTrying {
				known.stop() // nothing more is sent there
			}
			if known.inUse != nil {
				scout.leaveLocked(known)
			}
		}
	}
	scout.wantLocked()
	scout.chooseLocked()
	scout.mutex.Unlock()
	notify(scout.wake)
	scout.tell()
}

// setListening tells whether the agent listens, and why not.
func (scout *scout) setListening(isListening bool, because string) {
	scout.mutex.Lock()
	scout.isListening, scout.because = isListening, because
	for _, one := range scout.candidates {
		if one.mayTry && one.inUse == nil {
			one.due = time.Time{}
		}
	}
	scout.mutex.Unlock()
	notify(scout.wake)
	scout.tell()
}

// again tells that the network changed: all that did not work may work now.
func (scout *scout) again() {
	scout.mutex.Lock()
	for _, one := range scout.candidates {
		one.due, one.losses = time.Time{}, nil
		*one.wait = backoff{first: scout.timing.DirectRetryFirst, last: scout.timing.DirectRetryLast}
	}
	scout.mutex.Unlock()
	notify(scout.wake)
}

// run tries what is due until ctx ends.
func (scout *scout) run(ctx context.Context) {
	if scout.straight == nil {
		return
	}
	scout.mutex.Lock()
	scout.living = ctx
	scout.mutex.Unlock()
	defer func() {
		scout.mutex.Lock()
		scout.living = nil
		scout.mutex.Unlock()
		scout.trying.Wait()
	}()
	for {
		next := scout.startDue(time.Now())
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-scout.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// startDue starts the tries that are due, and tells how long to wait for the next.
func (scout *scout) startDue(now time.Time) time.Duration {
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	if chosen, _ := scout.set.routing.get(); chosen == nil {
		if roundTrip, _ := scout.set.health.express(); roundTrip > 0 && scout.set.lanes.CarrierName(0) != scout.straight.Name() {
			scout.detour = roundTrip
		}
	}
	next := time.Minute
	for _, one := range scout.candidates {
		if one.isTrying || one.inUse != nil {
			continue
		}
		if wait := one.due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		ctx, stop := context.WithCancel(scout.living)
		one.isTrying, one.stop = true, stop
		scout.trying.Go(func() {
			defer stop()
			scout.look(ctx, one)
		})
	}
	return next
}

// look tries a candidate once.
func (scout *scout) look(ctx context.Context, one *candidate) {
	found := scout.try(ctx, one.DirectCandidate)
	scout.mutex.Lock()
	one.isTrying = false
	if one.inUse != nil { // by what was known before, because another fell silent: whoever attends it knows better
		scout.mutex.Unlock()
		if found.probe != nil {
			_ = found.probe.Close()
		}
		return
	}
	one.mayTry = !found.isRefused
	scout.wantLocked()
	one.outcome, one.detail, one.route, one.probe = found.outcome, found.detail, found.route, found.probe
	if found.route == nil {
		one.due = time.Now().Add(one.wait.next())
	} else {
		// Where it worked it may soon work again.
		*one.wait = backoff{first: scout.timing.DirectRetryFirst, last: scout.timing.DirectRetryKnown}
		one.due = time.Now().Add(remeasure)
	}
	scout.chooseLocked()
	unused := one.probe
	one.probe = nil
	scout.mutex.Unlock()
	if unused != nil {
		_ = unused.Close()
	}
	notify(scout.wake)
	scout.tell()
}

// chooseLocked takes the best candidate that works: the one in use, unless another is clearly better.
func (scout *scout) chooseLocked() {
	current, _ := scout.set.routing.get()
	var best *candidate
	for _, one := range scout.candidates {
		if one.route != nil && scout.isWorthIt(one.route) && (best == nil || one.route.roundTrip < best.route.roundTrip) {
			best = one
		}
	}
	for _, one := range scout.candidates {
		if one.inUse != nil && one != best && best != nil && !isBetter(best.route, current) {
			best = one
		}
	}
	for _, one := range scout.candidates {
		switch {
		case one == best:
			one.outcome, one.detail = wire.DirectWorks, ""
		case one.route != nil:
			one.outcome = wire.DirectSlower
			if one.inUse != nil {
				scout.leaveLocked(one)
			}
		}
	}
	switch {
	case best == nil:
		scout.set.routing.set(nil)
	case best.inUse == nil && scout.living != nil:
		used := best.route
		best.inUse = used
		watched, leave := context.WithCancel(scout.living)
		best.leave = leave
		probe := best.probe
		best.probe = nil
		scout.trying.Go(func() {
			defer leave()
			scout.attend(watched, best, used, probe)
		})
		scout.set.routing.set(used)
	}
}

// leaveLocked ends the use of a candidate.
func (scout *scout) leaveLocked(one *candidate) {
	one.inUse = nil
	one.leave()
	one.due = time.Now().Add(remeasure)
}

func (scout *scout) isWorthIt(one *route) bool {
	return scout.detour == 0 || one.roundTrip <= time.Duration(detourPart*float64(scout.detour))+detourSlack
}

func isBetter(one, than *route) bool {
	return one.roundTrip+betterSlack < time.Duration(betterPart*float64(than.roundTrip))
}

// attend asks the agent over the route in use until it does not answer, or the route is used no longer. probe may be nil.
func (scout *scout) attend(ctx context.Context, one *candidate, used *route, probe carrier.Probe) {
	defer func() {
		if probe != nil {
			_ = probe.Close()
		}
	}()
	epoch := scout.set.client.currentEpoch() // in which probe was opened
	for {
		begun := time.Now()
		err := scout.ask(ctx, epoch, probe)
		if err != nil && ctx.Err() == nil && (epoch.Err() != nil || scout.deservesAnother(begun)) {
			if probe != nil {
				_ = probe.Close()
			}
			epoch = scout.set.client.currentEpoch()
			probe, err = scout.reopen(ctx, used)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			scout.lose(one, used, err)
			return
		}
		timer := time.NewTimer(scout.timing.DirectAsk)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// deservesAnother tells whether the failure of a question says little: the connection ended, at once, or this process
// stood still.
func (scout *scout) deservesAnother(begun time.Time) bool {
	took := time.Since(begun)
	return took < scout.timing.DirectSilence/2 || took > scout.timing.DirectSilence+pausedFor
}

// pausedFor is how much later than it should a wait ends where the laptop slept.
const pausedFor = time.Second

// ask ends with epoch too: the connection may be of an address that the laptop had in another network.
func (scout *scout) ask(ctx, epoch context.Context, probe carrier.Probe) error {
	if probe == nil {
		return errNoProbe
	}
	ctx, cancel := context.WithTimeout(ctx, scout.timing.DirectSilence)
	defer cancel()
	defer context.AfterFunc(epoch, cancel)()
	_, err := probe.Ask(ctx, askBytes)
	return err
}

func (scout *scout) reopen(ctx context.Context, used *route) (carrier.Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, scout.timing.DirectSilence)
	defer cancel()
	if err := scout.set.mayDial(ctx, used); err != nil {
		return nil, err
	}
	return scout.straight.Probe(ctx, used.target)
}

// errNoProbe is of a route that is used again, and was not asked since.
var errNoProbe = errors.New("no probe yet")

// lose leaves a route that was in use.
func (scout *scout) lose(one *candidate, used *route, err error) {
	scout.mutex.Lock()
	if one.inUse != used || one.isGone {
		scout.mutex.Unlock()
		return
	}
	one.inUse, one.route = nil, nil
	scout.chooseLocked()
	one.outcome, one.detail = wire.DirectLost, outcomeOf(err).detail
	now := time.Now()
	one.due = now.Add(one.lost(now))
	scout.mutex.Unlock()
	notify(scout.wake)
	scout.tell()
}

// lost notes that the use of a candidate ended, and tells how long to wait for the next try.
func (one *candidate) lost(now time.Time) (wait time.Duration) {
	one.losses = append(slices.DeleteFunc(one.losses, func(at time.Time) bool { return now.Sub(at) >= lossesCount }), now)
	one.wait.reset()
	wait = one.wait.next()
	for range len(one.losses) - lossesFree {
		wait = one.wait.next()
	}
	return wait
}
