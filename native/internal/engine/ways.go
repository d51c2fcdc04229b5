package engine

import (
	"reflect"
	"sync"

	"slipway/native/internal/wire"
)

// ways chooses the way that lanes take to the agent, and tells the core of it.
type ways struct {
	connection *connection

	mutex      sync.Mutex
	candidates []wire.DirectCandidate
	isReady    bool            // the core was told that the tunnel is up
	told       *wire.PathEvent // last
}

func newWays(connection *connection) *ways { return &ways{connection: connection} }

// setCandidates replaces the places where the agent may be reached past the API server.
func (ways *ways) setCandidates(direct wire.DirectCandidates) {
	ways.mutex.Lock()
	defer ways.mutex.Unlock()
	ways.candidates = direct.Candidates[:min(len(direct.Candidates), wire.CandidatesAtMost)]
	ways.tellLocked()
}

// begin comes once the core was told that the tunnel is up.
func (ways *ways) begin() {
	ways.mutex.Lock()
	defer ways.mutex.Unlock()
	ways.isReady = true
	ways.tellLocked()
}

// tellLocked sends what the core does not know yet.
func (ways *ways) tellLocked() {
	if !ways.isReady {
		return
	}
	event := &wire.PathEvent{
		Path: wire.PathAPIServer, Tried: []wire.DirectTried{},
		RoundTripMicroseconds: ways.connection.agent.roundTrip().Microseconds(),
	}
	if ways.told != nil {
		known := *ways.told
		known.RoundTripMicroseconds = event.RoundTripMicroseconds
		if reflect.DeepEqual(*event, known) {
			return
		}
	}
	ways.told = event
	ways.connection.send(wire.EngineEvent{Event: wire.EventPath, Path: event})
}
