package engine

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// A heartbeat is an ICMP echo from the engine's address to the agent's. Its data are random bytes that only this session
// knows, and one that names the lane.
const heartbeatNonce = 8

// heartbeatsKept is how many heartbeats of a lane may be on their way; answers to older ones are not counted.
const heartbeatsKept = 16

// health judges lanes by the answers that come through the data path, never by the state of their streams.
type health struct {
	timing     Timing
	source     netip.Addr // the engine's address
	target     netip.Addr // the agent's
	identifier uint16
	nonce      [heartbeatNonce]byte

	mutex sync.Mutex
	lanes []laneHealth
}

type laneHealth struct {
	attached   bool
	alive      bool // answered since it was attached
	suspect    bool // the next answer is due soon: the laptop slept, or moved
	sequence   uint16
	sentAt     [heartbeatsKept]time.Time // by sequence; zero when answered
	lastSent   time.Time
	unanswered time.Time // when the oldest heartbeat without a later answer was sent
	roundTrip  time.Duration
	answeredOf time.Time // when the newest answered heartbeat was sent
}

func newHealth(timing Timing, lanes int, ends sessionAddresses) *health {
	health := &health{timing: timing, source: ends.engine, target: ends.agent, lanes: make([]laneHealth, lanes)}
	var identifier [2]byte
	// crypto/rand never fails (its documentation since Go 1.24).
	_, _ = rand.Read(identifier[:])
	_, _ = rand.Read(health.nonce[:])
	health.identifier = binary.BigEndian.Uint16(identifier[:])
	return health
}

// attach begins to judge a lane; answers of an earlier stream no longer count.
func (health *health) attach(lane int) {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	known := &health.lanes[lane]
	*known = laneHealth{attached: true, sequence: known.sequence, roundTrip: known.roundTrip}
}

func (health *health) detach(lane int) {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	health.lanes[lane].attached, health.lanes[lane].alive = false, false
}

// due returns the next heartbeat of a lane if it is time for one. A lane that was not heard yet, or
// is suspect, is asked four times as often.
func (health *health) due(lane int, now time.Time) (heartbeat packet.Packet, isDue bool) {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	known := &health.lanes[lane]
	interval := health.timing.Heartbeat
	if known.suspect || !known.alive {
		interval /= 4
	}
	if !known.attached || now.Sub(known.lastSent) < interval {
		return heartbeat, false
	}
	known.sequence++
	known.lastSent = now
	known.sentAt[known.sequence%heartbeatsKept] = now
	if known.unanswered.IsZero() {
		known.unanswered = now
	}
	return packet.Parse(health.write(lane, known.sequence))
}

func (health *health) write(lane int, sequence uint16) []byte {
	var data [heartbeatNonce + 1]byte
	copy(data[:], health.nonce[:])
	data[heartbeatNonce] = byte(lane)
	return packet.Echo(health.source, health.target, health.identifier, sequence, data[:])
}

// answered takes a packet to the engine's address and tells whether it was the answer to a heartbeat. revived is the
// lane that was heard for the first time since it was attached, or -1.
func (health *health) answered(raw []byte, now time.Time) (revived int, isAnswer bool) {
	reply, ok := packet.Parse(raw)
	if !ok || reply.Kind != packet.EchoReply || reply.IsFragment() || reply.DestinationPort != health.identifier {
		return -1, false
	}
	data := reply.Payload[packet.MessageHeader:]
	if len(data) <= heartbeatNonce || [heartbeatNonce]byte(data) != health.nonce {
		return -1, false
	}
	lane, sequence := int(data[heartbeatNonce]), reply.SourcePort
	if lane >= len(health.lanes) {
		return -1, true
	}
	health.mutex.Lock()
	defer health.mutex.Unlock()
	known := &health.lanes[lane]
	sentAt := known.sentAt[sequence%heartbeatsKept]
	// 0 to heartbeatsKept-1 behind the newest, modulo 2^16.
	if !known.attached || known.sequence-sequence >= heartbeatsKept || sentAt.IsZero() {
		return -1, true
	}
	known.sentAt[sequence%heartbeatsKept] = time.Time{}
	known.roundTrip = now.Sub(sentAt)
	known.answeredOf = sentAt
	known.unanswered, known.suspect = time.Time{}, false
	for later := sequence + 1; later != known.sequence+1; later++ {
		if sent := known.sentAt[later%heartbeatsKept]; !sent.IsZero() {
			known.unanswered = sent
			break
		}
	}
	if known.alive {
		return -1, true
	}
	known.alive = true
	return lane, true
}

// silent returns the lanes that were asked and did not answer in time.
func (health *health) silent(now time.Time) []int {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	var lanes []int
	for lane := range health.lanes {
		known := &health.lanes[lane]
		limit := health.timing.LaneSilence
		if known.suspect {
			limit = health.timing.SuspectAnswer
		}
		if known.attached && !known.unanswered.IsZero() && now.Sub(known.unanswered) > limit {
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

// suspect starts the wait of every lane anew, with a short limit: time passed of which nothing is known.
func (health *health) suspect() {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	for lane := range health.lanes {
		known := &health.lanes[lane]
		known.suspect, known.unanswered, known.lastSent = true, time.Time{}, time.Time{}
		known.sentAt = [heartbeatsKept]time.Time{}
	}
}

// alive tells how many lanes were heard since they were attached.
func (health *health) alive() int {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	count := 0
	for lane := range health.lanes {
		if health.lanes[lane].attached && health.lanes[lane].alive {
			count++
		}
	}
	return count
}

// usable tells whether packets of every kind find a lane: the express lane and one for flows were heard.
func (health *health) usable() bool {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	express, flows := false, len(health.lanes) == 1
	for lane := range health.lanes {
		heard := health.lanes[lane].attached && health.lanes[lane].alive
		express = express || lane == 0 && heard
		flows = flows || lane > 0 && heard
	}
	return express && flows
}

// express returns the express lane's last round trip, and when it began.
func (health *health) express() (time.Duration, time.Time) {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	return health.lanes[0].roundTrip, health.lanes[0].answeredOf
}

// probeNow makes a lane's next heartbeat due now.
func (health *health) probeNow(lane int) {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	health.lanes[lane].lastSent = time.Time{}
}

var problemSilent = wire.CauseTunnelSilent.Problem(wire.CodeTunnelSilent)

func (health *health) isAlive(lane int) bool {
	health.mutex.Lock()
	defer health.mutex.Unlock()
	return health.lanes[lane].alive
}
