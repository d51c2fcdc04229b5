package engine

import (
	"context"
	"fmt"
	"io"

	"slipway/native/internal/wire"
)

// dial opens a stream to target; a new epoch ends the try, because it may wait for a network that is gone.
func (client *agentClient) dial(ctx context.Context, target wire.AgentTarget) (*carriedStream, error) {
	ctx, cancel := context.WithTimeout(ctx, client.timing.Dial)
	defer cancel()
	defer context.AfterFunc(client.currentEpoch(), cancel)()
	stream, err := client.carriers.dial(ctx, target)
	if err == nil {
		client.open.keep(stream)
	}
	return stream, err
}

// begin sends the opening of a stream, and closes the stream if that fails.
func (client *agentClient) begin(ctx context.Context, stream *carriedStream, opening wire.AgentOpening) error {
	ctx, cancel := context.WithTimeout(ctx, client.timing.Dial)
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
