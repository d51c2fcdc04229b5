package engine

import (
	"context"
	"reflect"
	"slices"
	"time"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// follow goes on for as long as the connection lives: counters each second, and the laptop's own changes.
func (connection *connection) follow(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	changes, routes := connection.helper.HostChanged(), connection.helper.RoutesChanged()
	touches := connection.helper.NetworkTouched()
	for {
		select {
		case <-ctx.Done():
			return
		case host, ok := <-changes:
			if !ok {
				changes = nil
				continue
			}
			connection.hostChanged(host)
		case decided, ok := <-routes:
			if !ok {
				routes = nil
				continue
			}
			connection.routesChanged(decided)
		case upkeep, ok := <-touches:
			if !ok {
				touches = nil
				continue
			}
			connection.agent.moved()
			connection.reach.takeUpkeep(upkeep)
			connection.namesContested(upkeep.Names)
		case <-ticker.C:
			connection.count()
		}
	}
}

func (connection *connection) count() {
	connection.mutex.Lock()
	path, isReady := connection.path, connection.isReady
	connection.mutex.Unlock()
	if path == nil {
		return
	}
	path.tick()
	connection.refusals.tick(connection.config.Log, path)
	if connection.turnedAway.tick(path.gate.TurnedAway()) {
		connection.agent.askRefusals()
	}
	if connection.stale.isDue() {
		go connection.flushNames()
	}
	if isReady {
		counters := path.counters()
		counters.Refused = connection.agent.refusals()
		counters.RoundTripMicroseconds = connection.agent.roundTrip().Microseconds()
		connection.offer(wire.EngineEvent{Event: wire.EventCounters, Counters: &counters})
	}
}

// hostChanged follows the laptop to other networks: other nameservers, and streams that may have lost their way.
func (connection *connection) hostChanged(host wire.HostInspection) {
	connection.agent.revalidate()
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	otherDomains := !slices.Equal(host.Domains, connection.inputs.HostDomains)
	connection.resolve(func(inputs *resolver.Inputs) {
		inputs.HostDomains, inputs.Upstreams, inputs.Options = host.Domains, upstreams(host.Upstreams), host.Options
	})
	if otherDomains && connection.names != nil && connection.command.Names {
		go connection.setNames(context.Background()) // the policy decides anew, here and in the helper
	}
	if slices.Equal(host.Upstreams, connection.upstreams) {
		return
	}
	connection.upstreams = host.Upstreams
	if connection.names != nil {
		changed := *connection.names
		changed.Upstreams = notNil(host.Upstreams)
		connection.names = &changed
		connection.sendNamesLocked()
	}
}

// resolve gives the answerer other inputs: what edit makes of those it has. The caller holds the mutex.
func (connection *connection) resolve(edit func(*resolver.Inputs)) {
	edit(&connection.inputs)
	if connection.answerer != nil {
		connection.answerer.Set(connection.inputs)
	}
}

// setScope takes other namespaces, or another home.
func (connection *connection) setScope(scope wire.NameScope) {
	connection.mutex.Lock()
	connection.resolve(func(inputs *resolver.Inputs) { inputs.Scope = scope })
	inForce := connection.names != nil && connection.command.Names
	connection.mutex.Unlock()
	if inForce {
		go connection.setNames(context.Background()) // in the order of its own lock, with what is newest then
	}
}

// servicesChanged is told what became of Services.
func (connection *connection) servicesChanged(change serviceChange) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	if connection.path == nil {
		return // build asks for all of them
	}
	connection.path.pings.Change(change.services, change.whole)
	take := connection.answerer.ChangeServices
	if change.whole {
		take = connection.answerer.SetServices
	}
	if take(change.named()) {
		connection.stale.mark()
	}
}

// setNames puts what the resolver wants in force on the laptop, and again where that changed meanwhile. What the helper cannot do
// is told, not fatal.
func (connection *connection) setNames(ctx context.Context) {
	connection.naming.Lock()
	defer connection.naming.Unlock()
	for isCurrent := false; !isCurrent && ctx.Err() == nil; {
		isCurrent = connection.setNamesOnce(ctx)
	}
}

