package engine

import "slipway/native/internal/wire"

// refusedFlows is what agents refused, over all sessions.
type refusedFlows struct {
	session         string // that now is of
	before, current wire.RefusedFlows
}

// told takes what the agent of a session says, which counts from the session's beginning.
func (refused *refusedFlows) told(session string, now wire.RefusedFlows) {
	if session != refused.session {
		refused.before, refused.session = refused.before.Plus(refused.current), session
	}
	refused.current = now
}

// refusals tells what agents refused since the client began.
func (client *agentClient) refusals() wire.RefusedFlows {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.refused.before.Plus(client.refused.current)
}

// askRefusals makes the client ask soon, by a renewal.
func (client *agentClient) askRefusals() { notify(client.renewNow) }

// turnedAwayEvery is how many seconds at least lie between two questions about refusals.
const turnedAwayEvery = 2

// turnedAway follows how many of the laptop's flows were turned away by whoever it was, which is when it is worth asking
// the agent whether it was the one.
type turnedAway struct {
	seconds int
	known   uint64
}

// tick is called once a second; it is true when the agent should be asked.
func (turned *turnedAway) tick(count uint64) bool {
	turned.seconds++
	if count == turned.known || turned.seconds < turnedAwayEvery {
		return false
	}
	turned.seconds, turned.known = 0, count
	return true
}
