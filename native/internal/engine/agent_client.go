package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// agentObserver is told what becomes of the agent. Calls come from the client's goroutines, one at a time.
type agentObserver struct {
	// registered comes before any packet of a registration, and again when another agent process took over.
	registered func(registration registration, again bool) error
	alive      func(roundTrip time.Duration)
	silent     func(because *wire.Problem, attempt int)
	agentLost  func(because *wire.Problem)
	path       func(*wire.PathEvent)
}

// agentClient keeps a session with one agent: a control stream that registers and renews it, and its lanes. It dials
// again whatever breaks, for as long as it runs.
type agentClient struct {
	timing   Timing
	build    string
	log      *slog.Logger
	carriers carriers
	receive  receiver
	observer agentObserver
	owner    wire.Secret
	wanted   []wire.SessionAddresses // for the first registration
	direct   carrier.NewDirect
	refuses  refuser
	open     *openStreams

	running sync.WaitGroup
	leaving chan struct{} // closed by stop
	left    chan struct{} // closed when the control stream has said goodbye
	leave   sync.Once

	placing   sync.Mutex // orders what scouts are told of places; taken before mutex
	mutex     sync.Mutex
	keys      sessionKeys
	target    wire.AgentTarget
	lost      bool            // the target is gone and no other was named yet
	epoch     context.Context // ends, and is replaced, when target or network changed: waits and dials end
	endEpoch  context.CancelFunc
	lanes     *laneSet     // nil before the first registration
	registry  registration // the last one
	lastError *wire.Problem
	isAlive   bool
	attempt   int
	refused   refusedFlows
	places    []wire.DirectCandidate // of the agent, past the API server

	healthChanged chan struct{} // something that watch judges has changed
	errorChanged  chan struct{} // lastError changed, for established
	renewNow      chan struct{} // a lane was refused while the tunnel is down: does the agent still know the session?
	firstDone     chan struct{} // closed when the tunnel was usable for the first time
	observing     sync.Mutex    // orders calls of the observer
}

// namespace is that of the agent's pod.
func (client *agentClient) namespace() string {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.target.Namespace
}

// refuser tells why an address is no candidate for a direct path, as an outcome of wire.DirectTried with its detail; empty
// where it may be tried.
type refuser func(ctx context.Context, address netip.AddrPort) (outcome, detail string)

// receiver takes packets that a lane received; heard tells whether a packet to the engine answered a heartbeat.
type receiver func(lane int, packets [][]byte, heard func(packet []byte) bool)

func newAgentClient(config Config, carriers carriers, command wire.ConnectCommand, receive receiver, refuses refuser, observer agentObserver) (*agentClient, error) {
	keys, err := newSessionKeys()
	if err != nil {
		return nil, err
	}
	client := &agentClient{
		timing: config.Timing, build: config.Build, log: config.Log, carriers: carriers,
		receive: receive, observer: observer, owner: command.OwnerSecret, wanted: command.WantedAddresses, target: command.Agent, keys: keys,
		direct: config.Direct, refuses: refuses, open: newOpenStreams(ownAddresses()),
		leaving: make(chan struct{}), left: make(chan struct{}),
		healthChanged: make(chan struct{}, 1), errorChanged: make(chan struct{}, 1), renewNow: make(chan struct{}, 1), firstDone: make(chan struct{}),
	}
	client.epoch, client.endEpoch = context.WithCancel(context.Background())
	return client, nil
}

// start runs the client until stop.
func (client *agentClient) start(ctx context.Context) {
	client.running.Add(2)
	go func() {
		defer client.running.Done()
		defer close(client.left)
		client.control(ctx)
	}()
	go func() {
		defer client.running.Done()
		client.watch(ctx)
	}()
}

// stop says goodbye to the agent, for as long as ctx allows, and ends all goroutines. cancel ends start's context.
func (client *agentClient) stop(ctx context.Context, cancel context.CancelFunc) {
	client.leave.Do(func() { close(client.leaving) })
	client.mutex.Lock()
	client.endEpoch()
	client.mutex.Unlock()
	select {
	case <-client.left:
	case <-ctx.Done():
	}
	cancel()
	client.mutex.Lock()
	lanes := client.lanes
	client.mutex.Unlock()
	if lanes != nil {
		lanes.close()
	}
	client.running.Wait()
}

// established waits until the tunnel was usable once. A problem that another try cannot mend ends it at once.
func (client *agentClient) established(ctx context.Context) error {
	for {
		client.mutex.Lock()
		last := client.lastError
		client.mutex.Unlock()
		if last != nil && isFinal(last) {
			return last
		}
		select {
		case <-client.firstDone:
			return nil
		case <-client.errorChanged:
		case <-ctx.Done():
			if last == nil {
				last = problemSilent
			}
			return last
		}
	}
}

// isFinal tells whether connect should give up: the same dial would fail again.
func isFinal(problem *wire.Problem) bool {
	switch problem.Code {
	case wire.CodeUnauthorized, wire.CodeForbidden, wire.CodeAgentGone, wire.CodeAgentVersion,
		wire.CodeCertificateExpired, wire.CodeCertificateName, wire.CodeCertificateUntrusted, wire.CodeGatewayBlocks:
		return true
	}
	return false
}

