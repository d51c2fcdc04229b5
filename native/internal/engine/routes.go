package engine

import (
	"context"
	"net/netip"
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
	input := wire.RoutesInput{Ranges: connection.command.Ranges, Protected: addresses}
	decided, err := connection.helper.SetRoutes(call, input)
	if err != nil {
		connection.config.Log.Error("the API server's other addresses could not be protected", "error", err)
		return
	}
	connection.mutex.Lock()
	isNews := !slices.Equal(decided.Decisions, connection.routes)
	connection.mutex.Unlock()
	if isNews {
		connection.reroute(decided.Decisions)
	}
}

// isAsked tells whether the helper was asked for routes.
func (connection *connection) isAsked() bool {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	return connection.routes != nil
}

// reroute follows other decisions than those that were told. The caller holds routing.
func (connection *connection) reroute(decisions []wire.RouteDecision) {
	connection.route(decisions)
	connection.reach.touch()
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	if connection.isReady { // until then they come with ready
		connection.send(wire.EngineEvent{Event: wire.EventRoutes, Routes: &wire.RoutesEvent{Decisions: decisions}})
	}
	// Reverse zones follow the ranges; and the way to the tunnel's resolver may be what has gone, or come back.
	if connection.names != nil && connection.command.Names {
		go connection.setNames(context.Background())
	}
}

// route lets packets and reverse zones follow the routes that are in force. The caller holds routing.
func (connection *connection) route(decisions []wire.RouteDecision) {
	routed := routedOf(decisions)
	connection.path.setRanges(routed)
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.routes = decisions
	connection.resolve(func(inputs *resolver.Inputs) { inputs.Routed = routed })
}

func routedOf(decisions []wire.RouteDecision) []netip.Prefix {
	var routed []netip.Prefix
	for _, decision := range decisions {
		if prefix, err := netip.ParsePrefix(decision.Prefix); err == nil && decision.IsRouted() {
			routed = append(routed, prefix)
		}
	}
	return routed
}
