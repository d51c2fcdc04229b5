package engine

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/gate"
	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// Steps of connect, in order. Each failure undoes everything before it.
const (
	stepPrepare = "prepare"
	stepTunnel  = "tunnel"
	stepRoutes  = "routes"
	stepNames   = "names"
	stepVerify  = "verify"
)

// connection is everything between connect and stop: the session with the agent, packet path, names, and what the helper did for it.
type connection struct {
	config    Config
	command   wire.ConnectCommand
	helper    Helper
	send      func(wire.EngineEvent)
	offer     func(wire.EngineEvent) bool // what the next one replaces anyway; false: it was not taken
	fatal     func(*wire.Problem)         // the laptop's side broke; at most a few calls
	agent     *agentClient
	living    context.Context // until close
	cancel    context.CancelFunc
	following sync.WaitGroup
	reach     *reach
	ways      *ways
	services  *serviceList
	hosts     *hostList
	closing   atomic.Bool    // the TUN goes because it was asked to
	virtual   *withoutHelper // nil where the laptop has an interface

	mutex      sync.Mutex
	path       *path // from the first registration on, as the three below
	answerer   *resolver.Resolver
	server     *nameserver
	facts      wire.AgentFacts
	inputs     resolver.Inputs // what the answerer has, or will begin with
	upstreams  []string
	routes     []wire.RouteDecision
	ranges     []gate.Range   // what they put in force
	reverse    []netip.Prefix // whose names are the cluster's: wide parts first, without narrowed ranges
	tun        wire.TunOpened
	names      *wire.NamesEvent
	proxied    *proxied // nil where programs come by an interface
	isReady    bool
	isUp       bool
	naming     sync.Mutex // orders setNames
	refusals   refusals   // of follow's goroutine
	turnedAway turnedAway // the same
	stale      stale
	routing    sync.Mutex              // orders what the helper says of routes; taken before mutex
	toldHosts  map[netip.Addr]struct{} // that the helper knows; of routing's holder
	watching   sync.Mutex              // guards unwatch
	unwatch    func()                  // nil while nobody watches flows
}

// newConnection begins the session; establish goes on from there, and close ends it in every case.
func newConnection(config Config, command wire.ConnectCommand, helper Helper, host wire.HostInspection, services *serviceList, hosts *hostList, carriers carriers, link *link, fatal func(*wire.Problem)) (*connection, error) {
	connection := &connection{
		config: config, command: command, helper: helper, send: link.send, offer: link.offer, fatal: fatal,
		services: services, hosts: hosts, upstreams: host.Upstreams,
		inputs: resolver.Inputs{
			Scope: command.Scope, HostDomains: host.Domains, Upstreams: upstreams(host.Upstreams), Options: host.Options,
		},
	}
	if virtual, isVirtual := helper.(*withoutHelper); isVirtual {
		connection.virtual = virtual
		connection.config.Kernel = nil // it carries nothing of this
	}
	connection.reach = newReach(connection)
	connection.ways = newWays(connection)
	agent, err := newAgentClient(config, carriers, command, connection.receive, connection.refuses, agentObserver{
		registered: connection.registered, alive: connection.alive, silent: connection.silent, agentLost: connection.agentLost,
		path: connection.ways.pathChanged,
	})
	if err != nil {
		return nil, err
	}
	connection.agent = agent
	ctx, cancel := context.WithCancel(context.Background())
	connection.living, connection.cancel = ctx, cancel
	agent.start(ctx)
	connection.following.Add(1)
	go func() {
		defer connection.following.Done()
		connection.follow(ctx)
	}()
	return connection, nil
}

// establish takes the steps of connect. It returns the event that answers the command: ready, or the step that failed
// with its problem; then the caller closes the connection.
func (connection *connection) establish(ctx context.Context) (*wire.ReadyEvent, string, error) {
	for _, step := range []struct {
		name string
		take func(context.Context) error
	}{
		{stepTunnel, connection.raiseTunnel},
		{stepRoutes, connection.setRoutes},
		{stepNames, connection.setFirstNames},
		{stepVerify, connection.verify},
	} {
		connection.send(wire.EngineEvent{Event: wire.EventStep, Step: &wire.StepEvent{Step: step.name}})
		started := time.Now()
		if err := step.take(ctx); err != nil {
			if cause := context.Cause(ctx); ctx.Err() != nil && cause != nil {
				err = cause
			}
			return nil, step.name, err
		}
		connection.config.Log.Info("step done", "step", step.name, "milliseconds", time.Since(started).Milliseconds())
	}
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.isReady = true
	return &wire.ReadyEvent{
		Interface: connection.tun.Interface, MTU: interfaceMTU, Path: connection.agent.carrierName(), Routes: connection.routes,
		Names: connection.names, Proxy: connection.proxyEventLocked(), Agent: connection.facts, Addresses: connection.agent.registered().ends(),
	}, "", nil
}

func (connection *connection) raiseTunnel(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connection.config.Timing.Establish)
	defer cancel()
	return connection.agent.established(ctx)
}

