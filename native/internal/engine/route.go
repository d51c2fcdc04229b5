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
	routing.chosen = chosen
	close(routing.changed)
	routing.changed = make(chan struct{})
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
	return &carriedStream{Stream: stream, by: set.scout.straight, over: over}, nil
}

// mayDial judges a route anew before it is dialled: since it was proved, the laptop's routes may have come to lead into this
// tunnel.
func (set *laneSet) mayDial(ctx context.Context, over *route) error {
	if outcome, detail := set.client.refuses(ctx, over.target.Address); outcome != "" {
		return fmt.Errorf("the direct path may not be used any more: %s %s", outcome, detail)
	}
	return nil
}

// mover follows the route for a lane that is attached.
type mover struct {
	set   *laneSet
	place lanePlace
	wait  *backoff
	tried *route
	next  time.Time // no further try of the same before
}

// another opens a stream over the way that the lane should take, where that is not the one it has; else nil. It does not
// try the same way too often.
func (mover *mover) another(ctx context.Context, current *carriedStream) *carriedStream {
	chosen, _ := mover.set.routing.get()
	if current.over == chosen {
		return nil
	}
	if mover.tried != chosen {
		mover.tried, mover.next = chosen, time.Time{}
		mover.wait.reset()
	}
	if time.Now().Before(mover.next) {
		return nil
	}
	ctx, cancel := mover.set.routing.while(ctx, chosen)
	defer cancel()
	stream, err := mover.set.openOver(ctx, chosen, mover.place)
	if err != nil {
		mover.failed()
		return nil
	}
	return stream
}

// failed tells that what another returned did not carry either.
func (mover *mover) failed() { mover.next = time.Now().Add(mover.wait.next()) }
