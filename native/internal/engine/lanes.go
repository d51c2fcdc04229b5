package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/carrier"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// laneSet is the lanes of one registration: each has a goroutine that dials, attaches, and dials again when the stream
// ends or falls silent. Those of packets are judged by heartbeats; those of flows judge themselves.
type laneSet struct {
	client *agentClient
	target wire.AgentTarget
	keys   sessionKeys
	id     string
	lanes  *tunnel.Lanes
	health *health

	flows      *bytestream.Session
	flowLanes  int
	aliveFlows atomic.Pointer[[]int] // the lanes of flows that carry

	probes chan struct{} // the express lane's next heartbeat is due now
	ahead  *pendingStreams
	hears  func(packet []byte) bool // heard, made once: a method value allocates

	routing     *routing
	scout       *scout
	replacement replacement

	running sync.WaitGroup
	cancel  context.CancelFunc

	mutex  sync.Mutex
	ticket wire.Secret
}

func newLaneSet(client *agentClient, target wire.AgentTarget, keys sessionKeys, registration registration, ahead *pendingStreams) (*laneSet, error) {
	peer, err := hex.DecodeString(registration.granted.AgentPublicKey)
	if err != nil || len(peer) != 32 {
		return nil, malformed("the agent's key is not 32 bytes")
	}
	set := &laneSet{
		client: client, target: target, keys: keys, ahead: ahead,
		id: registration.granted.Session, ticket: registration.granted.Ticket,
		health: newHealth(client.timing, registration.granted.Lanes, registration.primary()),
		cancel: func() {}, probes: make(chan struct{}, 1), flowLanes: registration.granted.FlowLanes,
		routing: newRouting(),
	}
	set.scout = newScout(set, carrier.SessionKeys{
		Session: set.id, Private: keys.private, Public: keys.public, Peer: [32]byte(peer), Preshared: keys.preshared,
	})
	set.aliveFlows.Store(&[]int{})
	set.hears = set.heard
	set.lanes, err = tunnel.New(tunnel.Config{
		PrivateKey: keys.private, PeerPublicKey: [32]byte(peer), PresharedKey: keys.preshared,
		LaneCount: registration.granted.Lanes, MTU: registration.granted.MTU,
		AllowedIPs: registration.allowedIPs(),
		Receive:    set.receive,
		Log:        client.log,
	})
	if err != nil {
		return nil, err
	}
	set.flows, err = bytestream.New(bytestream.Config{
		Keys: bytestream.Keys{
			Session: set.id, Private: keys.private, Public: keys.public, Peer: [32]byte(peer), Preshared: keys.preshared,
		},
		Lanes: set.flowLanes, Changed: set.flowLanesChanged,
		Timing: bytestream.Timing{
			PingAfter: client.timing.Heartbeat, SilentAfter: client.timing.LaneSilence, SuspectAfter: client.timing.SuspectAnswer,
		},
		Log: client.log,
	})
	if err != nil {
		set.lanes.Close()
		return nil, err
	}
	return set, nil
}

// flowLanesChanged notes which lanes of flows carry.
func (set *laneSet) flowLanesChanged() {
	set.mutex.Lock()
	defer set.mutex.Unlock()
	alive := []int{}
	for _, lane := range set.flows.Stats().Lanes {
		alive = append(alive, lane.Number)
	}
	set.aliveFlows.Store(&alive)
	notify(set.client.healthChanged)
}

func (set *laneSet) aliveFlowLanes() int { return len(*set.aliveFlows.Load()) }

func (set *laneSet) start(ctx context.Context) {
	ctx, set.cancel = context.WithCancel(ctx)
	packetLanes := len(set.health.lanes)
	for number := range packetLanes + set.flowLanes {
		place := lanePlace{number: number, kind: "lane", lane: number, attend: set.attend}
		if number >= packetLanes {
			place.kind, place.lane, place.attend = "flows", number-packetLanes, set.attendFlows
		}
		set.running.Add(1)
		go func() {
			defer set.running.Done()
			set.serve(ctx, place)
		}()
	}
	set.running.Go(func() { set.scout.run(ctx) })
}

// lanePlace is one lane: its number among all, what its opening says, and what is done while it is attached.
type lanePlace struct {
	number int
	kind   string
	lane   int
	attend func(ctx context.Context, place lanePlace, stream *carriedStream, wait *backoff) error
}

func (set *laneSet) close() {
	set.cancel()
	set.lanes.Close()
	set.flows.Close(bytestream.Ended)
	set.running.Wait()
}

// receive passes on what a lane received; see receiver.
func (set *laneSet) receive(lane int, packets [][]byte) {
	set.client.receive(lane, packets, set.hears)
}

func (set *laneSet) heard(packet []byte) bool {
	revived, isAnswer := set.health.answered(packet, time.Now())
	if revived >= 0 {
		notify(set.client.healthChanged)
	}
	return isAnswer
}

func (set *laneSet) setTicket(ticket wire.Secret) {
	set.mutex.Lock()
	defer set.mutex.Unlock()
	set.ticket = ticket
}

