package engine

import (
	"slices"

	"slipway/native/internal/wire"
)

// wantLocked has the agent asked to listen while there is a candidate that may be tried, and no longer.
func (scout *scout) wantLocked() {
	isWanted := slices.ContainsFunc(scout.candidates, func(one *candidate) bool { return one.mayTry })
	if isWanted != scout.isWanted {
		scout.isWanted = isWanted
		notify(scout.set.client.renewNow)
	}
}

// wants tells whether the agent shall listen.
func (scout *scout) wants() bool {
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	return scout.isWanted
}

// listens tells whether the agent does.
func (scout *scout) listens() bool {
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	return scout.isListening
}

// mayListen tells whether the agent was asked to listen and has not said since that it does not: by a control stream before
// this one, say, that ended before it could take the wish back.
func (scout *scout) mayListen() bool {
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	return scout.isLeftOpen
}

func (scout *scout) setMayListen(mayListen bool) {
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	scout.isLeftOpen = mayListen
}

// tell tells the observer which way is taken, and what came of the candidates.
func (scout *scout) tell() {
	scout.set.client.observing.Lock()
	defer scout.set.client.observing.Unlock()
	if !scout.set.client.isOf(scout.set) {
		return
	}
	scout.set.client.observer.path(scout.state())
}

func (scout *scout) state() *wire.PathEvent {
	chosen, _ := scout.set.routing.get()
	roundTrip, _ := scout.set.health.express()
	event := &wire.PathEvent{Path: wire.PathAPIServer, RoundTripMicroseconds: roundTrip.Microseconds(), Tried: []wire.DirectTried{}}
	if chosen != nil {
		used := chosen.candidate
		event.Path, event.Candidate, event.MTU = wire.PathDirect, &used, chosen.mtu
		event.RoundTripMicroseconds = chosen.roundTrip.Microseconds()
	}
	scout.mutex.Lock()
	defer scout.mutex.Unlock()
	for _, one := range scout.candidates {
		outcome, detail := one.outcome, one.detail
		if outcome == "" && one.mayTry && scout.because != "" {
			outcome, detail = wire.DirectUnreachable, scout.because
		}
		if outcome != "" {
			event.Tried = append(event.Tried, wire.DirectTried{Kind: one.Kind, Host: one.Host, Port: one.Port, Outcome: outcome, Detail: detail})
		}
	}
	return event
}
