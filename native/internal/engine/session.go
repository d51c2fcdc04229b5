package engine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// sessionObserver is told what becomes of a session. Calls come from the session's goroutines, one at a time.
type sessionObserver struct {
	// registered comes before any packet of a registration, and again when another agent process took over.
	registered func(registration registration, again bool) error
	alive      func(roundTrip time.Duration)
	silent     func(because *wire.Problem, attempt int)
	agentLost  func(because *wire.Problem)
}

// registration is what an agent granted, checked.
type registration struct {
	granted               wire.Registered
	laptop, engine, agent netip.Addr
	lanes                 *tunnel.Lanes
}

// session keeps the engine known to one agent: a control stream that registers and renews, and the lanes. It dials
// again whatever breaks, for as long as it runs.
type session struct {
	timing    Timing
	build     string
	log       *slog.Logger
	forwarder Forwarder
	receive   receiver
	observer  sessionObserver

	running sync.WaitGroup
	leaving chan struct{} // closed by stop
	left    chan struct{} // closed when the control stream has said goodbye
	leave   sync.Once

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

	nudges    chan struct{} // something that watch judges has changed
	noted     chan struct{} // lastError changed, for established
	doubted   chan struct{} // a lane was refused while the tunnel is down: is the session still known?
	firstDone chan struct{} // closed when the tunnel was usable for the first time
	observing sync.Mutex    // orders calls of the observer
}

// receiver takes packets that a lane received; heard tells whether a packet to the engine answered a heartbeat.
type receiver func(lane int, packets [][]byte, heard func(packet []byte) bool)

func newSession(config Config, forwarder Forwarder, target wire.AgentTarget, receive receiver, observer sessionObserver) (*session, error) {
	keys, err := newSessionKeys()
	if err != nil {
		return nil, err
	}
	session := &session{
		timing: config.Timing, build: config.Build, log: config.Log, forwarder: forwarder,
		receive: receive, observer: observer, target: target, keys: keys,
		leaving: make(chan struct{}), left: make(chan struct{}),
		nudges: make(chan struct{}, 1), noted: make(chan struct{}, 1), doubted: make(chan struct{}, 1), firstDone: make(chan struct{}),
	}
	session.epoch, session.endEpoch = context.WithCancel(context.Background())
	return session, nil
}

// start runs the session until stop.
func (session *session) start(ctx context.Context) {
	session.running.Add(2)
	go func() {
		defer session.running.Done()
		defer close(session.left)
		session.control(ctx)
	}()
	go func() {
		defer session.running.Done()
		session.watch(ctx)
	}()
}

// stop says goodbye to the agent, for as long as ctx allows, and ends all goroutines. cancel ends start's context.
func (session *session) stop(ctx context.Context, cancel context.CancelFunc) {
	session.leave.Do(func() { close(session.leaving) })
	session.mutex.Lock()
	session.endEpoch()
	session.mutex.Unlock()
	select {
	case <-session.left:
	case <-ctx.Done():
	}
	cancel()
	session.mutex.Lock()
	lanes := session.lanes
	session.mutex.Unlock()
	if lanes != nil {
		lanes.close()
	}
	session.running.Wait()
}

