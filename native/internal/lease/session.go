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

// session is one client's link. One goroutine reads, so that heartbeats count while a request is being done;
// another does the requests in order.
type session struct {
	server   *Server
	conn     *net.UnixConn
	requests chan pending
	writing  sync.Mutex
	leased   atomic.Bool
	lastBeat atomic.Int64 // nanoseconds of time.Since(started)
	started  time.Time
	released chan struct{} // closed by let
	refusal  error         // why this client may only ask, nil where it may hold the lease
}

type pending struct {
	request wire.HelperRequest
	input   any
}

func (session *session) run(ctx context.Context) {
	defer session.conn.Close()
	session.started = time.Now()
	if !session.greet() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		for next := range session.requests {
			if ctx.Err() != nil {
				continue // nobody waits for the answer any more
			}
			value, file, err := session.server.perform(session, next.request, next.input)
			if err := session.send(wire.HelperReply{ID: next.request.ID}, value, file, err); err != nil {
				session.conn.Close() // the reader ends, and with it the lease
			}
		}
	}()
	session.read()
	cancel()
	close(session.requests)
	<-worked
	session.server.hostLock.Lock()
	session.server.undo(session)
	session.server.hostLock.Unlock()
}

// greet checks who it is, then exchanges hellos.
func (session *session) greet() bool {
	refuse := func(id uint64, problem *wire.Problem) bool {
		session.server.Log.Warn("client refused", "code", problem.Code, "cause", problem.Cause)
		session.send(wire.HelperReply{ID: id}, nil, nil, problem)
		return false
	}
	identity, err := peer.Of(session.conn)
	if err == nil {
		err = session.server.Policy.Admit(identity)
	}
	if err != nil {
		return refuse(0, &wire.Problem{Code: wire.CodeHelperRefused, Cause: err.Error()})
	}
	session.refusal = session.server.Policy.AdmitLease(identity)
	session.conn.SetReadDeadline(time.Now().Add(helloTimeout))
	body, err := wire.ReadFrame(session.conn, wire.MaxFrame)
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
	if hello.Protocol != session.server.Hello.Protocol {
		return refuse(request.ID, versionProblem(session.server.Hello.Protocol, hello.Protocol))
	}
	return session.send(wire.HelperReply{ID: request.ID}, session.server.Hello, nil, nil) == nil
}

func (session *session) read() {
	session.conn.SetReadDeadline(time.Time{}) // a lease has its own clock (watch)
	for {
		body, err := wire.ReadFrame(session.conn, wire.MaxFrame)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				session.server.Log.Warn("client's link broke", "error", err)
			}
			return
		}
		request, input, err := decodeRequest(body)
		if err != nil {
			session.send(wire.HelperReply{ID: request.ID}, nil, nil, malformed(err.Error()))
			return
		}
		switch request.Operation {
		case wire.HelperHeartbeat:
			session.beat()
			var lost error
			if !session.leased.Load() {
				lost = &wire.Problem{Code: wire.CodeLeaseLost, Cause: "this link holds no lease"}
			}
			if session.send(wire.HelperReply{ID: request.ID}, nil, nil, lost) != nil {
				return
			}
		case wire.HelperHello:
			session.send(wire.HelperReply{ID: request.ID}, nil, nil, malformed("a second hello"))
			return
		default:
			session.beat()
			session.requests <- pending{request: request, input: input}
		}
	}
}

// send writes one reply, with a descriptor where file is set; file is closed either way.
func (session *session) send(reply wire.HelperReply, value any, file *os.File, problem error) error {
	session.writing.Lock()
	defer session.writing.Unlock()
	reply = encode(reply, value, problem)
	session.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if file == nil {
		return wire.WriteFrame(session.conn, reply, wire.MaxFrame)
	}
	defer file.Close() // so that the interface goes with the engine that holds the only other copy
	if reply.Problem != nil {
		return wire.WriteFrame(session.conn, reply, wire.MaxFrame)
	}
	return writeWithDescriptor(session.conn, reply, file)
}

func (session *session) beat() { session.lastBeat.Store(int64(time.Since(session.started))) }

// hold starts the lease's clock; let stops it. Both are called under the server's hostLock.
func (session *session) hold(timeout time.Duration) {
	session.beat()
	session.leased.Store(true)
	session.released = make(chan struct{})
	go session.watch(timeout, session.released)
}

func (session *session) let() {
	session.leased.Store(false)
	close(session.released)
}

// watch takes the lease back when heartbeats stay away. Time in which the helper itself did not run (stopped,
// starved) is not held against the client, who may have been stopped as well.
func (session *session) watch(timeout time.Duration, released <-chan struct{}) {
	period := timeout / 20
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	forgiven := time.Duration(0)
	last := time.Since(session.started)
	beat := session.lastBeat.Load()
	for {
		select {
		case <-released:
			return
		case <-ticker.C:
		}
		now := time.Since(session.started)
		if gap := now - last; gap > 4*period {
			forgiven += gap
		}
		last = now
		if latest := session.lastBeat.Load(); latest != beat {
			beat, forgiven = latest, 0
		}
		if now-time.Duration(beat)-forgiven <= timeout {
			continue
		}
		session.server.Log.Warn("no heartbeat in time; the lease is taken back")
		session.send(wire.HelperReply{}, nil, nil, &wire.Problem{
			Code: wire.CodeLeaseLost, Cause: "no heartbeat came within the lease's time",
		})
		session.conn.Close()
		return
	}
}
