package agent

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

// openingLimit is far over what an opening needs, in bytes, and keeps strangers from making us hold more.
const openingLimit = 4 << 10

// registerTimeout is how long a control stream may stay without registering: engines do so in the next round trip.
const registerTimeout = 10 * time.Second

// open reads what a stream is for and serves it until its end.
func (s *Server) open(stream net.Conn, packets Packets) {
	stream.SetDeadline(time.Now().Add(s.config.OpeningTimeout))
	opening, err := readOpening(stream)
	if err != nil {
		s.config.Log.Debug("stream without opening", "error", err)
		return
	}
	switch opening.Kind {
	case "control":
		err = s.control(stream, opening)
	case "lane", "flows":
		err = s.attach(stream, opening, packets)
	}
	if err != nil {
		s.config.Log.Debug("stream ended", "kind", opening.Kind, "error", err)
	}
}

func readOpening(stream net.Conn) (wire.AgentOpening, error) {
	body, err := wire.ReadFrame(stream, openingLimit)
	if err != nil {
		return wire.AgentOpening{}, fmt.Errorf("read opening: %w", err)
	}
	return decodeOpening(body)
}

func decodeOpening(body []byte) (wire.AgentOpening, error) {
	var opening wire.AgentOpening
	if err := json.Unmarshal(body, &opening); err != nil {
		return wire.AgentOpening{}, fmt.Errorf("decode opening: %w", err)
	}
	switch {
	case opening.Kind == "control" && opening.Hello == nil:
		return wire.AgentOpening{}, errors.New("opening without hello")
	case opening.Kind != "control" && opening.Kind != "lane" && opening.Kind != "flows":
		return wire.AgentOpening{}, fmt.Errorf("opening of unknown kind %q", opening.Kind)
	}
	return opening, nil
}

// attach makes a stream the carrier of a lane. Refusals are told by closing only: whoever has no ticket learns
// nothing, and an engine whose session is gone is told so on its control stream.
func (s *Server) attach(stream net.Conn, opening wire.AgentOpening, packets Packets) error {
	found := s.find(opening.Session)
	if found == nil || !found.admits(opening.Ticket) {
		return errors.New("lane of an unknown session, or with a wrong ticket")
	}
	s.mu.Lock()
	s.arrivals.remove(stream)
	s.mu.Unlock()
	stream.SetDeadline(time.Time{})
	return s.attachTo(found, stream, opening, packets)
}

// attachTo makes a stream whose far end may do so the carrier of a lane of a session.
func (s *Server) attachTo(found *session, stream net.Conn, opening wire.AgentOpening, packets Packets) error {
	count := s.config.Lanes
	if opening.Kind == "flows" {
		count = s.config.FlowLanes
	}
	if opening.Lane < 0 || opening.Lane >= count {
		return fmt.Errorf("lane %d of %d", opening.Lane, count)
	}
	if opening.Kind == "flows" {
		return found.attachFlows(opening.Lane, stream)
	}
	return found.attach(opening.Lane, packets(stream))
}

func (s *Server) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.byKey {
		if session.id == id {
			return session
		}
	}
	return nil
}

// control answers requests, one at a time. A stream speaks for the session that it registered, and no other.
func (s *Server) control(stream net.Conn, opening wire.AgentOpening) error {
	if opening.Hello.Protocol != wire.Protocol {
		return s.write(stream, wire.AgentReply{Problem: &wire.Problem{
			Code:  wire.CodeAgentVersion,
			Cause: fmt.Sprintf("the agent speaks protocol %d, the engine %d", wire.Protocol, opening.Hello.Protocol),
			Facts: map[string]string{"agent": s.config.Facts.Build, "engine": opening.Hello.Build},
		}})
	}
	hello := &wire.Hello{Protocol: wire.Protocol, Build: s.config.Facts.Build, Role: "agent"}
	if err := s.write(stream, wire.AgentReply{Hello: hello}); err != nil {
		return err
	}
	var own *session
	for {
		wait := registerTimeout
		if own != nil {
			wait = 2 * s.config.Expiry
		}
		stream.SetReadDeadline(time.Now().Add(wait))
		body, err := wire.ReadFrame(stream, wire.MaxFrame)
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		request, err := decodeRequest(body)
		if err != nil {
			// What follows cannot be understood either.
			return errors.Join(err, s.write(stream, wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeMessageMalformed, Cause: err.Error()}}))
		}
		reply := s.answer(stream, request, &own)
		if err := s.write(stream, reply); err != nil {
			return err
		}
		if reply.Left || request.kind == "renew" && own == nil {
			return nil // it speaks for nothing any more
		}
	}
}

func (s *Server) write(stream net.Conn, reply wire.AgentReply) error {
	stream.SetWriteDeadline(time.Now().Add(s.config.OpeningTimeout))
	return wire.WriteFrame(stream, reply, wire.MaxFrame)
}

// request is an AgentRequest that was checked.
type request struct {
	kind      string
	key       publicKey
	preshared [32]byte
	owner     owner
	wanted    []pair
	isDirect  bool // whether a direct path is wanted
}

