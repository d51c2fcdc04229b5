package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"slipway/native/internal/wire"
)

// engine is the state of one run. Only serve's goroutine touches it; prepare and connect run beside it as its one
// operation, and hand back what to do at their end.
type engine struct {
	config      Config
	log         *slog.Logger
	link        *link
	credentials *credentialBroker

	helper     Helper // held from prepare on
	host       wire.HostInspection
	connection *connection // from connect on
	operation  *operation
	broken     chan *wire.Problem // the laptop's side of the connection broke
	scope      *wire.NameScope    // the last that was sent
	services   *serviceList
	hosts      *hostList
	targets    wire.ReachTargets

	flowsWatched bool
	direct       wire.DirectCandidates
	leftOver     int // of an operation that was given up
	greeted      bool
}

// operation is a prepare or a connect that is under way.
type operation struct {
	cancel    context.CancelCauseFunc
	done      chan func() // what serve does at its end
	isGivenUp bool        // serve's own: whatever came of it, the core is not told any more
}

func (engine *engine) serve(ctx context.Context, commands <-chan incoming) error {
	for {
		var lost <-chan struct{}
		var done <-chan func()
		if engine.operation != nil {
			done = engine.operation.done
		} else if engine.helper != nil {
			lost = engine.helper.Lost()
		}
		select {
		case next := <-commands:
			if next.err != nil {
				engine.shutDown()
				if errors.Is(next.err, io.EOF) {
					return nil
				}
				return fmt.Errorf("read from the core: %w", next.err)
			}
			if ended, err := engine.handle(next.command); ended {
				return err
			}
		case finish := <-done:
			finish()
			engine.operation = nil
		case <-lost:
			return engine.endWithoutHelper(asProblem(engine.helper.Err(), wire.CodeHelperLost))
		case problem := <-engine.broken:
			return engine.endWithoutHelper(problem)
		case <-engine.link.broken:
			engine.shutDown()
			return errors.New("the core does not read any more")
		case <-ctx.Done():
			engine.shutDown()
			return nil
		}
	}
}

// handle takes one command. It tells whether the engine ends.
func (engine *engine) handle(command wire.EngineCommand) (ended bool, err error) {
	if !engine.greeted && command.Command != wire.CommandHello {
		return true, errors.New("the core did not say hello")
	}
	switch command.Command {
	case wire.CommandHello:
		return engine.greet(*command.Hello)
	case wire.CommandPrepare:
		engine.prepare(*command.Prepare)
	case wire.CommandConnect:
		engine.connect(*command.Connect)
	case wire.CommandCredentials:
		engine.credentials.renew(*command.Credentials)
	case wire.CommandAgent:
		if engine.connection != nil {
			if err := engine.connection.agent.retarget(*command.Agent); err != nil {
				engine.log.Error("another agent was named, and no key could be made", "error", err)
			}
		}
	case wire.CommandAgentGone:
		if engine.connection != nil {
			engine.connection.forgetAgent()
		}
	case wire.CommandProtect:
		if engine.connection != nil {
			go engine.connection.protect(command.Protect.Protected)
		}
	case wire.CommandPlan:
		if engine.connection != nil {
			go engine.connection.replan(*command.Plan)
		}
	case wire.CommandScope:
		engine.scope = command.Scope
		if engine.connection != nil {
			engine.connection.setScope(*command.Scope)
		}
	case wire.CommandEndpoints:
		if change, isComplete := engine.services.take(*command.Endpoints); isComplete && engine.connection != nil {
			engine.connection.servicesChanged(change)
		}
	case wire.CommandHosts:
		isComplete, err := engine.hosts.take(*command.Hosts)
		if err != nil {
			engine.log.Error("other hosts were named, and were not understood", "error", err)
		}
		if isComplete && engine.connection != nil {
			go engine.connection.hostsChanged()
		}
	case wire.CommandReach:
		engine.targets = *command.Reach
		if engine.connection != nil {
			engine.connection.reach.setTargets(engine.targets)
		}
	case wire.CommandDirect:
		engine.direct = *command.Direct
		if engine.connection != nil {
			engine.connection.ways.setCandidates(engine.direct)
		}
	case wire.CommandFlows:
		engine.flowsWatched = command.Flows.Watched
		if engine.connection != nil {
			engine.connection.watchFlows(engine.flowsWatched)
		}
	case wire.CommandCheckReach:
		engine.checkReach(command.CheckReach.ID)
	case wire.CommandTest:
		connection, send := engine.connection, engine.link.send
		go func() {
			tested := test(context.Background(), connection, *command.Test)
			send(wire.EngineEvent{Event: wire.EventTested, Tested: &tested})
		}()
	case wire.CommandStop:
		leftOver := engine.shutDown()
		engine.link.send(wire.EngineEvent{Event: wire.EventStopped, Stopped: &wire.StoppedEvent{LeftOver: leftOver}})
		return true, nil
	}
	return false, nil
}

