package engine

import (
	"context"
	"reflect"
	"slices"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// routesChanged takes what the helper decided anew: ranges were withdrawn, because the laptop's own network needs them
// now, or are taken back. They are in force already.
func (connection *connection) routesChanged(decided wire.RouteDecisions) {
	connection.routing.Lock()
	defer connection.routing.Unlock()
	if connection.isAsked() {
		connection.reroute(decided.Decisions)
	}
}

// protect keeps other addresses than before out of the routes: the API server's, as it is reached from the network that
// the laptop is in now.
func (connection *connection) protect(addresses []string) {
	connection.routing.Lock()
	defer connection.routing.Unlock()
	connection.command.Protected = addresses
	if !connection.isAsked() {
		return // it goes with the first
	}
	call, cancel := context.WithTimeout(context.Background(), connection.config.Timing.HelperCall)
	defer cancel()
	decided, err := connection.helper.SetRoutes(call, connection.wantedRoutes())
	if err != nil {
		connection.config.Log.Error("the API server's other addresses could not be protected", "error", err)
		return
	}
	connection.route(decided.Decisions, false)
}

func (connection *connection) wantedRoutes() wire.RoutesInput {
	command := connection.command
	return wire.RoutesInput{Ranges: command.Ranges, Protected: command.Protected, Nodes: command.Nodes}
}

// isAsked tells whether the helper was asked for routes.
func (connection *connection) isAsked() bool {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	return connection.routes != nil
}

// reroute follows what the helper decided anew because the laptop changed. The caller holds routing.
func (connection *connection) reroute(decisions []wire.RouteDecision) {
	connection.route(decisions, true)
	connection.reach.touch()
}

// route lets packets, names and the core follow the routes that are in force: where they are no others than before, only
// if somebody must hear it all the same. The caller holds routing.
func (connection *connection) route(decisions []wire.RouteDecision, isToldAnyway bool) {
	ranges := rangesOf(decisions, connection.toldHosts)
	reverse := reverseOf(decisions, ranges)
	mapped := connection.mappingOf(partsOf(ranges))
	connection.path.setMapping(mapped)
	connection.path.setRanges(ranges)
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	isNews := isToldAnyway || !reflect.DeepEqual(decisions, connection.routes)
	isOtherZone := isToldAnyway || !slices.Equal(reverse, connection.reverse) // or the way to the tunnel's resolver changed
	connection.routes, connection.ranges, connection.reverse = decisions, ranges, reverse
	connection.resolve(func(inputs *resolver.Inputs) { inputs.Routed, inputs.Mapping = partsOf(ranges), mapped })
	if isNews && connection.isReady { // until then they come with ready
		connection.send(wire.EngineEvent{Event: wire.EventRoutes, Routes: &wire.RoutesEvent{Decisions: decisions}})
	}
	if isOtherZone && connection.names != nil && connection.command.Names {
		go connection.setNames(context.Background())
	}
}
