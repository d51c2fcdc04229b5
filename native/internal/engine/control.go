package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slipway/native/internal/wire"
)

// control keeps the control stream: register, then renew, then all over again.
func (client *agentClient) control(ctx context.Context) {
	wait := newBackoff(client.timing)
	for ctx.Err() == nil {
		target, keys, ok := client.awaitTarget(ctx)
		if !ok {
			return
		}
		err := client.converse(ctx, target, keys, wait)
		select {
		case <-client.leaving:
			return
		default:
		}
		if ctx.Err() != nil {
			return
		}
		client.mutex.Lock()
		counts := client.lanes == nil || client.lanes.target != target // otherwise lane 0 counts
		client.mutex.Unlock()
		client.failed(target, err, counts)
		client.pause(ctx, wait.next())
	}
}

// converse holds one control stream until it ends, the target changes, or the client leaves (nil).
func (client *agentClient) converse(ctx context.Context, target wire.AgentTarget, keys sessionKeys, wait *backoff) error {
	hello := &wire.Hello{Protocol: wire.Protocol, Build: client.build, Role: "engine"}
	client.mutex.Lock()
	isNew := client.lanes == nil || client.lanes.target != target || client.lanes.keys != keys
	client.mutex.Unlock()
	ahead := &pendingStreams{}
	if isNew {
		ahead = client.dialAhead(ctx, target)
	}
	defer ahead.discard()
	stream, err := client.dial(ctx, target)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := client.begin(ctx, stream, wire.AgentOpening{Kind: "control", Hello: hello}); err != nil {
		return err
	}
	reply, err := client.exchange(ctx, stream, nil)
	if err != nil {
		return err
	}
	if reply.Hello == nil || reply.Hello.Protocol != wire.Protocol {
		return &wire.Problem{Code: wire.CodeAgentVersion, Cause: fmt.Sprintf("the agent does not speak protocol %d", wire.Protocol)}
	}
	if err := client.register(ctx, stream, target, keys, ahead); err != nil {
		return err
	}
	wait.reset()
	return client.renew(ctx, stream, target, keys)
}

// exchange sends a request, if there is one, and reads the reply to it.
func (client *agentClient) exchange(ctx context.Context, stream *carriedStream, request *wire.AgentRequest) (wire.AgentReply, error) {
	ctx, cancel := context.WithTimeout(ctx, client.timing.Dial)
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

func (client *agentClient) register(ctx context.Context, stream *carriedStream, target wire.AgentTarget, keys sessionKeys, ahead *pendingStreams) error {
	client.mutex.Lock()
	previous, lanes := client.registry, client.lanes
	client.mutex.Unlock()
	request := wire.Register{PublicKey: keys.publicText(), PresharedKey: wire.Secret(hex.EncodeToString(keys.preshared[:])), OwnerSecret: client.owner}
	request.WantedAddresses = client.wanted
	if lanes != nil {
		request.WantedAddresses = previous.ends()
	}
	reply, err := client.exchange(ctx, stream, &wire.AgentRequest{Request: "register", Register: &request})
	if err != nil {
		return err
	}
	if reply.Registered == nil {
		return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the agent did not answer the registration"}
	}
	granted := *reply.Registered
	if lanes != nil && lanes.keys == keys && granted.Session == previous.granted.Session && granted.AgentPublicKey == previous.granted.AgentPublicKey {
		lanes.setTicket(granted.Ticket)
		client.mutex.Lock()
		client.registry.granted = granted
		client.mutex.Unlock()
		return nil
	}
	next, err := checkRegistration(granted)
	if err != nil {
		return err
	}
	if lanes != nil && !next.sameEnds(previous) {
		// The TUN and the laptop's resolver settings hold the old ones, and programs hold sockets bound to them.
		return &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: "the new agent cannot give the session its addresses"}
	}
	return client.adopt(ctx, target, keys, next, ahead)
}

// adopt makes lanes for a registration that is new to this client, in place of those before.
func (client *agentClient) adopt(ctx context.Context, target wire.AgentTarget, keys sessionKeys, next registration, ahead *pendingStreams) error {
	set, err := newLaneSet(client, target, keys, next, ahead)
	if err != nil {
		return err
	}
	next.lanes, next.flows = set.lanes, set.flows
	client.mutex.Lock()
	old := client.lanes
	client.mutex.Unlock()
	// The lanes before go first: what they still deliver belongs to flows that are about to be reset.
	if old != nil {
		old.close()
	}
	client.observing.Lock()
	err = client.observer.registered(next, old != nil)
	client.observing.Unlock()
	if err != nil {
		set.close()
		return err
	}
	client.placing.Lock()
	client.mutex.Lock()
	client.lanes, client.registry = set, next
	places := client.places
	client.mutex.Unlock()
	set.scout.setCandidates(places)
	client.placing.Unlock()
	set.start(ctx)
	notify(client.healthChanged)
	return nil
}

// renew keeps the registration alive until the stream ends.
func (client *agentClient) renew(ctx context.Context, stream *carriedStream, target wire.AgentTarget, keys sessionKeys) error {
	client.mutex.Lock()
	expires := time.Duration(client.registry.granted.ExpiresSeconds) * time.Second
	client.mutex.Unlock()
	interval := client.timing.Renew
	if expires > 0 {
		interval = min(interval, max(expires/3, time.Second))
	}
	isAsked := false // to listen, by this stream
	for {
		if wanted := client.wantsDirect(); wanted != isAsked || !wanted && client.mayListen() {
			if err := client.askDirect(ctx, stream, wanted); err != nil {
				return err
			}
			isAsked = wanted
		}
		// Nobody reads the stream between two renewals, so that its end shows at the next one only; the lanes, whose
		// streams go the same way, notice earlier and end this wait.
		client.pauseOr(ctx, interval, client.renewNow)
		select {
		case <-client.leaving:
			bye, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, _ = client.exchange(bye, stream, &wire.AgentRequest{Request: "leave"})
			return nil
		default:
		}
		if !client.isCurrent(target) {
			return errors.New("the agent was replaced")
		}
		reply, err := client.exchange(ctx, stream, &wire.AgentRequest{Request: "renew", RenewOfKey: keys.publicText()})
		if err != nil {
			return err
		}
		if reply.Renewed == nil {
			return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the agent did not answer the renewal"}
		}
		client.mutex.Lock()
		client.refused.told(client.registry.granted.Session, reply.Renewed.Refused)
		client.mutex.Unlock()
	}
}

// askDirect asks the agent to listen for the direct path, or no longer to. That it cannot ends nothing.
func (client *agentClient) askDirect(ctx context.Context, stream *carriedStream, wanted bool) error {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	if wanted {
		set.scout.setMayListen(true)
	}
	reply, err := client.exchange(ctx, stream, &wire.AgentRequest{Request: "direct", Direct: &wire.DirectRequest{Wanted: wanted}})
	if reply.Problem != nil || reply.Direct != nil {
		set.scout.setMayListen(wanted && reply.Direct != nil)
	}
	switch {
	case reply.Problem != nil:
		set.scout.setListening(false, reply.Problem.Cause)
	case err != nil:
		return err
	case reply.Direct == nil:
		return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "the agent did not answer the wish for a direct path"}
	default:
		set.scout.setListening(wanted && reply.Direct.Port != 0, "")
	}
	return nil
}
