package engine

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"slipway/native/internal/wire"
)

// reachGathering is how long touches of the laptop's network are gathered: a VPN that comes up is dozens of them.
const reachGathering = 300 * time.Millisecond

// maxAsked bounds checks on demand that wait; further ones are as if they had not been asked for.
const maxAsked = 64

// reach checks that the laptop's programs reach the cluster: what the heartbeat, which goes from engine to agent, does
// not see. The laptop's side is the way into the tunnel (reachLaptop), the cluster's what answers the agent
// (reachCluster). One check runs at a time.
type reach struct {
	connection *connection
	touched    chan struct{}
	asked      chan uint64

	// Checks end before anything is undone: what they found then would be our own undoing.
	ending  context.Context
	end     context.CancelFunc
	running sync.WaitGroup

	mutex   sync.Mutex
	targets wire.ReachTargets
	upkeep  wire.TunnelUpkeep // what of the tunnel's own somebody keeps taking away

	// Of the checking goroutine, and of connect's before there is one.
	laptop  reachLaptop
	cluster reachCluster
	checks  struct{ laptop, cluster []wire.ReachCheck }
	told    []wire.ReachCheck
}

func newReach(connection *connection) *reach {
	ending, end := context.WithCancel(context.Background())
	return &reach{
		ending: ending, end: end,
		connection: connection, touched: make(chan struct{}, 1), asked: make(chan uint64, maxAsked),
		laptop: reachLaptop{connection: connection}, cluster: reachCluster{connection: connection},
	}
}

// setTargets takes what is asked and dialled from the agent.
func (reach *reach) setTargets(targets wire.ReachTargets) {
	reach.mutex.Lock()
	reach.targets = targets
	reach.mutex.Unlock()
	reach.again()
}

// touch has the laptop's side checked soon.
func (reach *reach) touch() { notify(reach.touched) }

// takeUpkeep takes what the helper says of what is the tunnel's own.
func (reach *reach) takeUpkeep(upkeep wire.TunnelUpkeep) {
	reach.mutex.Lock()
	reach.upkeep = upkeep
	reach.mutex.Unlock()
	reach.touch()
}

// again has everything checked now.
func (reach *reach) again() { reach.ask(0) }

// ask has everything checked now, and the verdict told with id.
func (reach *reach) ask(id uint64) {
	select {
	case reach.asked <- id:
	default:
	}
}

// check makes all checks anew, or those of the laptop's side only.
func (reach *reach) check(ctx context.Context, withCluster bool) {
	reach.mutex.Lock()
	targets, upkeep := reach.targets, reach.upkeep
	reach.mutex.Unlock()
	var running sync.WaitGroup
	if withCluster {
		running.Go(func() { reach.checks.cluster = reach.checkCluster(ctx, targets) })
	}
	reach.checks.laptop = reach.laptop.check(ctx, targets, upkeep)
	running.Wait()
}

// checkCluster checks the cluster's side. Where that was well before, it is told to be ill only when the tunnel has
// proved itself since and the cluster is silent again: a question that a path lost before it was left is none of its.
func (reach *reach) checkCluster(ctx context.Context, targets wire.ReachTargets) []wire.ReachCheck {
	before := reach.checks.cluster
	found := reach.cluster.check(ctx, targets)
	if firstProblem(found) == nil || len(before) == 0 || firstProblem(before) != nil {
		return found
	}
	proof, cancel := context.WithTimeout(ctx, reach.connection.config.Timing.LaneSilence)
	defer cancel()
	if _, err := reach.connection.agent.probe(proof); err != nil {
		return before // what the heartbeat tells is not told again
	}
	return reach.cluster.check(ctx, targets)
}

// verdict is what was found last, in the order that wire.ReachEvent promises.
func (reach *reach) verdict() []wire.ReachCheck {
	return slices.Concat([]wire.ReachCheck{}, reach.checks.laptop, reach.checks.cluster)
}

// begin checks for the first time, while connecting, for as long as ctx allows.
func (reach *reach) begin(ctx context.Context) { reach.check(ctx, true) }

// follow checks until stop, from ready on.
func (reach *reach) follow() { reach.running.Go(func() { reach.run(reach.ending) }) }

// stop ends the check that is under way; nothing is told from then on.
func (reach *reach) stop() {
	reach.end()
	reach.running.Wait()
}

// run tells the first verdict, and each that is another.
func (reach *reach) run(ctx context.Context) {
	reach.tell(0)
	timer := time.NewTimer(reach.period())
	defer timer.Stop()
	for {
		var ids []uint64
		isAll := true
		select {
		case <-ctx.Done():
			return
		case id := <-reach.asked:
			ids = append(ids, id)
		case <-timer.C:
		case <-reach.touched:
			isAll = false
			reach.laptop.readAt = time.Time{}
			select {
			case <-ctx.Done():
				return
			case <-time.After(reachGathering):
			}
		}
		for waiting := true; waiting; { // who asked until now has the same answer
			select {
			case id := <-reach.asked:
				ids, isAll = append(ids, id), true
			default:
				waiting = false
			}
		}
		reach.check(ctx, isAll)
		if ctx.Err() != nil {
			return
		}
		if !isSameVerdict(reach.verdict(), reach.told) {
			reach.tell(0)
		}
		for _, id := range ids {
			if id != 0 {
				reach.tell(id)
			}
		}
		if isAll {
			timer.Reset(reach.period())
		}
	}
}

// period is spread by a tenth, so that many laptops do not ask one cluster at the same instant.
func (reach *reach) period() time.Duration {
	period := reach.connection.config.Timing.Reach
	return period - period/10 + rand.N(period/5+1)
}

func (reach *reach) tell(id uint64) {
	reach.told = reach.verdict()
	reach.connection.send(wire.EngineEvent{Event: wire.EventReach, Reach: &wire.ReachEvent{ID: id, Checks: reach.told}})
}

// isSameVerdict leaves out which of several targets answered.
func isSameVerdict(one, other []wire.ReachCheck) bool {
	return slices.EqualFunc(one, other, func(left, right wire.ReachCheck) bool {
		return left.Check == right.Check && left.State == right.State && reflect.DeepEqual(left.Problem, right.Problem) &&
			(left.Check != wire.ReachRoute || left.Subject == right.Subject)
	})
}

// firstProblem is that of the first check that failed, nil where none did.
func firstProblem(checks []wire.ReachCheck) *wire.Problem {
	for _, check := range checks {
		if check.Problem != nil {
			return check.Problem
		}
	}
	return nil
}

// verdictOn is passed, or failed with the problem.
func verdictOn(check, subject string, problem *wire.Problem) wire.ReachCheck {
	state := wire.ReachPassed
	if problem != nil {
		state = wire.ReachFailed
	}
	return wire.ReachCheck{Check: check, State: state, Subject: subject, Problem: problem}
}

func notRun(check, subject string) wire.ReachCheck {
	return wire.ReachCheck{Check: check, State: wire.ReachNotRun, Subject: subject}
}
