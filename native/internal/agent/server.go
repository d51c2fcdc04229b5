// Package agent is the agent's side of the engine's link: it takes port-forward streams, registers sessions over
// their control streams and attaches their lanes. It must never listen, dial, or let one session learn of another;
// what a session may reach is package forward's to decide.
package agent

import (
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/forward"
	"slipway/native/internal/nonblocking"
	"slipway/native/internal/wire"
)

// Config of a Server. Zero fields take the defaults.
type Config struct {
	Facts  wire.AgentFacts
	Policy *forward.Policy
	Dialer forward.Dialer // nil: ordinary sockets
	Limits forward.Limits // of each session, and in flows of all; LimitsFor says what memory allows
	Memory Memory         // nil: never short
	Log    *slog.Logger

	MTU            int           // of the tunnel in bytes; DefaultMTU
	Lanes          int           // of each session, for packets; wire.LaneCount
	FlowLanes      int           // of each session, for its flows; wire.FlowLaneCount
	Expiry         time.Duration // from the last registration or renewal; DefaultExpiry
	Keep           time.Duration // beyond that, of a session that has connections; DefaultKeep
	Quarantine     time.Duration // of a session's addresses after its end; DefaultQuarantine
	OpeningTimeout time.Duration // until a stream must have said what it is; 5 s

	Door carrier.NewDoor // for streams that come straight to the pod; nil: there are none

	// What all sessions share; see shares and arrivals.
	SessionsAtMost    int   // 64
	UnreadAtMost      int64 // bytes of one session that no pod reads; bytestream.UnreadAtMost
	ArrivalsAtMost    int   // streams that belong to no session yet; 256
	DescriptorsAtMost int   // sockets of all sessions; 65536
}

const (
	// DefaultMTU is measured in docs/adr/0006: on a stream, large packets cost less.
	DefaultMTU = 16000
	// DefaultExpiry outlives three renewals, which come every 20 s.
	DefaultExpiry = time.Minute
	// DefaultKeep outlives a laptop that sleeps for an hour: its connections are still there when it wakes.
	DefaultKeep = 90 * time.Minute
	// DefaultQuarantine outlives every socket of the laptop that could still send to a session that is gone.
	DefaultQuarantine = 10 * time.Minute

	// silentAfter is when a session that was heard may be displaced by a newcomer, where there is no place left. Its
	// engine sends a heartbeat each 2 s.
	silentAfter = 20 * time.Second

	// relieveEvery is how often what is short is looked after.
	relieveEvery = 250 * time.Millisecond
)

// Server holds the sessions.
type Server struct {
	config Config

	mu         sync.Mutex
	closed     bool
	streams    map[net.Conn]struct{}
	arrivals   *arrivals
	shares     shares
	byKey      map[publicKey]*session
	addresses  *addresses
	emptySince time.Time
	running    sync.WaitGroup
	done       chan struct{}
	door       carrier.Door // nil where there is none
}

// NewServer makes a Server without sessions. The caller closes it.
func NewServer(config Config) *Server {
	server := &Server{
		config:     config.withDefaults(),
		streams:    map[net.Conn]struct{}{},
		byKey:      map[publicKey]*session{},
		emptySince: time.Now(),
		done:       make(chan struct{}),
	}
	server.addresses = newAddresses(server.config.Quarantine)
	server.arrivals = newArrivals(server.config.ArrivalsAtMost)
	server.shares.server = server
	if server.config.Door != nil {
		server.door = server.config.Door(server.enter)
	}
	server.running.Go(server.watch)
	server.running.Go(server.relieve)
	return server
}

// Packets makes the stream of a lane that lane's carrier, as carrier.Carrier does at the engine's end.
type Packets func(carrier.Stream) carrier.Packets

// Serve takes streams from listener until it or the Server is closed.
func (s *Server) Serve(listener net.Listener, packets Packets) error {
	for {
		stream, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				time.Sleep(10 * time.Millisecond) // out of descriptors: others may close
				continue
			}
			return err
		}
		s.Take(stream, packets)
	}
}

// Take serves one stream on a goroutine of its own, and closes it in the end.
func (s *Server) Take(stream net.Conn, packets Packets) {
	stream = nonblocking.Wrap(stream)
	var oldest net.Conn
	s.serve(stream, func() { oldest = s.arrivals.add(stream) }, func() { s.open(stream, packets) })
	if oldest != nil {
		oldest.Close()
	}
}

