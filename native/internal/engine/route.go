package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// route is a direct path that was proved: the candidate, and how its connections are made.
type route struct {
	candidate wire.DirectCandidate
	target    carrier.DirectTarget
	roundTrip time.Duration // when it was chosen
	mtu       int           // bytes; 0 where it is not known
	left      time.Time     // when it ceased to be chosen; zero while it is, and before. routing guards it
}

// routing holds the way that lanes are to take: a route, or nil for the carriers that reach the agent everywhere.
type routing struct {
	mutex   sync.Mutex
	chosen  *route
	changed chan struct{} // closed, and replaced, with each change
}

func newRouting() *routing { return &routing{changed: make(chan struct{})} }

func (routing *routing) get() (chosen *route, changed <-chan struct{}) {
	routing.mutex.Lock()
	defer routing.mutex.Unlock()
	return routing.chosen, routing.changed
}

func (routing *routing) set(chosen *route) {
	routing.mutex.Lock()
	defer routing.mutex.Unlock()
	if routing.chosen == chosen {
		return
	}
	if routing.chosen != nil {
		routing.chosen.left = time.Now()
	}
	if chosen != nil {
		chosen.left = time.Time{}
	}
	routing.chosen = chosen
	close(routing.changed)
	routing.changed = make(chan struct{})
}

// left is when a route ceased to be chosen; zero while it is, and of nil.
func (routing *routing) left(one *route) time.Time {
	routing.mutex.Lock()
	defer routing.mutex.Unlock()
	if one == nil {
		return time.Time{}
	}
	return one.left
}

// while is a context that ends with ctx, and when another way is chosen.
func (routing *routing) while(ctx context.Context, chosen *route) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	now, changed := routing.get()
	if now != chosen {
		cancel()
	}
	go func() {
		select {
		case <-changed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// openDirect opens the stream of a lane over a route.
func (set *laneSet) openDirect(ctx context.Context, over *route, opening wire.AgentOpening) (*carriedStream, error) {
	ctx, cancel := set.routing.while(ctx, over)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, set.client.timing.DirectAnswer)
	defer stop()
	if err := set.mayDial(ctx, over); err != nil {
		return nil, err
	}
	opening.Ticket = "" // the handshake proves more
	stream, err := set.scout.straight.Dial(ctx, over.target, opening)
	if err != nil {
		return nil, err
	}
	carried := &carriedStream{Stream: stream, by: set.scout.straight, over: over}
	set.client.open.keep(carried)
	return carried, nil
}

// mayDial judges a route anew before it is dialled: since it was proved, the laptop's routes may have come to lead into this
// tunnel.
func (set *laneSet) mayDial(ctx context.Context, over *route) error {
	if outcome, detail := set.client.refuses(ctx, over.target.Address); outcome != "" {
		return fmt.Errorf("the direct path may not be used any more: %s %s", outcome, detail)
	}
	return nil
}

// mover follows the route for a lane that is attached. It dials aside, so that the end of what the lane has is noticed
// meanwhile. One goroutine uses it.
type mover struct {
	set    *laneSet
	place  lanePlace
	wait   *backoff
	tried  *route
	next   time.Time           // no further try of the same before
	opened chan *carriedStream // what came of a try; nil: nothing
	stop   context.CancelFunc  // ends the try that is under way; nil: none is
}

func newMover(set *laneSet, place lanePlace) *mover {
	return &mover{set: set, place: place, wait: newBackoff(set.client.timing), opened: make(chan *carriedStream, 1)}
}

// follow begins to open a stream over the way that the lane should take, where that is not the one it has. It does not try
// the same way too often.
func (mover *mover) follow(ctx context.Context, current *carriedStream) {
	chosen, _ := mover.set.routing.get()
	if mover.stop != nil || current.over == chosen {
		return
	}
	if mover.tried != chosen {
		mover.tried, mover.next = chosen, time.Time{}
		mover.wait.reset()
	}
	if time.Now().Before(mover.next) {
		return
	}
	ctx, mover.stop = mover.set.routing.while(ctx, chosen)
	mover.set.running.Go(func() {
		stream, err := mover.set.openOver(ctx, chosen, mover.place)
		if err != nil {
			stream = nil
		}
		mover.opened <- stream
	})
}

// takes tells whether what came of a try is to be the lane's next stream; else it is closed.
func (mover *mover) takes(opened *carriedStream) bool {
	mover.stop()
	mover.stop = nil
	chosen, _ := mover.set.routing.get()
	switch {
	case opened == nil:
		if mover.tried == chosen {
			mover.failed()
		}
	case opened.over == chosen:
		return true
	default:
		_ = opened.Close()
	}
	return false
}

// failed tells that a try did not carry either.
func (mover *mover) failed() { mover.next = time.Now().Add(mover.wait.next()) }

// end gives up a try that is under way.
func (mover *mover) end() {
	if mover.stop == nil {
		return
	}
	mover.stop()
	mover.set.running.Go(func() {
		if opened := <-mover.opened; opened != nil {
			_ = opened.Close()
		}
	})
}