func (set *laneSet) serve(ctx context.Context, place lanePlace) {
	wait := newBackoff(set.client.timing)
	for ctx.Err() == nil {
		stream, err := set.open(ctx, place)
		isTry := err != nil && place.number == 0 // the end of a stream that was open is none
		if err == nil {
			err = place.attend(ctx, place, stream, wait)
		}
		if ctx.Err() != nil {
			return
		}
		set.client.failed(set.target, err, isTry)
		if !set.client.isCurrent(set.target) {
			return
		}
		set.client.pause(ctx, wait.next())
	}
}

// open returns a stream whose opening was sent: one that was dialled ahead, or a new one.
func (set *laneSet) open(ctx context.Context, place lanePlace) (*carriedStream, error) {
	stream, err := set.ahead.take(ctx, place.number)
	if err != nil {
		return nil, err
	}
	if stream == nil {
		return set.openFresh(ctx, place)
	}
	if err := set.client.begin(ctx, stream, set.opening(place)); err != nil {
		return nil, err
	}
	return stream, nil
}

func (set *laneSet) opening(place lanePlace) wire.AgentOpening {
	set.mutex.Lock()
	defer set.mutex.Unlock()
	return wire.AgentOpening{Kind: place.kind, Session: set.id, Ticket: set.ticket, Lane: place.lane}
}

// openFresh opens a stream over the direct path, where there is one, else over what reaches the agent everywhere.
func (set *laneSet) openFresh(ctx context.Context, place lanePlace) (*carriedStream, error) {
	if over, _ := set.routing.get(); over != nil {
		if stream, err := set.openOver(ctx, over, place); err == nil {
			return stream, nil
		}
	}
	return set.openOver(ctx, nil, place)
}

// openOver opens a stream over a direct path, or with nil over what reaches the agent everywhere.
func (set *laneSet) openOver(ctx context.Context, over *route, place lanePlace) (*carriedStream, error) {
	if over != nil {
		return set.openDirect(ctx, over, set.opening(place))
	}
	epoch := set.client.currentEpoch()
	stream, err := set.client.dial(ctx, set.target)
	if err == nil {
		err = set.client.begin(ctx, stream, set.opening(place))
	}
	if err != nil {
		if ctx.Err() == nil && epoch.Err() == nil { // else it was given up
			set.replacement.failed()
		}
		return nil, err
	}
	return stream, nil
}

// attend sends heartbeats on an attached lane until its stream ends and no other has taken its place.
func (set *laneSet) attend(ctx context.Context, place lanePlace, stream *carriedStream, wait *backoff) error {
	lane := place.lane
	lost := set.lanes.Attach(lane, stream.packets())
	set.health.attach(lane)
	defer set.health.detach(lane) // judge looks for ended, which comes before
	mover := newMover(set, place)
	defer mover.end()
	ticker := time.NewTicker(max(set.client.timing.Heartbeat/8, time.Millisecond))
	defer ticker.Stop()
	var probes chan struct{}
	if lane == 0 {
		probes = set.probes
	}
	for {
		_, moved := set.routing.get()
		mover.follow(ctx, stream)
		if heartbeat, isDue := set.health.due(lane, time.Now()); isDue {
			set.lanes.Send(lane, &heartbeat)
		}
		select {
		case err := <-lost:
			if err == nil {
				err = errors.New("the stream ended")
			}
			set.ended(stream)
			return err
		case <-ctx.Done():
			set.lanes.Detach(lane, ctx.Err())
			return ctx.Err()
		case next := <-mover.opened:
			if mover.takes(next) {
				stream = next
				lost = set.lanes.Attach(lane, stream.packets()) // the one before ends with it
				set.health.attach(lane)
			}
		case <-ticker.C:
		case <-probes:
		case <-moved:
		}
		if set.health.isAlive(lane) {
			wait.reset()
		}
	}
}

// ended tells that a lane has no stream any more, and which one it had.
func (set *laneSet) ended(stream *carriedStream) {
	set.replacement.lost(stream.over, set.routing.left(stream.over), time.Now())
}

// attendFlows waits for the end of an attached lane of flows. One over another path takes its place once the agent has
// proved itself there.
func (set *laneSet) attendFlows(ctx context.Context, place lanePlace, stream *carriedStream, wait *backoff) error {
	lane := place.lane
	lost := set.flows.Attach(lane, stream)
	mover := newMover(set, place)
	defer mover.end()
	ticker := time.NewTicker(max(set.client.timing.Heartbeat/8, time.Millisecond))
	defer ticker.Stop()
	var next *carriedStream
	var failed <-chan error // of next
	for {
		_, moved := set.routing.get()
		if next == nil {
			mover.follow(ctx, stream)
		}
		select {
		case err := <-lost:
			if next == nil {
				set.ended(stream)
				return err
			}
			stream, lost = next, failed
			next, failed = nil, nil
		case opened := <-mover.opened:
			if mover.takes(opened) {
				next, failed = opened, set.flows.Attach(lane, opened)
			}
		case <-failed:
			next, failed = nil, nil
			mover.failed()
		case <-ctx.Done():
			_ = stream.Close()
			<-lost
			if next != nil {
				_ = next.Close()
				<-failed
			}
			return ctx.Err()
		case <-ticker.C:
			if slices.Contains(*set.aliveFlows.Load(), lane) {
				wait.reset()
			}
		case <-moved:
		}
	}
}
