package engine

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

const (
	tablesAge   = 30 * time.Second // of rules and routes that no event told of
	maxWithin   = 16               // addresses that are looked up for parts of a range
	maxProbes   = 8                // ranges that are probed in one check
	portOfProbe = 443              // where no target of the range is known: what firewalls of laptops let out most
)

// reachLaptop is the laptop's side of the reach check: the interface, the kernel's way, its packet filters. It is for
// one goroutine.
type reachLaptop struct {
	connection *connection

	// Addresses of parts of ranges that somebody else has a route or a rule for.
	within   map[netip.Prefix][]netip.Addr
	readAt   time.Time
	rotation int // of ranges to be probed
}

// check makes the checks. What hangs on one that failed does not run.
func (laptop *reachLaptop) check(ctx context.Context, targets wire.ReachTargets, contested []string) []wire.ReachCheck {
	connection := laptop.connection
	connection.mutex.Lock()
	opened, routed, path := connection.tun, routedOf(connection.routes), connection.path
	areNamesOn := connection.names != nil && connection.names.Mode != "off"
	connection.mutex.Unlock()
	kernel := connection.config.Kernel
	if kernel == nil || opened.Interface == "" {
		return laptop.leaveOut(opened.Interface, routed)
	}
	state, err := kernel.Interface(opened.Index)
	name := opened.Interface
	if err == nil {
		name = state.Name
	}
	checks := []wire.ReachCheck{verdictOn(wire.ReachInterface, name, interfaceProblem(name, state, err, path.laptop.All()))}
	if checks[0].Problem != nil {
		return append(checks, laptop.leaveOut(name, routed)[1:]...)
	}
	laptop.readParts(kernel, routed, opened.Index, len(contested) > 0)
	var clear []netip.Prefix // ranges whose way is ours
	for _, prefix := range routed {
		problem := laptop.wayProblem(kernel, prefix, opened.Index, contested)
		checks = append(checks, verdictOn(wire.ReachRoute, prefix.String(), problem))
		if problem == nil {
			clear = append(clear, prefix)
		}
	}
	probed := laptop.toProbe(clear, targets)
	if areNamesOn {
		if way, err := kernel.Way(path.resolver); err == nil && way.Index == opened.Index {
			probed = append(probed, probe{"udp", netip.AddrPortFrom(path.resolver, dnsPort)})
		}
	}
	return append(checks, probeAll(ctx, connection, name, probed))
}

// leaveOut is what is told where nothing could be asked.
func (laptop *reachLaptop) leaveOut(name string, routed []netip.Prefix) []wire.ReachCheck {
	checks := []wire.ReachCheck{notRun(wire.ReachInterface, name)}
	for _, prefix := range routed {
		checks = append(checks, notRun(wire.ReachRoute, prefix.String()))
	}
	return append(checks, notRun(wire.ReachFirewall, ""))
}

func interfaceProblem(name string, state InterfaceState, err error, wanted []netip.Addr) *wire.Problem {
	facts := map[string]string{"interface": name}
	var problem *wire.Problem
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem = wire.CauseInterfaceGone.Problem(wire.CodeInterfaceLost, "interface", name)
	case err != nil:
		problem = &wire.Problem{Code: wire.CodeInternal, Cause: err.Error()}
	case !state.IsUp:
		problem = wire.CauseInterfaceIsDown.Problem(wire.CodeInterfaceDown, "interface", name)
	default:
		for _, address := range wanted {
			if !slices.Contains(state.Addresses, address) {
				problem = wire.CauseInterfaceNoAddress.Problem(wire.CodeInterfaceDown, "interface", name, "address", address)
			}
		}
	}
	if problem != nil {
		problem.Facts = facts
	}
	return problem
}

// readParts looks which parts of the ranges somebody else has routes or rules for, where that may have changed.
func (laptop *reachLaptop) readParts(kernel Kernel, routed []netip.Prefix, own int, isContested bool) {
	isKnown := len(laptop.within) == len(routed)
	for _, prefix := range routed {
		if _, known := laptop.within[prefix]; !known {
			isKnown = false
		}
	}
	if isKnown && !isContested && time.Since(laptop.readAt) < tablesAge {
		return
	}
	laptop.within, laptop.readAt = map[netip.Prefix][]netip.Addr{}, time.Now()
	tables := map[bool]routelookup.Tables{} // by whether it is IPv6
	for _, prefix := range routed {
		is6 := prefix.Addr().Is6()
		if _, known := tables[is6]; !known {
			read, err := kernel.Tables(prefix.Addr())
			if err != nil {
				laptop.connection.config.Log.Warn("rules and routes could not be read", "error", err)
			}
			tables[is6] = read
		}
		laptop.within[prefix] = tables[is6].Within(prefix, own, maxWithin)
	}
}