func (connection *connection) setRoutes(ctx context.Context) error {
	path := connection.path // the tunnel is up: it is there, and stays
	if _, problem := wantedMapping(connection.command.Ranges, connection.command.Mappings); problem != nil {
		return problem
	}
	call, cancel := context.WithTimeout(ctx, connection.config.Timing.HelperCall)
	defer cancel()
	opened, device, err := connection.helper.OpenTun(call, wire.OpenTunInput{
		MTU: interfaceMTU, Addresses: connection.agent.registered().laptopPrefixes(),
	})
	if err != nil {
		return asProblem(err, wire.CodeTunUnavailable)
	}
	path.open(device, func(err error) {
		if connection.closing.Load() {
			return
		}
		connection.fatal(connection.lostInterface(opened, err))
	})
	connection.mutex.Lock()
	connection.tun = opened
	connection.mutex.Unlock()
	connection.routing.Lock() // a change of these routes may be told before they are known here
	defer connection.routing.Unlock()
	if _, _, err := connection.tellHosts(call); err != nil {
		return asProblem(err, wire.CodeInternal)
	}
	decided, err := connection.helper.SetRoutes(call, connection.wantedRoutes())
	if err != nil {
		return asProblem(err, wire.CodeInternal)
	}
	connection.route(decided.Decisions, false)
	connection.askEarlier()
	return nil
}

// lostInterface is why the TUN can no longer be read.
func (connection *connection) lostInterface(opened wire.TunOpened, because error) *wire.Problem {
	problem := wire.CauseInterfaceTaken.Problem(wire.CodeInterfaceLost, "reason", because)
	if kernel := connection.config.Kernel; kernel != nil {
		if _, err := kernel.Interface(opened.Index); errors.Is(err, fs.ErrNotExist) {
			problem = wire.CauseInterfaceGone.Problem(wire.CodeInterfaceLost, "interface", opened.Interface)
		}
	}
	problem.Facts = map[string]string{"interface": opened.Interface}
	return problem
}

func (connection *connection) setFirstNames(ctx context.Context) error {
	if !connection.command.Names {
		connection.mutex.Lock()
		defer connection.mutex.Unlock()
		off := namesOff(connection.path.resolver, connection.upstreams, nil)
		connection.names = &off
		return nil
	}
	connection.setNames(ctx)
	if err := connection.startProxy(); err != nil {
		return err
	}
	return ctx.Err() // whatever the helper could not do degrades the connection, and is told with ready
}

// verify proves the way that programs take: the data path by a fresh heartbeat, names by a question through the
// kernel's route. Any answer proves the way; what a cluster's nameserver says is not for connect to judge. What else the
// reach check finds is told with ready, and followed from then on.
func (connection *connection) verify(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, connection.config.Timing.LaneSilence)
	defer cancel()
	if _, err := connection.agent.probe(bounded); err != nil {
		return err
	}
	connection.mutex.Lock()
	names, facts := connection.names, connection.facts
	connection.mutex.Unlock()
	var unanswered error
	if names.Mode != "off" && facts.ClusterDomain != "" {
		_, unanswered = connection.askThroughKernel(bounded, "kubernetes.default.svc."+facts.ClusterDomain)
	}
	connection.reach.begin(ctx)
	if ctx.Err() != nil || unanswered == nil {
		return ctx.Err() // a check that was given up has found nothing
	}
	if problem := firstProblem(connection.reach.checks.laptop); problem != nil {
		return problem
	}
	return wire.CauseResolverInside.Problem(wire.CodeTunnelSilent, "reason", unanswered)
}

// registered is told that an agent granted a session.
func (connection *connection) registered(registration registration, again bool) error {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.facts = registration.granted.Facts
	connection.facts.Nameservers, connection.facts.Search = notNil(connection.facts.Nameservers), notNil(connection.facts.Search)
	if !again {
		if err := connection.build(registration); err != nil {
			return asProblem(err, wire.CodeInternal)
		}
	}
	connection.resolve(func(inputs *resolver.Inputs) {
		inputs.Agent++
		inputs.Domain, inputs.Nameservers = connection.facts.ClusterDomain, nameservers(connection.facts.Nameservers)
	})
	connection.path.useLanes(registration)
	if again {
		connection.config.Log.Info("another agent took over", "resets", connection.path.resetFlows())
	}
	return nil
}

// build makes packet path and name server for the addresses of the first registration.
func (connection *connection) build(registration registration) error {
	path, err := newPath(registration)
	if err != nil {
		return err
	}
	answerer := resolver.New(resolver.Config{ClusterDial: path.dialServer, Own: path.engine.All()})
	server, err := listen(path, answerer)
	if err != nil {
		path.close()
		return err
	}
	known := connection.services.all()
	path.pings.Change(known.services, true)
	answerer.SetServices(known.named())
	connection.path, connection.answerer, connection.server = path, answerer, server
	return nil
}

func (connection *connection) receive(lane int, packets [][]byte, heard func([]byte) bool) {
	connection.path.receive(lane, packets, heard)
}

// close undoes everything: the goodbye to the agent and the helper's undo run side by side. It returns how many of
// the helper's changes could not be undone: at least one where it cannot be asked any more, until it starts anew.
func (connection *connection) close(ctx context.Context) int {
	connection.closing.Store(true)
	connection.reach.stop()
	connection.watchFlows(false)
	connection.stopProxy()
	connection.mutex.Lock()
	path := connection.path
	connection.mutex.Unlock()
	if path != nil {
		path.resetFlows() // without the interface they would hang until the kernel gives up, in 15 minutes (tcp(7))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		connection.agent.stop(ctx, connection.cancel)
		connection.following.Wait()
	}()
	leftOver, isTold := release(ctx, connection.helper)
	if !isTold && connection.tun.Interface != "" {
		leftOver = 1
	}
	<-done
	if connection.path != nil {
		connection.server.close()
		connection.path.close()
	}
	return leftOver
}

// release gives the lease back and ends the link.
func release(ctx context.Context, helper Helper) (leftOver int, isTold bool) {
	released, err := helper.Release(ctx)
	_ = helper.Close()
	return released.LeftOver, err == nil
}

// errAborted is why a step ended when the core said stop, or went away, in the middle.
var errAborted = errors.New("the connection was given up")