// setNamesOnce tells whether what it put in force is still what is wanted.
func (connection *connection) setNamesOnce(ctx context.Context) (isCurrent bool) {
	wanted := func() (wire.NamesInput, []wire.NameRefusal) {
		return namesInput(connection.answerer, connection.path.resolver, connection.inputs, connection.reverse)
	}
	connection.mutex.Lock()
	input, refused := wanted()
	connection.mutex.Unlock()
	call, cancel := context.WithTimeout(ctx, connection.config.Timing.HelperCall)
	defer cancel()
	inForce, err := connection.helper.SetNames(call, input)
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	var event wire.NamesEvent
	if err != nil {
		problem := asProblem(err, wire.CodeResolverUnset)
		if problem.Code != wire.CodeResolverUnset {
			problem = unset(problem)
		}
		event = namesOff(connection.path.resolver, connection.upstreams, problem)
	} else {
		event = namesEvent(input, refused, inForce)
		connection.upstreams = inForce.Upstreams
		connection.resolve(func(inputs *resolver.Inputs) { inputs.Upstreams = upstreams(inForce.Upstreams) })
	}
	connection.names = &event
	connection.sendNamesLocked()
	now, _ := wanted()
	return reflect.DeepEqual(now, input)
}

// namesContested tells that resolv.conf is left to somebody who keeps rewriting it, and when it no longer is.
func (connection *connection) namesContested(contest wire.Contest) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	if connection.names == nil {
		return
	}
	problem := connection.names.Problem
	isTold := problem != nil && problem.Code == wire.CodeNamesContested
	changed := *connection.names
	switch {
	case contest.Times > 0 && problem == nil:
		changed.Problem = wire.CauseNamesContested.Problem(wire.CodeNamesContested,
			"times", contest.Times, "within", contest.WithinSeconds, "alone", contest.AloneSeconds)
	case contest.Times == 0 && isTold:
		changed.Problem = nil
	default:
		return
	}
	connection.names = &changed
	connection.sendNamesLocked()
}

// unset says why names could not be set where that is another problem of the helper's.
func unset(because *wire.Problem) *wire.Problem {
	problem := &wire.Problem{Code: wire.CodeResolverUnset, Cause: because.Error()}
	if because.Code == wire.CodeRouteRefused && because.Facts["interface"] != "" {
		problem = wire.CauseResolverAstray.Problem(wire.CodeResolverUnset, "interface", because.Facts["interface"])
	}
	problem.Facts = because.Facts
	return problem
}

func (connection *connection) sendNamesLocked() {
	if connection.isReady { // until then they come with ready
		connection.send(wire.EngineEvent{Event: wire.EventNames, Names: connection.names})
	}
}

func (connection *connection) alive(roundTrip time.Duration) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.isUp = true
	connection.resolve(func(inputs *resolver.Inputs) { inputs.ClusterUp = true })
	connection.reach.again()
	if connection.isReady {
		connection.sendTunnel("up", roundTrip, 0, nil)
	}
}

func (connection *connection) silent(because *wire.Problem, attempt int) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.isUp = false
	connection.resolve(func(inputs *resolver.Inputs) { inputs.ClusterUp = false })
	connection.reach.again()
	if connection.isReady {
		connection.sendTunnel("down", 0, attempt, because)
	}
}

func (connection *connection) agentLost(because *wire.Problem) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	if connection.isReady { // before that, connect fails with the same problem
		connection.send(wire.EngineEvent{Event: wire.EventAgentLost, Problem: because})
	}
}

// forgetAgent resets what is open through an agent that is gone for good. What asks for a connection goes on asking: another
// agent may answer it.
func (connection *connection) forgetAgent() {
	connection.agent.forget()
	connection.path.terminator.Lose()
}

// tellState sends what happened to the tunnel between verify and ready.
func (connection *connection) tellState() {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	lastError, isLost := connection.agent.state()
	switch {
	case connection.isUp:
		connection.sendTunnel("up", connection.agent.roundTrip(), 0, nil)
	case isLost:
		connection.send(wire.EngineEvent{Event: wire.EventAgentLost, Problem: lastError})
	default:
		connection.sendTunnel("down", 0, 1, lastError)
	}
}

func (connection *connection) sendTunnel(state string, roundTrip time.Duration, attempt int, because *wire.Problem) {
	connection.send(wire.EngineEvent{Event: wire.EventTunnel, Tunnel: &wire.TunnelEvent{
		State: state, Path: connection.agent.carrierName(), RoundTripMicroseconds: roundTrip.Microseconds(), Attempt: attempt, Because: because,
	}})
}
