package engine

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"

	"slipway/native/internal/gate"
	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

const (
	maxProbes   = 8   // ranges that are probed in one check
	portOfProbe = 443 // where no target of the range is known: what firewalls of laptops let out most
)

// probe is a packet that must come out of the TUN.
type probe struct {
	network string
	target  netip.AddrPort
}

// toProbe chooses a target in each range, in turns where there are many: one that the core named, as programs would go
// there, else any host of the range.
func (laptop *reachLaptop) toProbe(ranges []gate.Range, targets wire.ReachTargets) (chosen []probe) {
	named := addressesOf(slices.Concat(targets.Services, targets.Pods, targets.LocalPods))
	for turn := range min(len(ranges), maxProbes) {
		one := ranges[(laptop.rotation+turn)%len(ranges)]
		target := netip.AddrPortFrom(routelookup.FirstHost(one.Parts[0]), portOfProbe)
		for _, each := range named {
			if holds(one, each.Addr()) {
				target = each
				break
			}
		}
		chosen = append(chosen, probe{"tcp", target})
	}
	laptop.rotation += len(chosen)
	return chosen
}

// failure is what became of a probe that did not pass.
type failure struct {
	probe    probe
	came     bool          // it came out of the TUN: the answer is what is missing
	number   syscall.Errno // of a refusal; 0 where there was none
	shortage *wire.Problem // what this computer has no more of, where that is why
}

// probeAll sends all probes at once and judges the first that fails.
func probeAll(ctx context.Context, connection *connection, own int, interfaceName string, probes []probe) wire.ReachCheck {
	if len(probes) == 0 {
		return notRun(wire.ReachFirewall, "")
	}
	failures := make([]*failure, len(probes))
	var running sync.WaitGroup
	for index, each := range probes {
		running.Go(func() { failures[index] = each.send(ctx, connection) })
	}
	running.Wait()
	isAstray := false
	for index, failed := range failures {
		if failed == nil {
			continue
		}
		// Who roams loses routes in the middle of a probe. Then it is the next check's to say where packets go.
		if way, err := connection.config.Kernel.Way(probes[index].target.Addr()); err == nil && way.Index != own {
			isAstray = true
			continue
		}
		return verdictOn(wire.ReachFirewall, probes[index].target.String(), failed.problem(ctx, connection, interfaceName))
	}
	if isAstray {
		connection.reach.touch()
		return notRun(wire.ReachFirewall, "")
	}
	return verdictOn(wire.ReachFirewall, probes[0].target.String(), nil)
}

// send tells what became of a probe and of its answer. A SYN that the kernel drops is no error for connect(2), so a
// datagram is sent after it, for which it is (EPERM, sendto of a packet that a rule drops).
func (probe probe) send(ctx context.Context, connection *connection) *failure {
	came, err := probe.try(ctx, connection)
	var number syscall.Errno
	if !probe.hasPassed(came, err) && (came || !errors.As(err, &number)) {
		came, err = probe.try(ctx, connection) // a laptop without a moment for us is no firewall
	}
	if probe.hasPassed(came, err) || ctx.Err() != nil {
		return nil
	}
	number = 0
	if !came && !errors.As(err, &number) && probe.network == "tcp" {
		datagram := probe
		datagram.network = "udp"
		if passed, sent := datagram.try(ctx, connection); !passed && errors.As(sent, &number) {
			err = sent
		}
	}
	return &failure{probe, came, number, exhaustion(err)}
}

// problem says why, with the chains that may have dropped the probe or its answer.
func (failure failure) problem(ctx context.Context, connection *connection, interfaceName string) *wire.Problem {
	target := failure.probe.target
	facts := map[string]string{"interface": interfaceName, "address": target.String()}
	problem := failure.shortage
	if problem == nil {
		plain, named, values := wire.CauseProbeLost, wire.CauseProbeLostBy, []any{"address", target, "interface", interfaceName}
		switch {
		case failure.came:
			plain, named = wire.CauseProbeUnanswered, wire.CauseProbeUnansweredBy
		case failure.number != 0:
			plain, named, values = wire.CauseProbeRefused, wire.CauseProbeRefusedBy, []any{"address", target, "reason", failure.number}
		}
		if chains := chainsThatDrop(ctx, connection, failure.came); chains != "" {
			facts["chains"] = chains
			plain, values = named, append(values, "chains", chains)
		}
		problem = plain.Problem(wire.CodePacketsDropped, values...)
	}
	problem.Facts = facts
	return problem
}

// chainsThatDrop names what may have dropped a probe, or its answer; empty where nothing is known.
func chainsThatDrop(ctx context.Context, connection *connection, isIncoming bool) string {
	ctx, cancel := context.WithTimeout(ctx, connection.config.Timing.Probe)
	defer cancel()
	found, err := connection.helper.Filters(ctx)
	if err != nil {
		connection.config.Log.Warn("packet filters could not be read", "error", err)
	}
	var names []string
	for _, chain := range found.Chains {
		if chain.Incoming == isIncoming {
			names = append(names, chain.Chain+" ("+chain.Why+")")
		}
	}
	return strings.Join(names, ", ")
}

// hasPassed tells whether the probe came out of the TUN, and its answer back.
func (probe probe) hasPassed(came bool, err error) bool {
	return came && (err == nil || probe.network == "tcp" && errors.Is(err, syscall.ECONNREFUSED))
}

func (probe probe) try(ctx context.Context, connection *connection) (came bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, connection.config.Timing.Probe)
	defer cancel()
	protocol := packet.TCP
	if probe.network == "udp" {
		protocol = packet.UDP
	}
	arrived, forget := func() bool { return false }, func() {}
	err = connection.config.Kernel.Probe(ctx, probe.network, probe.target, func(port uint16) {
		arrived, forget = connection.path.probes.expect(probeFlow{protocol, port, probe.target})
	})
	defer func() { forget() }()
	return arrived(), err
}

// exhaustion tells what this computer has no more of, where that is why a socket could not be made, bound or connected
// (socket(2), bind(2), connect(2), send(2), "ERRORS"); nil where it is something else. No firewall gives such errors.
func exhaustion(err error) *wire.Problem {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return nil
	}
	var cause wire.Cause
	switch number {
	case syscall.EMFILE:
		cause = wire.CauseNoDescriptors
	case syscall.ENFILE:
		cause = wire.CauseNoSystemFiles
	case syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAGAIN:
		cause = wire.CauseNoPort
	case syscall.ENOBUFS, syscall.ENOMEM:
		cause = wire.CauseNoMemory
	default:
		return nil
	}
	return cause.Problem(wire.CodeComputerExhausted, "reason", number)
}