// established waits until the tunnel was usable once. A problem that another try cannot mend ends it at once.
func (session *session) established(ctx context.Context) error {
	for {
		session.mutex.Lock()
		last := session.lastError
		session.mutex.Unlock()
		if last != nil && isFinal(last) {
			return last
		}
		select {
		case <-session.firstDone:
			return nil
		case <-session.noted:
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
		wire.CodeCertificateExpired, wire.CodeCertificateUntrusted:
		return true
	}
	return false
}

// retarget names another agent in place of one that was lost.
func (session *session) retarget(target wire.AgentTarget) error {
	keys, err := newSessionKeys()
	if err != nil {
		return err
	}
	session.mutex.Lock()
	defer session.mutex.Unlock()
	if target != session.target { // the same agent would keep the addresses for the same key only
		session.keys = keys
	}
	session.target, session.lost, session.lastError = target, false, nil
	session.beginEpochLocked()
	return nil
}

// disturb tells that time or the network jumped: lanes must answer soon, and waits end.
func (session *session) disturb() {
	session.mutex.Lock()
	defer session.mutex.Unlock()
	if session.lanes != nil {
		session.lanes.health.suspect()
	}
	session.beginEpochLocked()
}

func (session *session) beginEpochLocked() {
	session.endEpoch()
	session.epoch, session.endEpoch = context.WithCancel(context.Background())
}

// awaitTarget returns the agent to dial; it waits while there is none.
func (session *session) awaitTarget(ctx context.Context) (wire.AgentTarget, sessionKeys, bool) {
	for {
		session.mutex.Lock()
		target, keys, lost, epoch := session.target, session.keys, session.lost, session.epoch
		session.mutex.Unlock()
		if !lost {
			return target, keys, true
		}
		select {
		case <-epoch.Done():
		case <-session.leaving:
			return target, keys, false
		case <-ctx.Done():
			return target, keys, false
		}
	}
}

// pause waits between two tries; a new epoch ends it early.
func (session *session) pause(ctx context.Context, wait time.Duration) {
	session.pauseOr(ctx, wait, nil)
}

// pauseOr is a pause that early ends too.
func (session *session) pauseOr(ctx context.Context, wait time.Duration, early <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-session.currentEpoch().Done():
	case <-session.leaving:
	case <-ctx.Done():
	}
}

func (session *session) currentEpoch() context.Context {
	session.mutex.Lock()
	defer session.mutex.Unlock()
	return session.epoch
}

// dial opens a stream to target; a new epoch ends the try, because it may wait for a network that is gone.
func (session *session) dial(ctx context.Context, target wire.AgentTarget) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, session.timing.Dial)
	defer cancel()
	defer context.AfterFunc(session.currentEpoch(), cancel)()
	return session.forwarder.Dial(ctx, target)
}

// begin sends the opening of a stream, and closes the stream if that fails.
func (session *session) begin(ctx context.Context, stream io.ReadWriteCloser, opening wire.AgentOpening) error {
	ctx, cancel := context.WithTimeout(ctx, session.timing.Dial)
	defer cancel()
	if err := within(ctx, stream, func() error { return wire.WriteFrame(stream, opening, wire.MaxFrame) }); err != nil {
		stream.Close()
		return fmt.Errorf("open stream to the agent: %w", err)
	}
	return nil
}

// within runs exchange on stream, which it closes when ctx ends first: streams have no deadlines.
func within(ctx context.Context, stream io.Closer, exchange func() error) error {
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	err := exchange()
	if !stop() && err != nil {
		return fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	return err
}

// failed notes why a dial or a stream ended. A pod that is gone makes the session wait for another. It counts the
// tries while the tunnel is down.
func (session *session) failed(target wire.AgentTarget, err error, counts bool) {
	problem := asProblem(err, wire.CodeAgentUnreachable)
	session.mutex.Lock()
	if session.target != target || session.lost {
		session.mutex.Unlock()
		return
	}
	session.lastError = problem
	isGone := problem.Code == wire.CodeAgentGone
	if isGone {
		session.lost = true
		session.beginEpochLocked()
	}
	attempt, isDown := 0, !session.isAlive
	if counts && isDown {
		session.attempt++
		attempt = session.attempt
	}
	session.mutex.Unlock()
	notify(session.noted)
	notify(session.nudges)
	if isDown {
		notify(session.doubted)
	}
	session.log.Debug("stream to the agent ended", "problem", problem.Code, "cause", problem.Cause)
	session.observing.Lock()
	defer session.observing.Unlock()
	switch {
	case isGone:
		session.observer.agentLost(problem)
	case attempt > 0:
		session.observer.silent(problem, attempt)
	}
}

// isCurrent tells whether target is still the agent of this session.
func (session *session) isCurrent(target wire.AgentTarget) bool {
	session.mutex.Lock()
	defer session.mutex.Unlock()
	return session.target == target && !session.lost
}

// state tells why the tunnel is down, as far as it is, and whether the agent is gone.
func (session *session) state() (lastError *wire.Problem, isLost bool) {
	session.mutex.Lock()
	defer session.mutex.Unlock()
	if session.lastError == nil {
		return problemSilent, session.lost
	}
	return session.lastError, session.lost
}

func notify(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}
