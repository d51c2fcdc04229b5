package engine

import (
	"context"
	"net/netip"

	"slipway/native/internal/wire"
)

func decide(input wire.RoutesInput) wire.RouteDecisions {
	var decided wire.RouteDecisions
	for _, wanted := range input.Ranges {
		decision := wire.RouteDecision{Prefix: wanted.Prefix, Decision: wire.DecisionRouted}
		if wanted.Prefix == "192.168.0.0/16" {
			decision.Decision, decision.Reason = wire.DecisionRefused, "own-subnet"
			decision.Conflict, decision.Interface = "192.168.1.0/24", "eth0"
		}
		for _, address := range input.Protected {
			if netip.MustParsePrefix(wanted.Prefix).Contains(netip.MustParseAddr(address)) {
				decision.Decision, decision.Reason, decision.Conflict = wire.DecisionRefused, "protected", address
			}
		}
		decided.Decisions = append(decided.Decisions, decision)
	}
	return decided
}

func (laptop *fakeLaptop) CheckRoutes(_ context.Context, input wire.RoutesInput) (wire.RouteDecisions, error) {
	return decide(input), laptop.note("checkRoutes")
}

func (laptop *fakeLaptop) SetRoutes(_ context.Context, input wire.RoutesInput) (wire.RouteDecisions, error) {
	err := laptop.note("setRoutes")
	if err == nil {
		laptop.set("routes")
	}
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	laptop.decided = decide(input)
	return laptop.decided, err
}

// SetHosts keeps what it is told and answers as SetRoutes did: a test tells what narrowing makes of it.
func (laptop *fakeLaptop) SetHosts(_ context.Context, input wire.HostsInput) (wire.RouteDecisions, error) {
	err := laptop.note("setHosts")
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	if err == nil {
		_, err = laptop.hosts.Take(input)
	}
	return laptop.decided, err
}