// serve does the work of a stream on a goroutine of its own, and closes the stream in the end. added is called first, under
// the lock; it may be nil. After Close it closes the stream and does nothing else.
func (s *Server) serve(stream net.Conn, added, work func()) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		stream.Close()
		return
	}
	if added != nil {
		added()
	}
	s.streams[stream] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.running.Done()
		defer func() {
			stream.Close()
			s.mu.Lock()
			s.arrivals.remove(stream)
			delete(s.streams, stream)
			s.mu.Unlock()
		}()
		work()
	}()
}

// all returns the sessions.
func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.byKey))
}

// EmptyFor tells for how long there has been no session; 0 while there is one.
func (s *Server) EmptyFor(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byKey) > 0 {
		return 0
	}
	return now.Sub(s.emptySince)
}

// Close ends all sessions and streams.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	ended := slices.Collect(maps.Values(s.byKey))
	clear(s.byKey)
	for _, session := range ended {
		if session.isDirect {
			s.door.Dismiss(session.id)
		}
	}
	for stream := range s.streams {
		stream.Close()
	}
	s.mu.Unlock()
	for _, session := range ended {
		session.close()
	}
	s.running.Wait()
}

// watch ends sessions that were not renewed.
func (s *Server) watch() {
	ticker := time.NewTicker(min(time.Second, s.config.Expiry/4))
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			s.expire(now)
		case <-s.done:
			return
		}
	}
}

// relieve looks after what all sessions share.
func (s *Server) relieve() {
	ticker := time.NewTicker(relieveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.shares.relieve()
		case <-s.done:
			return
		}
	}
}

func (s *Server) expire(now time.Time) {
	s.mu.Lock()
	var ended []*session
	for _, session := range s.byKey {
		session.heard() // what its lanes know is gone with them
		if now.After(session.expires) && !session.isKept(now, s.config) {
			ended = append(ended, session)
		}
	}
	s.mu.Unlock()
	for _, session := range ended {
		s.config.Log.Info("session expired", "session", session.id[:8])
		s.end(session)
	}
}

// end removes a session, if it is still there, and closes it.
func (s *Server) end(ended *session) {
	s.mu.Lock()
	isThere := s.byKey[ended.key] == ended
	if isThere {
		s.removeLocked(ended, time.Now())
	}
	s.mu.Unlock()
	if isThere {
		ended.close()
	}
}

func (s *Server) removeLocked(ended *session, now time.Time) {
	delete(s.byKey, ended.key)
	if ended.control != nil {
		ended.control.Close() // it speaks for nothing any more
	}
	if ended.isDirect {
		s.door.Dismiss(ended.id)
	}
	s.addresses.release(ended.key, ended.addresses, now)
	if len(s.byKey) == 0 {
		s.emptySince = now
	}
}

// leastUsedLocked is the session that makes way for a newcomer: of those that never carried a packet the oldest, else the
// one that has been silent longest, if that is long. nil where all carry.
func (s *Server) leastUsedLocked(now time.Time) *session {
	var chosen *session
	for _, one := range s.byKey {
		if one.heard() == 0 && (chosen == nil || one.registeredAt.Before(chosen.registeredAt)) {
			chosen = one
		}
	}
	if chosen != nil {
		return chosen
	}
	oldest := now.Add(-silentAfter).UnixNano()
	for _, one := range s.byKey {
		if heard := one.heard(); heard < oldest {
			chosen, oldest = one, heard
		}
	}
	return chosen
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Memory == nil {
		c.Memory = &MemoryGauge{}
	}
	if c.Policy == nil {
		c.Policy = &forward.Policy{}
	}
	integer := func(value *int, fallback int) {
		if *value <= 0 {
			*value = fallback
		}
	}
	duration := func(value *time.Duration, fallback time.Duration) {
		if *value <= 0 {
			*value = fallback
		}
	}
	integer(&c.MTU, DefaultMTU)
	integer(&c.Limits.TCPFlows, forward.DefaultLimits.TCPFlows)
	integer(&c.Lanes, wire.LaneCount)
	integer(&c.FlowLanes, wire.FlowLaneCount)
	integer(&c.SessionsAtMost, sessionsAtMost)
	integer(&c.ArrivalsAtMost, 256)
	integer(&c.DescriptorsAtMost, 1<<16)
	duration(&c.Expiry, DefaultExpiry)
	duration(&c.Keep, DefaultKeep)
	duration(&c.Quarantine, DefaultQuarantine)
	duration(&c.OpeningTimeout, 5*time.Second)
	return c
}
