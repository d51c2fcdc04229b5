package agent

import (
	"fmt"
	"net"
	"time"

	"slipway/native/internal/nonblocking"
	"slipway/native/internal/wire"
)

// direct opens or closes the door for a session.
func (s *Server) direct(own *session, wanted bool) wire.AgentReply {
	if s.door == nil {
		return wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "this agent has no address for a direct path"}}
	}
	if !wanted {
		s.mu.Lock()
		own.isDirect = false
		s.mu.Unlock()
		s.door.Dismiss(own.id)
		return wire.AgentReply{Direct: &wire.DirectListening{Addresses: []string{}}}
	}
	listening, err := s.door.Admit(own.keys)
	if err != nil {
		s.config.Log.Warn("no direct path", "error", err)
		return wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: err.Error()}}
	}
	s.mu.Lock()
	isThere := s.byKey[own.key] == own
	own.isDirect = isThere
	s.mu.Unlock()
	if !isThere { // it ended meanwhile, and dismissed what was not admitted yet
		s.door.Dismiss(own.id)
	}
	return wire.AgentReply{Direct: &listening}
}

// enter takes a stream whose far end proved to be the engine of a session.
func (s *Server) enter(stream net.Conn, opening wire.AgentOpening) {
	stream = nonblocking.Wrap(stream)
	s.serve(stream, nil, func() {
		if err := s.attachProved(stream, opening); err != nil {
			s.config.Log.Debug("direct stream ended", "kind", opening.Kind, "error", err)
		}
	})
}

func (s *Server) attachProved(stream net.Conn, opening wire.AgentOpening) error {
	found := s.find(opening.Session)
	if found == nil {
		return fmt.Errorf("lane of a session that is gone")
	}
	return s.attachTo(found, stream, opening, s.door.Packets)
}

// isKept tells whether a session lives on beyond its expiry, for Keep at most: it has connections, which may wait for a
// laptop that sleeps, or its engine is heard by a direct path, while it may have no other to renew it by. The end matters:
// only the API server tells who may still be here.
func (s *session) isKept(now time.Time, config Config) bool {
	if now.After(s.expires.Add(config.Keep)) {
		return false
	}
	return s.isDirect && now.Sub(time.Unix(0, s.heard())) < config.Expiry || s.forwarder.Connections() > 0
}
