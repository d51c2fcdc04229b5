package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

// control keeps the control stream: register, then renew, then all over again.
func (session *session) control(ctx context.Context) {
	wait := newBackoff(session.timing)
	for ctx.Err() == nil {
		target, keys, ok := session.awaitTarget(ctx)
		if !ok {
			return
		}
		err := session.converse(ctx, target, keys, wait)
		select {
		case <-session.leaving:
			return
		default:
		}
		if ctx.Err() != nil {
			return
		}
		session.mutex.Lock()
		counts := session.lanes == nil || session.lanes.target != target // otherwise lane 0 counts
		session.mutex.Unlock()
		session.failed(target, err, counts)
		session.pause(ctx, wait.next())
	}
}

// converse holds one control stream until it ends, the target changes, or the session leaves (nil).
func (session *session) converse(ctx context.Context, target wire.AgentTarget, keys sessionKeys, wait *backoff) error {
	hello := &wire.Hello{Protocol: wire.Protocol, Build: session.build, Role: "engine"}
	session.mutex.Lock()
	isNew := session.lanes == nil || session.lanes.target != target || session.lanes.keys != keys
	session.mutex.Unlock()
	ahead := &pendingStreams{}
	if isNew {
		ahead = session.dialAhead(ctx, target)
	}
	defer ahead.discard()
	stream, err := session.dial(ctx, target)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := session.begin(ctx, stream, wire.AgentOpening{Kind: "control", Hello: hello}); err != nil {
		return err
	}
	reply, err := session.exchange(ctx, stream, nil)
	if err != nil {
		return err
	}
	if reply.Hello == nil || reply.Hello.Protocol != wire.Protocol {
		return &wire.Problem{Code: wire.CodeAgentVersion, Cause: fmt.Sprintf("the agent does not speak protocol %d", wire.Protocol)}
	}
	if err := session.register(ctx, stream, target, keys, ahead); err != nil {
		return err
	}
	wait.reset()
	return session.renew(ctx, stream, target, keys)
}

// exchange sends a request, if there is one, and reads the reply to it.
func (session *session) exchange(ctx context.Context, stream io.ReadWriteCloser, request *wire.AgentRequest) (wire.AgentReply, error) {
	ctx, cancel := context.WithTimeout(ctx, session.timing.Dial)
	defer cancel()
	var reply wire.AgentReply
	err := within(ctx, stream, func() error {
		if request != nil {
			if err := wire.WriteFrame(stream, request, wire.MaxFrame); err != nil {
				return err
			}
		}
		body, err := wire.ReadFrame(stream, wire.MaxFrame)
		if err != nil {
			return fmt.Errorf("read the agent's reply: %w", err)
		}
		return json.Unmarshal(body, &reply)
	})
	if err == nil && reply.Problem != nil {
		return reply, reply.Problem
	}
	return reply, err
}

func (session *session) register(ctx context.Context, stream io.ReadWriteCloser, target wire.AgentTarget, keys sessionKeys, ahead *pendingStreams) error {
	session.mutex.Lock()
	previous, lanes := session.registry, session.lanes
	session.mutex.Unlock()
	request := wire.Register{PublicKey: keys.publicText(), PresharedKey: wire.Secret(hex.EncodeToString(keys.preshared[:]))}
	if lanes != nil {
		request.WantedLaptopAddress, request.WantedEngineAddress = previous.laptop.String(), previous.engine.String()
	}
	reply, err := session.exchange(ctx, stream, &wire.AgentRequest{Request: "register", Register: &request})
	if err != nil {
		return err
	}
	if reply.Registered == nil {
		return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the agent did not answer the registration"}
	}
	granted := *reply.Registered
	if lanes != nil && lanes.keys == keys && granted.Session == previous.granted.Session && granted.AgentPublicKey == previous.granted.AgentPublicKey {
		lanes.setTicket(granted.Ticket)
		session.mutex.Lock()
		session.registry.granted = granted
		session.mutex.Unlock()
		return nil
	}
	next, err := checkRegistration(granted)
	if err != nil {
		return err
	}
	if lanes != nil && (next.laptop != previous.laptop || next.engine != previous.engine) {
		// The TUN and the laptop's resolver settings hold the old ones, and programs hold sockets bound to them.
		return &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "the new agent cannot give the session its addresses"}
	}
	return session.adopt(ctx, target, keys, next, ahead)
}

// adopt makes lanes for a registration that is new to this session, in place of those before.
func (session *session) adopt(ctx context.Context, target wire.AgentTarget, keys sessionKeys, next registration, ahead *pendingStreams) error {
	set, err := newLaneSet(session, target, keys, next, ahead)
	if err != nil {
		return err
	}
	next.lanes = set.lanes
	session.mutex.Lock()
	old := session.lanes
	session.mutex.Unlock()
	// The lanes before go first: what they still deliver belongs to flows that are about to be reset.
	if old != nil {
		old.close()
	}
	session.observing.Lock()
	err = session.observer.registered(next, old != nil)
	session.observing.Unlock()
	if err != nil {
		set.close()
		return err
	}
	session.mutex.Lock()
	session.lanes, session.registry = set, next
	session.mutex.Unlock()
	set.start(ctx)
	notify(session.nudges)
	return nil
}

// renew keeps the registration alive until the stream ends.
func (session *session) renew(ctx context.Context, stream io.ReadWriteCloser, target wire.AgentTarget, keys sessionKeys) error {
	session.mutex.Lock()
	expires := time.Duration(session.registry.granted.ExpiresSeconds) * time.Second
	session.mutex.Unlock()
	interval := session.timing.Renew
	if expires > 0 {
		interval = min(interval, max(expires/3, time.Second))
	}
	for {
		// Nobody reads the stream between two renewals, so that its end shows at the next one only; the lanes, whose
		// streams go the same way, notice earlier and end this wait.
		session.pauseOr(ctx, interval, session.doubted)
		select {
		case <-session.leaving:
			bye, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, _ = session.exchange(bye, stream, &wire.AgentRequest{Request: "leave"})
			return nil
		default:
		}
		if !session.isCurrent(target) {
			return errors.New("the agent was replaced")
		}
		reply, err := session.exchange(ctx, stream, &wire.AgentRequest{Request: "renew", RenewOfKey: keys.publicText()})
		if err != nil {
			return err
		}
		if reply.Renewed == nil {
			return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the agent did not answer the renewal"}
		}
	}
}

// checkRegistration believes nothing: the agent runs in a cluster.
func checkRegistration(granted wire.Registered) (registration, error) {
	result := registration{granted: granted}
	for _, field := range []struct {
		name  string
		text  string
		value *netip.Addr
	}{
		{"laptop", granted.LaptopAddress, &result.laptop},
		{"engine", granted.EngineAddress, &result.engine},
		{"agent", granted.AgentAddress, &result.agent},
	} {
		address, err := netip.ParseAddr(field.text)
		if err != nil || !tunnelRange.Contains(address) {
			return result, malformed("the %s address is not in %s", field.name, tunnelRange)
		}
		*field.value = address
	}
	if result.laptop == result.engine || result.laptop == result.agent || result.engine == result.agent {
		return result, malformed("two addresses of the session are the same")
	}
	if granted.Lanes < 2 || granted.Lanes > 16 {
		return result, malformed("%d lanes", granted.Lanes)
	}
	if granted.MTU < 1280 || granted.MTU > 65000 {
		return result, malformed("an MTU of %d", granted.MTU)
	}
	return result, nil
}

func malformed(format string, values ...any) *wire.Problem {
	return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "registration: " + fmt.Sprintf(format, values...)}
}
