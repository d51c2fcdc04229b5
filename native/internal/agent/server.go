// Package agent is the agent's side of the engine's link: it takes port-forward streams, registers sessions over
// their control streams and attaches their lanes. It must never listen, dial, or let one session learn of another;
// what a session may reach is package forward's to decide.
package agent

import (
	"errors"
	"log/slog"
	"net"
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
	Limits forward.Limits // of each session
	Full   func() bool    // memory is short: no new flows; may be nil
	Log    *slog.Logger

	MTU            int           // of the tunnel in bytes; DefaultMTU
	Lanes          int           // of each session; wire.LaneCount
	Expiry         time.Duration // from the last registration or renewal; DefaultExpiry
	Quarantine     time.Duration // of a session's addresses after its end; DefaultQuarantine
	SessionsAtMost int           // 64
	OpeningAtMost  int           // streams that have not said what they are; 64
	OpeningTimeout time.Duration // until a stream must have said it; 5 s
}

const (
	// DefaultMTU is measured in docs/adr/0006: on a stream, large packets cost less.
	DefaultMTU = 16000
	// DefaultExpiry outlives three renewals, which come every 20 s.
	DefaultExpiry = time.Minute
	// DefaultQuarantine outlives every socket of the laptop that could still send to a session that is gone.
	DefaultQuarantine = 10 * time.Minute

	controlsAtMost = 256 // control streams that said hello
)

// Server holds the sessions.
type Server struct {
	config Config

	mu         sync.Mutex
	closed     bool
	streams    map[net.Conn]struct{}
	opening    int
	controls   int
	byKey      map[publicKey]*session
	addresses  *addresses
	emptySince time.Time
	running    sync.WaitGroup
	done       chan struct{}
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
	server.running.Go(server.watch)
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
	s.mu.Lock()
	if s.closed || s.opening >= s.config.OpeningAtMost {
		s.mu.Unlock()
		stream.Close()
		return
	}
	s.opening++
	s.streams[stream] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.running.Done()
		defer func() {
			stream.Close()
			s.mu.Lock()
			delete(s.streams, stream)
			s.mu.Unlock()
		}()
		s.open(nonblocking.Wrap(stream), packets)
	}()
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
	ended := make([]*session, 0, len(s.byKey))
	for _, session := range s.byKey {
		ended = append(ended, session)
	}
	clear(s.byKey)
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

func (s *Server) expire(now time.Time) {
	s.mu.Lock()
	var ended []*session
	for _, session := range s.byKey {
		if now.After(session.expires) {
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
	if s.byKey[ended.key] != ended {
		s.mu.Unlock()
		return
	}
	delete(s.byKey, ended.key)
	now := time.Now()
	s.addresses.release(ended.key, ended.addresses, now)
	if len(s.byKey) == 0 {
		s.emptySince = now
	}
	s.mu.Unlock()
	ended.close()
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
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
	integer(&c.Lanes, wire.LaneCount)
	integer(&c.SessionsAtMost, 64)
	integer(&c.OpeningAtMost, 64)
	duration(&c.Expiry, DefaultExpiry)
	duration(&c.Quarantine, DefaultQuarantine)
	duration(&c.OpeningTimeout, 5*time.Second)
	return c
}