// retarget names another agent in place of one that was lost.
func (client *agentClient) retarget(target wire.AgentTarget) error {
	keys, err := newSessionKeys()
	if err != nil {
		return err
	}
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if target != client.target { // the same agent would keep the addresses for the same key only
		client.keys = keys
	}
	client.target, client.lost, client.lastError = target, false, nil
	client.beginEpochLocked()
	return nil
}

// moved tells that something happened to the laptop's network: what has lost its address is dialled again.
func (client *agentClient) moved() {
	if ended := client.open.moved(ownAddresses()); ended > 0 {
		client.log.Info("addresses of the laptop are gone", "streams", ended)
	}
}

// forget ends all tries to reach the agent until another is named.
func (client *agentClient) forget() {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if !client.lost {
		client.lost = true
		client.beginEpochLocked()
	}
}

// revalidate tells that time or the network jumped: lanes must answer soon, and waits end.
func (client *agentClient) revalidate() {
	client.moved()
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if client.lanes != nil {
		client.lanes.health.suspect()
		client.lanes.flows.Revalidate()
		client.lanes.scout.again()
	}
	client.beginEpochLocked()
}

func (client *agentClient) beginEpochLocked() {
	client.endEpoch()
	client.epoch, client.endEpoch = context.WithCancel(context.Background())
}

// awaitTarget returns the agent to dial; it waits while there is none.
func (client *agentClient) awaitTarget(ctx context.Context) (wire.AgentTarget, sessionKeys, bool) {
	for {
		client.mutex.Lock()
		target, keys, lost, epoch := client.target, client.keys, client.lost, client.epoch
		client.mutex.Unlock()
		if !lost {
			return target, keys, true
		}
		select {
		case <-epoch.Done():
		case <-client.leaving:
			return target, keys, false
		case <-ctx.Done():
			return target, keys, false
		}
	}
}

// pause waits between two tries; a new epoch ends it early.
func (client *agentClient) pause(ctx context.Context, wait time.Duration) {
	client.pauseOr(ctx, wait, nil)
}

// pauseOr is a pause that early ends too.
func (client *agentClient) pauseOr(ctx context.Context, wait time.Duration, early <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-client.currentEpoch().Done():
	case <-client.leaving:
	case <-ctx.Done():
	}
}

func (client *agentClient) currentEpoch() context.Context {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.epoch
}

// setPlaces names where the agent may be reached past the API server; none ends the direct path.
func (client *agentClient) setPlaces(places []wire.DirectCandidate) {
	client.placing.Lock()
	defer client.placing.Unlock()
	client.mutex.Lock()
	client.places = places
	set := client.lanes
	client.mutex.Unlock()
	if set != nil {
		set.scout.setCandidates(places)
	}
}

// wantsDirect tells whether the agent shall listen for a direct path.
func (client *agentClient) wantsDirect() bool {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	return set != nil && set.scout.wants()
}

// mayListen tells whether the agent may listen for one still.
func (client *agentClient) mayListen() bool {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	return set != nil && set.scout.mayListen()
}

// isOf tells whether lanes are those of the last registration.
func (client *agentClient) isOf(set *laneSet) bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.lanes == set
}

// failed notes why a dial or a stream ended. A pod that is gone makes the client wait for another. It counts the
// tries while the tunnel is down.
func (client *agentClient) failed(target wire.AgentTarget, err error, counts bool) {
	problem := asProblem(err, wire.CodeAgentUnreachable)
	client.mutex.Lock()
	if client.target != target || client.lost {
		client.mutex.Unlock()
		return
	}
	client.lastError = problem
	isGone := problem.Code == wire.CodeAgentGone
	if isGone {
		client.lost = true
		client.beginEpochLocked()
	}
	attempt, isDown := 0, !client.isAlive
	if counts && isDown {
		client.attempt++
		attempt = client.attempt
	}
	client.mutex.Unlock()
	notify(client.errorChanged)
	notify(client.healthChanged)
	if isDown {
		notify(client.renewNow)
	}
	client.log.Debug("stream to the agent ended", "problem", problem.Code, "cause", problem.Cause)
	client.observing.Lock()
	defer client.observing.Unlock()
	switch {
	case isGone:
		client.observer.agentLost(problem)
	case attempt > 0:
		client.observer.silent(problem, attempt)
	}
}

// isCurrent tells whether target is still the agent of this client.
func (client *agentClient) isCurrent(target wire.AgentTarget) bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.target == target && !client.lost
}

// state tells why the tunnel is down, as far as it is, and whether the agent is gone.
func (client *agentClient) state() (lastError *wire.Problem, isLost bool) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if client.lastError == nil {
		return problemSilent, client.lost
	}
	return client.lastError, client.lost
}

// registered is the last registration.
func (client *agentClient) registered() registration {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.registry
}

// carrierName is that of the express lane's carrier; before there is one, of that which is tried first.
func (client *agentClient) carrierName() string {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	if set != nil {
		if name := set.lanes.CarrierName(0); name != "" {
			return name
		}
	}
	return client.carriers.name()
}

func notify(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}