func decodeRequest(body []byte) (request, error) {
	var message wire.AgentRequest
	if err := json.Unmarshal(body, &message); err != nil {
		return request{}, fmt.Errorf("decode request: %w", err)
	}
	result := request{kind: message.Request}
	switch message.Request {
	case "register":
		if message.Register == nil {
			return request{}, errors.New("register without its content")
		}
		if !decodeKey(message.Register.PublicKey, (*[32]byte)(&result.key)) || !decodeKey(string(message.Register.PresharedKey), &result.preshared) {
			return request{}, errors.New("a key is not 32 bytes in hexadecimal, or zero")
		}
		var isOwner bool
		if result.owner, isOwner = ownerOf(message.Register.OwnerSecret); !isOwner {
			return request{}, errors.New("the owner's secret is not 32 bytes in hexadecimal, or zero")
		}
		for _, addresses := range message.Register.WantedAddresses {
			laptop, errLaptop := netip.ParseAddr(addresses.Laptop)
			engine, errEngine := netip.ParseAddr(addresses.Engine)
			if errLaptop == nil && errEngine == nil { // others are as if none were wanted
				result.wanted = append(result.wanted, pair{laptop, engine})
			}
		}
	case "renew":
		if !decodeKey(message.RenewOfKey, (*[32]byte)(&result.key)) {
			return request{}, errors.New("a key is not 32 bytes in hexadecimal, or zero")
		}
	case "direct":
		if message.Direct == nil {
			return request{}, errors.New("direct without its content")
		}
		result.isDirect = message.Direct.Wanted
	case "leave":
	default:
		return request{}, fmt.Errorf("unknown request %q", message.Request)
	}
	return result, nil
}

func decodeKey(text string, into *[32]byte) bool {
	if len(text) != hex.EncodedLen(len(into)) {
		return false
	}
	_, err := hex.Decode(into[:], []byte(text))
	return err == nil && *into != [32]byte{}
}

// answer carries out one request; own is the session that the stream speaks for.
func (s *Server) answer(stream net.Conn, request request, own **session) wire.AgentReply {
	switch request.kind {
	case "register":
		if *own != nil && (*own).key != request.key {
			return wire.AgentReply{Problem: &wire.Problem{
				Code: wire.CodeMessageMalformed, Cause: "the stream speaks for another session already",
			}}
		}
		registered, problem := s.register(stream, request)
		if problem != nil {
			return wire.AgentReply{Problem: problem}
		}
		*own = registered
		return wire.AgentReply{Registered: registered.registered(s.config)}
	case "renew":
		if *own == nil || (*own).key != request.key || !s.renew(*own) {
			*own = nil
			// Registering again is the cure, and the engine does it when it opens the next control stream.
			return wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "the session has expired"}}
		}
		return wire.AgentReply{Renewed: &wire.Renewed{ExpiresSeconds: int(s.config.Expiry / time.Second), Refused: (*own).forwarder.Refused()}}
	case "direct":
		if *own == nil {
			return wire.AgentReply{Problem: &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "a stream without a session wants a direct path"}}
		}
		return s.direct(*own, request.isDirect)
	}
	if *own != nil {
		s.config.Log.Info("session left", "session", (*own).id[:8])
		s.mu.Lock()
		if (*own).control == stream {
			(*own).control = nil // it has the answer to bring yet
		}
		s.mu.Unlock()
		s.end(*own)
		*own = nil
	}
	return wire.AgentReply{Left: true}
}

// register finds or makes a session, for which stream speaks from then on.
func (s *Server) register(stream net.Conn, request request) (*session, *wire.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.closed {
		return nil, &wire.Problem{Code: wire.CodeAgentGone, Cause: "the agent is ending"}
	}
	registered := s.byKey[request.key]
	if registered != nil && !registered.isOf(request.preshared) {
		return nil, &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the key is registered with another secret"}
	}
	if registered == nil {
		s.succeedLocked(request, now)
		made, problem := s.makeLocked(request, now)
		if problem != nil {
			return nil, problem
		}
		registered = made
	}
	registered.expires = now.Add(s.config.Expiry)
	if registered.control != nil && registered.control != stream {
		registered.control.Close()
	}
	registered.control = stream
	s.arrivals.remove(stream)
	return registered, nil
}

// makeLocked makes a session, in place of one that nobody uses where there is no place left.
func (s *Server) makeLocked(request request, now time.Time) (*session, *wire.Problem) {
	if len(s.byKey) >= s.config.SessionsAtMost {
		unused := s.leastUsedLocked(now)
		if unused == nil {
			return nil, &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "the agent serves as many sessions as it can"}
		}
		s.config.Log.Info("session makes way", "session", unused.id[:8])
		s.removeLocked(unused, now)
		s.running.Go(unused.close)
	}
	addresses, err := s.addresses.take(request.key, request.wanted, now)
	if err != nil {
		return nil, &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: err.Error()}
	}
	made, err := newSession(s.config, &s.shares, request, addresses)
	if err != nil {
		s.addresses.release(request.key, addresses, now)
		s.config.Log.Error("make session", "error", err)
		return nil, &wire.Problem{Code: wire.CodeInternal, Cause: "the agent could not make the session: " + err.Error()}
	}
	s.byKey[request.key] = made
	s.config.Log.Info("session registered", "session", made.id[:8], "sessions", len(s.byKey))
	return made, nil
}

func (s *Server) renew(own *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[own.key] != own {
		return false
	}
	own.expires = time.Now().Add(s.config.Expiry)
	return true
}