// wayProblem looks up addresses of a range, and explains the first that does not go into the interface own.
func (laptop *reachLaptop) wayProblem(kernel Kernel, prefix netip.Prefix, own int, contested []string) *wire.Problem {
	for _, address := range slices.Concat(routelookup.Samples(prefix), laptop.within[prefix]) {
		way, err := kernel.Way(address)
		if err != nil {
			laptop.connection.config.Log.Warn("a way could not be looked up", "error", err)
			continue
		}
		if way.Index == own {
			continue
		}
		laptop.within = nil // somebody came; what else of theirs lies in the ranges is looked for next time
		return laptop.taken(kernel, prefix, address, way, contested)
	}
	return nil
}

func (laptop *reachLaptop) taken(kernel Kernel, prefix netip.Prefix, address netip.Addr, way routelookup.Way, contested []string) *wire.Problem {
	var reason routelookup.Reason
	if tables, err := kernel.Tables(address); err == nil {
		reason = tables.Why(address, kernel.User(), way)
	}
	var problem *wire.Problem
	code := wire.CodeRouteTaken
	switch {
	case slices.Contains(contested, prefix.String()):
		problem = wire.CauseRouteContested.Problem(code, "prefix", prefix)
	case reason.Rule != "" && way.Nowhere != "":
		problem = wire.CauseNowhereByRule.Problem(code, "address", address, "rule", reason.Rule)
	case reason.Rule != "":
		problem = wire.CauseRouteByRule.Problem(code, "address", address, "interface", way.Interface, "rule", reason.Rule)
	case !reason.Route.IsValid():
		problem = wire.CauseNoRouteAtAll.Problem(code, "address", address)
	case way.Nowhere != "":
		problem = wire.CauseNowhereByRoute.Problem(code, "address", address, "kind", way.Nowhere, "route", reason.Route, "table", reason.Table)
	default:
		problem = wire.CauseRouteByRoute.Problem(code, "address", address, "interface", way.Interface, "route", reason.Route, "table", reason.Table)
	}
	problem.Facts = map[string]string{
		"prefix": prefix.String(), "address": address.String(), "interface": way.Interface, "table": reason.Table, "rule": reason.Rule,
	}
	return problem
}

// probe is a packet that must come out of the TUN.
type probe struct {
	network string
	target  netip.AddrPort
}

// toProbe chooses a target in each range, in turns where there are many: one that the core named, as programs would go
// there, else any host of the range.
func (laptop *reachLaptop) toProbe(ranges []netip.Prefix, targets wire.ReachTargets) (chosen []probe) {
	named := addressesOf(slices.Concat(targets.Services, targets.Pods, targets.LocalPods))
	for turn := range min(len(ranges), maxProbes) {
		prefix := ranges[(laptop.rotation+turn)%len(ranges)]
		target := netip.AddrPortFrom(routelookup.FirstHost(prefix), portOfProbe)
		for _, each := range named {
			if prefix.Contains(each.Addr()) {
				target = each
				break
			}
		}
		chosen = append(chosen, probe{"tcp", target})
	}
	laptop.rotation += len(chosen)
	return chosen
}

func addressesOf(texts []string) (addresses []netip.AddrPort) {
	for _, text := range texts {
		if address, err := netip.ParseAddrPort(text); err == nil {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// probeAll sends all probes at once and judges the first that fails.
func probeAll(ctx context.Context, connection *connection, interfaceName string, probes []probe) wire.ReachCheck {
	if len(probes) == 0 {
		return notRun(wire.ReachFirewall, "")
	}
	problems := make([]*wire.Problem, len(probes))
	var running sync.WaitGroup
	for index, each := range probes {
		running.Go(func() { problems[index] = each.send(ctx, connection, interfaceName) })
	}
	running.Wait()
	for index, problem := range problems {
		if problem != nil {
			return verdictOn(wire.ReachFirewall, probes[index].target.String(), problem)
		}
	}
	return verdictOn(wire.ReachFirewall, probes[0].target.String(), nil)
}

// send tells what became of a probe and of its answer. A SYN that the kernel drops is no error for connect(2), so a
// datagram is sent after it, for which it is (EPERM, sendto of a packet that a rule drops).
func (probe probe) send(ctx context.Context, connection *connection, interfaceName string) *wire.Problem {
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
	facts := map[string]string{"interface": interfaceName, "address": probe.target.String()}
	var problem *wire.Problem
	switch {
	case came:
		problem = wire.CauseProbeUnanswered.Problem(wire.CodePacketsDropped, "address", probe.target, "interface", interfaceName)
	case number != 0:
		problem = wire.CauseProbeRefused.Problem(wire.CodePacketsDropped, "address", probe.target, "reason", number)
	default:
		problem = wire.CauseProbeLost.Problem(wire.CodePacketsDropped, "address", probe.target, "interface", interfaceName)
	}
	problem.Facts = facts
	return problem
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