// checkReach answers with no check at all where nothing is connected.
func (engine *engine) checkReach(id uint64) {
	if engine.connection != nil && engine.operation == nil {
		engine.connection.reach.ask(id)
		return
	}
	engine.link.send(wire.EngineEvent{Event: wire.EventReach, Reach: &wire.ReachEvent{ID: id, Checks: []wire.ReachCheck{}}})
}

func (engine *engine) greet(core wire.Hello) (ended bool, err error) {
	engine.link.send(wire.EngineEvent{Event: wire.EventHello, Hello: &wire.Hello{
		Protocol: wire.Protocol, Build: engine.config.Build, Role: "engine",
	}})
	if core.Protocol != wire.Protocol {
		engine.fail(stepPrepare, &wire.Problem{
			Code:  wire.CodeEngineVersion,
			Cause: fmt.Sprintf("the core speaks protocol %d, the engine %d", core.Protocol, wire.Protocol),
		}, 0)
		return true, ErrCoreVersion
	}
	engine.greeted = true
	return false, nil
}

// begin runs work beside serve. What it returns is done by serve.
func (engine *engine) begin(helper Helper, work func(ctx context.Context) func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	current := &operation{cancel: cancel, done: make(chan func(), 1)}
	engine.operation = current
	if helper != nil {
		go func() {
			select {
			case <-helper.Lost():
				cancel(asProblem(helper.Err(), wire.CodeHelperLost))
			case <-ctx.Done():
			}
		}()
	}
	go func() {
		finish := work(ctx)
		cancel(nil)
		current.done <- finish
	}()
}

func (engine *engine) prepare(command wire.PrepareCommand) {
	if engine.operation != nil || engine.connection != nil {
		engine.fail(stepPrepare, &wire.Problem{Code: wire.CodeInternal, Cause: "prepare came while connecting or connected"}, 0)
		return
	}
	previous := engine.helper
	engine.helper = nil
	engine.begin(nil, func(ctx context.Context) func() {
		if previous != nil {
			_, _ = release(ctx, previous)
		}
		helper, prepared, err := takeLease(ctx, engine.config, command)
		return func() {
			if err == nil {
				engine.helper, engine.host = helper, prepared.Host
			}
			switch {
			case engine.operation.isGivenUp:
			case err != nil:
				engine.fail(stepPrepare, asProblem(err, wire.CodeInternal), 0)
			default:
				engine.link.send(wire.EngineEvent{Event: wire.EventPrepared, Prepared: prepared})
			}
		}
	})
}

// helperFor is the root helper, or what stands in its place where nothing of the laptop is changed.
func helperFor(ctx context.Context, config Config, command wire.PrepareCommand) (Helper, error) {
	if command.WithProxy {
		return newWithoutHelper(config.Build, resolvConf), nil
	}
	return config.DialHelper(ctx, command.HelperSocket)
}

// takeLease asks the helper everything that changes nothing, and takes its lease.
func takeLease(ctx context.Context, config Config, command wire.PrepareCommand) (Helper, *wire.PreparedEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, config.Timing.HelperCall)
	defer cancel()
	helper, err := helperFor(ctx, config, command)
	if err != nil {
		return nil, nil, err
	}
	prepared := &wire.PreparedEvent{Helper: helper.Hello()}
	if prepared.Host, err = helper.Inspect(ctx); err != nil {
		_ = helper.Close()
		return nil, nil, fmt.Errorf("inspect the laptop: %w", err)
	}
	prepared.Host.Upstreams, prepared.Host.Domains = notNil(prepared.Host.Upstreams), notNil(prepared.Host.Domains)
	if !prepared.Host.TunAvailable {
		_ = helper.Close()
		return nil, nil, wire.CauseNoTun.Problem(wire.CodeTunUnavailable)
	}
	decided, err := helper.CheckRoutes(ctx, wire.RoutesInput{
		Ranges: command.Ranges, Protected: command.Protected, Nodes: command.Nodes,
	})
	if err != nil {
		_ = helper.Close()
		return nil, nil, fmt.Errorf("check the ranges: %w", err)
	}
	prepared.Decisions = decided.Decisions
	if prepared.Decisions == nil {
		prepared.Decisions = []wire.RouteDecision{}
	}
	if _, err := helper.Acquire(ctx, wire.AcquireInput{Group: command.Group}); err != nil {
		_ = helper.Close()
		return nil, nil, fmt.Errorf("take the helper's lease: %w", err)
	}
	return helper, prepared, nil
}

