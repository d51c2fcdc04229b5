package engine

import (
	"context"
	"net"
	"net/netip"
	"reflect"
	"sync"

	"slipway/native/internal/wire"
)

// ways hands the candidates for a direct path on once connect is over, and tells the core which way lanes take.
type ways struct {
	connection *connection
	handing    sync.Mutex // orders what the agent's client is handed; taken before mutex

	mutex      sync.Mutex
	candidates []wire.DirectCandidate
	isReady    bool            // the core was told that the tunnel is up
	current    *wire.PathEvent // nil before the first candidate
	told       *wire.PathEvent // last
}

func newWays(connection *connection) *ways { return &ways{connection: connection} }

// setCandidates replaces the places where the agent may be reached past the API server.
func (ways *ways) setCandidates(direct wire.DirectCandidates) {
	ways.handing.Lock()
	defer ways.handing.Unlock()
	ways.mutex.Lock()
	ways.candidates = direct.Candidates[:min(len(direct.Candidates), wire.CandidatesAtMost)]
	candidates, isReady := ways.candidates, ways.isReady
	ways.mutex.Unlock()
	if isReady {
		ways.connection.agent.setPlaces(candidates)
	}
}

// begin comes once the core was told that the tunnel is up: connect waits for no direct path, and none takes its time.
func (ways *ways) begin() {
	ways.handing.Lock()
	defer ways.handing.Unlock()
	ways.mutex.Lock()
	ways.isReady = true
	candidates := ways.candidates
	ways.tellLocked()
	ways.mutex.Unlock()
	if len(candidates) > 0 {
		ways.connection.agent.setPlaces(candidates)
	}
}

// pathChanged is told which way lanes take now.
func (ways *ways) pathChanged(event *wire.PathEvent) {
	ways.mutex.Lock()
	defer ways.mutex.Unlock()
	ways.current = event
	ways.tellLocked()
}

// tellLocked sends what the core does not know yet. A round trip alone is no news: counters tell it each second.
func (ways *ways) tellLocked() {
	if !ways.isReady {
		return
	}
	event := ways.current
	if event == nil {
		event = &wire.PathEvent{
			Path: wire.PathAPIServer, Tried: []wire.DirectTried{},
			RoundTripMicroseconds: ways.connection.agent.roundTrip().Microseconds(),
		}
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

// refuses tells why an address is no candidate. What the laptop sends to it must not come out of the tunnel's own
// interface: a path through itself would carry everything for ever.
func (connection *connection) refuses(ctx context.Context, address netip.AddrPort) (outcome, detail string) {
	if outcome := refusal(address.Addr(), ownAddresses()); outcome != "" {
		return outcome, ""
	}
	connection.mutex.Lock()
	path := connection.path
	connection.mutex.Unlock()
	// Connecting a UDP socket sends nothing, and binds the source address of the route.
	socket, err := connection.config.SystemDial(ctx, "udp", address.String())
	if err != nil {
		return unreachable(err)
	}
	defer socket.Close()
	local, isUDP := socket.LocalAddr().(*net.UDPAddr)
	if !isUDP {
		return "", ""
	}
	source := local.AddrPort().Addr().Unmap()
	switch {
	case source == address.Addr(): // one of its own that no interface names, such as those of a local route
		return wire.DirectForbidden, ""
	case path != nil && path.laptop.Has(source):
		return wire.DirectInsideTunnel, ""
	}
	return "", ""
}
