package lease

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"slipway/native/internal/peer"
	"slipway/native/internal/wire"
)

// Server grants the one lease on a host.
type Server struct {
	Host   Host
	Hello  wire.Hello // what the helper says of itself
	Policy peer.Policy
	// Timeout is how long a lease lives without a heartbeat; DefaultTimeout where zero.
	Timeout time.Duration
	// IdleLink is how long a link without the lease may be silent; DefaultIdleLink where zero.
	IdleLink time.Duration
	// IdleExit ends Serve when nobody was connected for so long, and when nobody held the lease for longestUnused times
	// as long, however many ask; never where zero.
	IdleExit time.Duration
	Log      *slog.Logger

	hostLock sync.Mutex // serialises Host, and with it changes of holder
	holder   *link
	serving  sync.WaitGroup
	mu       sync.Mutex
	open     map[*link]struct{}
	// When somebody was connected, and when somebody held the lease, for the last time as far as is known.
	connectedAt, heldAt time.Time
}

// Serve answers clients until ctx ends or the server was idle for long enough, and returns once every lease was
// undone. It closes the listener.
func (server *Server) Serve(ctx context.Context, listener *net.UnixListener) error {
	if server.Timeout == 0 {
		server.Timeout = DefaultTimeout
	}
	if server.IdleLink == 0 {
		server.IdleLink = DefaultIdleLink
	}
	server.open = map[*link]struct{}{}
	server.connectedAt, server.heldAt = time.Now(), time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	accepted := make(chan error, 1)
	go func() { accepted <- server.accept(ctx, listener) }()
	go server.announce(ctx)

	err := server.wait(ctx, accepted)
	cancel()
	listener.Close()
	server.mu.Lock()
	for open := range server.open {
		open.conn.Close()
	}
	server.mu.Unlock()
	server.serving.Wait()
	return err
}

func (server *Server) wait(ctx context.Context, accepted <-chan error) error {
	var look <-chan time.Time
	if server.IdleExit > 0 {
		ticker := time.NewTicker(max(server.IdleExit/10, time.Millisecond))
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-accepted:
			return err
		case <-look:
			if server.isUnused(time.Now()) {
				server.Log.Info("nobody needed it for the idle time; the helper ends")
				return nil
			}
		}
	}
}

func (server *Server) accept(ctx context.Context, listener *net.UnixListener) error {
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() { // out of descriptors, say
				time.Sleep(100 * time.Millisecond)
				continue
			}
			return err
		}
		started := newLink(server, conn)
		if !server.admit(ctx, started) {
			conn.Close()
			continue
		}
		go func() {
			defer server.serving.Done()
			defer server.leave(started)
			started.run(ctx)
		}()
	}
}

// announce tells the holder of the lease that the laptop changed.
func (server *Server) announce(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-server.Host.Changes():
		}
		server.hostLock.Lock()
		holder := server.holder
		inspection, err := server.Host.Inspect()
		server.hostLock.Unlock()
		if holder == nil || err != nil {
			continue
		}
		inspection.LeaseHeld = true
		holder.send(wire.HelperReply{Event: wire.EventHostChanged}, inspection, nil, nil)
	}
}

// perform does one request of a client. Its result is what goes into the reply.
func (server *Server) perform(asking *link, request wire.HelperRequest, input any) (value any, file *os.File, err error) {
	server.hostLock.Lock()
	defer server.hostLock.Unlock()
	switch request.Operation {
	case wire.HelperInspect:
		inspection, err := server.Host.Inspect()
		inspection.LeaseHeld = server.holder != nil
		return inspection, nil, err
	case wire.HelperCheckRoutes:
		decisions, err := server.Host.CheckRoutes(*input.(*wire.RoutesInput))
		return decisions, nil, err
	case wire.HelperAcquire:
		return server.acquire(asking)
	}
	if server.holder != asking {
		return nil, nil, &wire.Problem{Code: wire.CodeLeaseLost, Cause: "this link holds no lease"}
	}
	switch request.Operation {
	case wire.HelperOpenTun:
		value, file, err := server.Host.OpenTun(*input.(*wire.OpenTunInput))
		return value, file, err
	case wire.HelperSetRoutes:
		decisions, err := server.Host.SetRoutes(*input.(*wire.RoutesInput))
		return decisions, nil, err
	case wire.HelperSetNames:
		inForce, err := server.Host.SetNames(*input.(*wire.NamesInput))
		return inForce, nil, err
	case wire.HelperRelease:
		return wire.Released{LeftOver: server.undo(asking)}, nil, nil
	}
	return nil, nil, malformed("an operation out of place")
}

func (server *Server) acquire(asking *link) (any, *os.File, error) {
	if asking.refusal != nil {
		return nil, nil, &wire.Problem{Code: wire.CodeHelperRefused, Cause: asking.refusal.Error()}
	}
	if server.holder != nil && server.holder != asking {
		return nil, nil, &wire.Problem{Code: wire.CodeHelperBusy, Cause: "another program of this user holds the lease"}
	}
	if server.holder == nil {
		if err := server.Host.Acquire(); err != nil {
			return nil, nil, err
		}
		server.holder = asking
		asking.hold(server.Timeout)
		server.Log.Info("lease granted")
	}
	return wire.Lease{TimeoutMilliseconds: int(server.Timeout.Milliseconds())}, nil, nil
}

// undo needs hostLock.
func (server *Server) undo(held *link) int {
	if server.holder != held {
		return 0
	}
	held.let()
	leftOver := server.Host.Undo()
	server.holder = nil
	server.Log.Info("lease ended and undone", "leftOver", leftOver)
	return leftOver
}

func encode(reply wire.HelperReply, value any, err error) wire.HelperReply {
	if err == nil && value != nil {
		reply.Value, err = json.Marshal(value)
	}
	if err != nil {
		reply.Value, reply.Problem = nil, asProblem(err)
	}
	return reply
}