func (engine *engine) connect(command wire.ConnectCommand) {
	if engine.operation != nil || engine.connection != nil || engine.helper == nil {
		engine.fail(stepTunnel, &wire.Problem{Code: wire.CodeInternal, Cause: "connect came before prepared, or twice"}, 0)
		return
	}
	engine.credentials.begin(command.Credentials)
	if engine.scope == nil {
		engine.scope = &command.Scope
	}
	command.Scope = *engine.scope
	if command.Direct != nil {
		engine.direct = *command.Direct
	}
	broken := make(chan *wire.Problem, 1)
	carriers, err := newCarriers(engine.config.Carriers, command.Cluster, engine.credentials.get)
	var connection *connection
	if err == nil {
		connection, err = newConnection(engine.config, command, engine.helper, engine.host, engine.services, engine.hosts, carriers, engine.link, func(problem *wire.Problem) {
			select {
			case broken <- problem:
			default:
			}
		})
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), engine.config.Timing.Release)
		defer cancel()
		_, _ = release(ctx, engine.helper)
		engine.helper = nil
		engine.fail(stepTunnel, asProblem(err, wire.CodeInternal), 0)
		return
	}
	connection.reach.setTargets(engine.targets)
	connection.ways.setCandidates(engine.direct)
	engine.connection, engine.broken = connection, broken
	engine.begin(engine.helper, func(ctx context.Context) func() { return engine.establish(ctx, connection) })
}

func (engine *engine) establish(ctx context.Context, connection *connection) func() {
	ready, step, err := connection.establish(ctx)
	if err == nil {
		return func() {
			if engine.operation.isGivenUp {
				return
			}
			engine.link.send(wire.EngineEvent{Event: wire.EventReady, Ready: ready})
			connection.reach.follow()
			connection.tellState()
			connection.ways.begin()
		}
	}
	undo, cancel := context.WithTimeout(context.Background(), engine.config.Timing.Release)
	defer cancel()
	leftOver := connection.close(undo)
	return func() {
		engine.connection, engine.helper, engine.broken = nil, nil, nil
		if engine.operation.isGivenUp {
			engine.leftOver = leftOver
			return
		}
		engine.fail(step, asProblem(err, wire.CodeInternal), leftOver)
	}
}

func (engine *engine) fail(during string, problem *wire.Problem, leftOver int) {
	engine.log.Warn("failed", "during", during, "problem", problem.Code)
	engine.link.send(wire.EngineEvent{Event: wire.EventFailed, Failed: &wire.FailedEvent{
		During: during, Problem: *problem, LeftOver: leftOver,
	}})
}

// shutDown undoes everything and returns what could not be undone.
func (engine *engine) shutDown() int {
	if engine.operation != nil {
		engine.operation.isGivenUp = true
		engine.operation.cancel(errAborted)
		(<-engine.operation.done)() // its own undo is bounded
		engine.operation = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), engine.config.Timing.Release)
	defer cancel()
	leftOver := engine.leftOver
	if engine.connection != nil {
		leftOver = engine.connection.close(ctx)
	} else if engine.helper != nil {
		leftOver, _ = release(ctx, engine.helper)
	}
	engine.connection, engine.helper = nil, nil
	return leftOver
}

// endWithoutHelper is the end when the lease is gone: the helper undoes, or has undone, and the TUN goes with us.
func (engine *engine) endWithoutHelper(problem *wire.Problem) error {
	engine.link.send(wire.EngineEvent{Event: wire.EventHelperLost, Problem: problem})
	engine.shutDown()
	return ErrHelperLost
}
