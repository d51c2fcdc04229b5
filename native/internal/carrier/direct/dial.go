package direct

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

const name = wire.PathDirect

// kindProbe is the opening of a connection that asks and carries nothing.
const kindProbe = "probe"

// Direct is the engine's end for one session.
type Direct struct {
	knocker *knocker
	failed  error // why there is none
	knocks  atomic.Uint64
}

var _ carrier.Direct = (*Direct)(nil)

// New implements carrier.NewDirect.
func New(keys carrier.SessionKeys) carrier.Direct {
	knocker, err := newKnocker(keys)
	return &Direct{knocker: knocker, failed: err}
}

// Name implements carrier.Direct.
func (*Direct) Name() string { return name }

// Packets implements carrier.Direct.
func (*Direct) Packets(opened carrier.Stream) carrier.Packets { return stream.New(name, opened) }

// Dial implements carrier.Direct.
func (d *Direct) Dial(ctx context.Context, to carrier.DirectTarget, opening wire.AgentOpening) (carrier.Stream, error) {
	conn, _, err := d.enter(ctx, to, opening)
	if err != nil {
		return nil, err
	}
	return wrap(conn), nil
}

// enter connects, shakes hands and says what the connection is for.
func (d *Direct) enter(ctx context.Context, to carrier.DirectTarget, opening wire.AgentOpening) (*net.TCPConn, sealed, error) {
	if d.failed != nil {
		return nil, sealed{}, d.failed
	}
	body, err := json.Marshal(opening)
	if err != nil {
		return nil, sealed{}, err
	}
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		prepare(raw, to.Segment)
		return nil
	}}
	dialled, err := dialer.DialContext(ctx, "tcp", to.Address.String())
	if err != nil {
		return nil, sealed{}, err
	}
	conn := dialled.(*net.TCPConn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	keys, err := d.shakeHands(conn)
	if err == nil {
		err = keys.writeSealed(conn, body)
	}
	if !stop() || err != nil {
		conn.Close()
		return nil, sealed{}, because(ctx, err)
	}
	return conn, keys, nil
}

// because says what a failure after connecting means: silence, or somebody else.
func because(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("connected, and nothing answered the handshake: %w", context.Cause(ctx))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: it closes on the handshake", carrier.ErrNotOurs)
	}
	return err
}

func (d *Direct) shakeHands(conn net.Conn) (sealed, error) {
	knock, state, err := d.knocker.knock(d.knocks.Add(1))
	if err != nil {
		return sealed{}, err
	}
	if _, err := conn.Write(knock); err != nil {
		return sealed{}, err
	}
	var answer [answerSize]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return sealed{}, err
	}
	return finish(state, answer[:])
}

// Probe implements carrier.Direct.
func (d *Direct) Probe(ctx context.Context, to carrier.DirectTarget) (carrier.Probe, error) {
	conn, keys, err := d.enter(ctx, to, wire.AgentOpening{Kind: kindProbe})
	if err != nil {
		return nil, err
	}
	return &probe{conn: conn, keys: keys}, nil
}

// probe is the engine's end of a connection that only asks.
type probe struct {
	conn *net.TCPConn
	keys sealed
}

// Ask implements carrier.Probe.
func (p *probe) Ask(ctx context.Context, bytes int) (time.Duration, error) {
	if bytes < 0 || bytes > askAtMost {
		return 0, fmt.Errorf("ask with %d bytes", bytes)
	}
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetDeadline(time.Now()) })
	defer stop()
	asked := time.Now()
	if err := p.keys.writeSealed(p.conn, make([]byte, bytes)); err != nil {
		return 0, timedOut(ctx, err)
	}
	answer, err := p.keys.readSealed(p.conn, askAtMost)
	switch {
	case err != nil:
		return 0, timedOut(ctx, err)
	case len(answer) != bytes:
		return 0, fmt.Errorf("%w: another answer than was asked for", carrier.ErrNotOurs)
	}
	return time.Since(asked), nil
}

func timedOut(ctx context.Context, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// MTU implements carrier.Probe.
func (p *probe) MTU() int { return pathMTU(p.conn) }

// Close implements carrier.Probe.
func (p *probe) Close() error { return p.conn.Close() }
