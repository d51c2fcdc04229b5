package engine

import (
	"context"
	"sync"

	"slipway/native/internal/wire"
)

// pendingStreams are streams that are dialled before it is known what to say on them: making one takes several round
// trips through the API server, and so does the registration. The zero value holds none.
type pendingStreams struct {
	mutex   sync.Mutex
	streams []chan dialled // for the lanes of packets, then those of flows; nil when it was taken
}

type dialled struct {
	stream *carriedStream
	err    error
}

// dialAhead begins a stream for every lane.
func (client *agentClient) dialAhead(ctx context.Context, target wire.AgentTarget) *pendingStreams {
	pending := &pendingStreams{streams: make([]chan dialled, wire.LaneCount+wire.FlowLaneCount)}
	for lane := range pending.streams {
		result := make(chan dialled, 1)
		pending.streams[lane] = result
		client.running.Add(1)
		go func() {
			defer client.running.Done()
			stream, err := client.dial(ctx, target)
			result <- dialled{stream, err}
		}()
	}
	return pending
}

// take returns a stream, once; nil without an error when there is none.
func (pending *pendingStreams) take(ctx context.Context, number int) (*carriedStream, error) {
	pending.mutex.Lock()
	var result chan dialled
	if number < len(pending.streams) {
		result, pending.streams[number] = pending.streams[number], nil
	}
	pending.mutex.Unlock()
	if result == nil {
		return nil, nil
	}
	select {
	case ready := <-result:
		return ready.stream, ready.err
	case <-ctx.Done():
		closeWhenReady(result)
		return nil, ctx.Err()
	}
}

// discard closes the streams that nobody took.
func (pending *pendingStreams) discard() {
	pending.mutex.Lock()
	defer pending.mutex.Unlock()
	for lane, result := range pending.streams {
		if result != nil {
			closeWhenReady(result)
			pending.streams[lane] = nil
		}
	}
}

func closeWhenReady(result <-chan dialled) {
	go func() {
		if ready := <-result; ready.stream != nil {
			ready.stream.Close()
		}
	}()
}
