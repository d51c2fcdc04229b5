package lease

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/peer"
	"slipway/native/internal/wire"
)

// link is one client's link. One goroutine reads, so that heartbeats count while a request is being done;
// another does the requests in order.
type link struct {
	server    *Server
	conn      *net.UnixConn
	requests  chan pending
	writing   sync.Mutex
	leased    atomic.Bool
	lastBeat  atomic.Int64 // nanoseconds of time.Since(started)
	started   time.Time
	released  chan struct{} // closed by let
	processID int32         // of the client, as the kernel names it
	stranger  error         // why this client is not served at all
	refusal   error         // why this client may only ask, nil where it may hold the lease
	waiting   sync.Mutex    // holds the deadline of the next message together with what it depends on
	asked     int           // requests not done yet
}

// newLink finds out who is there before anything is read.
func newLink(server *Server, conn *net.UnixConn) *link {
	made := &link{server: server, conn: conn, requests: make(chan pending, maxOutstanding), started: time.Now()}
	identity, err := peer.Of(conn)
	if err == nil {
		err = server.Policy.Admit(identity)
	}
	made.processID = identity.PID
	made.stranger = err
	if err == nil {
		err = server.Policy.AdmitLease(identity)
	}
	made.refusal = err
	return made
}

func (link *link) mayHold() bool { return link.refusal == nil }

func (link *link) heardAt() time.Time { return link.started.Add(time.Duration(link.lastBeat.Load())) }

type pending struct {
	request wire.HelperRequest
	input   any
}

func (link *link) run(ctx context.Context) {
	defer link.conn.Close()
	if !link.greet() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		for next := range link.requests {
			if ctx.Err() != nil {
				continue // nobody waits for the answer any more
			}
			value, file, err := link.server.perform(link, next.request, next.input)
			if err := link.send(wire.HelperReply{ID: next.request.ID}, value, file, err); err != nil {
				link.conn.Close() // the reader ends, and with it the lease
			}
			link.wait(func() { link.asked-- })
		}
	}()
	link.read()
	cancel()
	close(link.requests)
	<-worked
	link.server.hostLock.Lock()
	link.server.undo(link)
	link.server.hostLock.Unlock()
}

// greet checks who it is, then exchanges hellos.
func (link *link) greet() bool {
	refuse := func(id uint64, problem *wire.Problem) bool {
		link.server.Log.Warn("client refused", "code", problem.Code, "cause", problem.Cause)
		link.send(wire.HelperReply{ID: id}, nil, nil, problem)
		return false
	}
	if link.stranger != nil {
		return refuse(0, &wire.Problem{Code: wire.CodeHelperRefused, Cause: link.stranger.Error()})
	}
	link.conn.SetReadDeadline(time.Now().Add(helloTimeout))
	body, err := wire.ReadFrame(link.conn, wire.MaxFrame)
	if err != nil {
		return false
	}
	request, input, err := decodeRequest(body)
	if err != nil {
		return refuse(request.ID, malformed(err.Error()))
	}
	hello, isHello := input.(*wire.Hello)
	if !isHello {
		return refuse(request.ID, malformed("the first message is not a hello"))
	}
	if hello.Protocol != link.server.Hello.Protocol {
		return refuse(request.ID, versionProblem(link.server.Hello.Protocol, hello.Protocol))
	}
	answer := link.server.Hello
	answer.Holder = link.server.holder.Load()
	return link.send(wire.HelperReply{ID: request.ID}, answer, nil, nil) == nil
}

// wait makes a change and sets how long the next message may take: a link that only asks may not be silent for long,
// while a lease has a clock of its own (watch), and who waits for an answer need not say anything.
func (link *link) wait(change func()) {
	link.waiting.Lock()
	defer link.waiting.Unlock()
	change()
	var deadline time.Time
	if !link.leased.Load() && link.asked == 0 {
		deadline = time.Now().Add(link.server.IdleLink)
	}
	link.conn.SetReadDeadline(deadline)
}

func (link *link) read() {
	for {
		link.wait(func() {})
		body, err := wire.ReadFrame(link.conn, wire.MaxFrame)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
				link.server.Log.Warn("client's link broke", "error", err)
			}
			return
		}
		request, input, err := decodeRequest(body)
		if err != nil {
			link.send(wire.HelperReply{ID: request.ID}, nil, nil, malformed(err.Error()))
			return
		}
		switch request.Operation {
		case wire.HelperHeartbeat:
			link.beat()
			var lost error
			if !link.leased.Load() {
				lost = &wire.Problem{Code: wire.CodeLeaseLost, Cause: "this link holds no lease"}
			}
			if link.send(wire.HelperReply{ID: request.ID}, nil, nil, lost) != nil {
				return
			}
		case wire.HelperHello:
			link.send(wire.HelperReply{ID: request.ID}, nil, nil, malformed("a second hello"))
			return
		default:
			link.beat()
			link.wait(func() { link.asked++ })
			link.requests <- pending{request: request, input: input}
		}
	}
}

// send writes one reply, with a descriptor where file is set; file is closed either way.
func (link *link) send(reply wire.HelperReply, value any, file *os.File, problem error) error {
	link.writing.Lock()
	defer link.writing.Unlock()
	reply = encode(reply, value, problem)
	link.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if file == nil {
		return wire.WriteFrame(link.conn, reply, wire.MaxFrame)
	}
	defer file.Close() // so that the interface goes with the engine that holds the only other copy
	if reply.Problem != nil {
		return wire.WriteFrame(link.conn, reply, wire.MaxFrame)
	}
	return writeWithDescriptor(link.conn, reply, file)
}

func (link *link) beat() { link.lastBeat.Store(int64(time.Since(link.started))) }

// hold starts the lease's clock; let stops it. Both are called under the server's hostLock.
func (link *link) hold(timeout time.Duration) {
	link.beat()
	link.wait(func() { link.leased.Store(true) })
	link.released = make(chan struct{})
	go link.watch(timeout, link.released)
}

func (link *link) let() {
	link.wait(func() { link.leased.Store(false) })
	close(link.released)
}

// watch takes the lease back when heartbeats stay away. Time in which the helper itself did not run (stopped,
// starved) is not held against the client, who may have been stopped as well.
func (link *link) watch(timeout time.Duration, released <-chan struct{}) {
	period := timeout / 20
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	forgiven := time.Duration(0)
	last := time.Since(link.started)
	beat := link.lastBeat.Load()
	for {
		select {
		case <-released:
			return
		case <-ticker.C:
		}
		now := time.Since(link.started)
		if gap := now - last; gap > 4*period {
			forgiven += gap
		}
		last = now
		if latest := link.lastBeat.Load(); latest != beat {
			beat, forgiven = latest, 0
		}
		if now-time.Duration(beat)-forgiven <= timeout {
			continue
		}
		link.server.Log.Warn("no heartbeat in time; the lease is taken back")
		link.send(wire.HelperReply{}, nil, nil, &wire.Problem{
			Code: wire.CodeLeaseLost, Cause: "no heartbeat came within the lease's time",
		})
		link.conn.Close()
		return
	}
}
