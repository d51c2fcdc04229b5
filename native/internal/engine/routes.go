package engine

import (
	"context"
	"net/netip"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// routesChanged takes what the helper decided anew: ranges were withdrawn, because the laptop's own network needs them
// now, or are taken back. They are in force already.
func (connection *connection) routesChanged(decided wire.RouteDecisions) {
	connection.routing.Lock()
	defer connection.routing.Unlock()
	connection.mutex.Lock()
	isRouted := connection.routes != nil
	connection.mutex.Unlock()
	if !isRouted {
		return // nothing was asked for yet
	}
	connection.route(decided.Decisions)
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	if connection.isReady { // until then they come with ready
		connection.send(wire.EngineEvent{Event: wire.EventRoutes, Routes: &wire.RoutesEvent{Decisions: decided.Decisions}})
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
