package lease

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/peer"
	"slipway/native/internal/wire"
)

// Server grants the leases on a host.
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

	hostLock sync.Mutex    // serialises Host, and with it changes of holders
	holders  map[*link]int // their leases
	group    string        // of all holders
	holder   atomic.Int32  // the process of one of them, 0 for none
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
	server.open, server.holders = map[*link]struct{}{}, map[*link]int{}
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

// announce tells the holders of leases that the laptop changed, and what became of their routes.
func (server *Server) announce(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-server.Host.Changes():
		}
		server.hostLock.Lock()
		holders := maps.Clone(server.holders)
		server.hostLock.Unlock()
		for holder, held := range holders {
			server.tell(holder, held)
		}
	}
}

func (server *Server) tell(holder *link, held int) {
	server.hostLock.Lock()
	isMoved, routes, upkeep := server.Host.News(held)
	var inspection wire.HostInspection
	var err error
	if isMoved { // most news are of the network alone, and an inspection asks systemd-resolved about every link
		inspection, err = server.Host.Inspect()
	}
	server.hostLock.Unlock()
	if routes != nil {
		holder.send(wire.HelperReply{Event: wire.EventRoutesChanged}, routes, nil, nil)
	}
	if upkeep != nil {
		holder.send(wire.HelperReply{Event: wire.EventNetworkTouched}, upkeep, nil, nil)
	}
	if isMoved && err == nil {
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
		inspection.LeaseHeld = len(server.holders) > 0
		return inspection, nil, err
	case wire.HelperCheckRoutes:
		decisions, err := server.Host.CheckRoutes(*input.(*wire.RoutesInput))
		return decisions, nil, err
	case wire.HelperAcquire:
		return server.acquire(asking, input.(*wire.AcquireInput).Group)
	}
	held, isHolder := server.holders[asking]
	if !isHolder {
		return nil, nil, &wire.Problem{Code: wire.CodeLeaseLost, Cause: "this link holds no lease"}
	}
	switch request.Operation {
	case wire.HelperOpenTun:
		value, file, err := server.Host.OpenTun(held, *input.(*wire.OpenTunInput))
		return value, file, err
	case wire.HelperSetRoutes:
		decisions, err := server.Host.SetRoutes(held, *input.(*wire.RoutesInput))
		return decisions, nil, err
	case wire.HelperSetHosts:
		decisions, err := server.Host.SetHosts(held, *input.(*wire.HostsInput))
		return decisions, nil, err
	case wire.HelperSetNames:
		inForce, err := server.Host.SetNames(held, *input.(*wire.NamesInput))
		return inForce, nil, err
	case wire.HelperFilters:
		filters, err := server.Host.Filters()
		return filters, nil, err
	case wire.HelperFlushNames:
		return nil, nil, server.Host.FlushNames(held)
	case wire.HelperRelease:
		return wire.Released{LeftOver: server.undo(asking)}, nil, nil
	}
	return nil, nil, malformed("an operation out of place")
}

func (server *Server) acquire(asking *link, group string) (any, *os.File, error) {
	if asking.refusal != nil {
		return nil, nil, &wire.Problem{Code: wire.CodeHelperRefused, Cause: asking.refusal.Error()}
	}
	_, isHolder := server.holders[asking]
	if count := len(server.holders); !isHolder && count > 0 && (group == "" || group != server.group || count >= wire.MaxLeases) {
		return nil, nil, wire.CauseHelperHeldByProgram.Problem(wire.CodeHelperBusy, "process", server.holder.Load())
	}
	if !isHolder {
		held, err := server.Host.Acquire()
		if err != nil {
			return nil, nil, err
		}
		server.holders[asking], server.group = held, group
		server.holder.Store(asking.processID)
		asking.hold(server.Timeout)
		server.Log.Info("lease granted", "of", len(server.holders))
	}
	return wire.Lease{TimeoutMilliseconds: int(server.Timeout.Milliseconds())}, nil, nil
}

// undo needs hostLock.
func (server *Server) undo(holder *link) int {
	held, isHolder := server.holders[holder]
	if !isHolder {
		return 0
	}
	holder.let()
	leftOver := server.Host.Undo(held)
	delete(server.holders, holder)
	process := int32(0)
	for other := range server.holders {
		process = other.processID
	}
	server.holder.Store(process)
	server.Log.Info("lease ended and undone", "leftOver", leftOver, "stay", len(server.holders))
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
