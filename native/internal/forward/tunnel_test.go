package forward

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"net/netip"
	"sync/atomic"
	"testing"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/memnet"
	"slipway/native/internal/packet"
	"slipway/native/internal/terminate"
)

// tunnel is all that is between a laptop and a Forwarder: connections end in a Terminator and go on as flows of a pair of
// sessions, over sealed lanes; everything else goes as packets.
type tunnel struct {
	forwarder  *Forwarder
	terminator *terminate.Terminator
	toLaptop   func(raw []byte)

	up, down chan pipe
	done     chan struct{}
	over     atomic.Bool
}

// newTunnel makes a tunnel; start has it carry.
func newTunnel(t testing.TB, change func(*Config), toLaptop func(raw []byte)) *tunnel {
	t.Helper()
	made := &tunnel{toLaptop: toLaptop, up: make(chan pipe, 256), down: make(chan pipe, 256), done: make(chan struct{})}
	config := Config{
		Lanes: 5, MTU: 16000, Agent: packet.NewPerFamily(agentAddress, agentAddress6), Policy: &Policy{},
		Send:   func(lane int, parsed packet.Packet) { made.send(made.down, lane, parsed.Raw) },
		LaneOf: laneOf,
	}
	change(&config)
	var err error
	if made.forwarder, err = New(config); err != nil {
		t.Fatal(err)
	}
	near, far := joinSessions(t, made.forwarder.Accept)
	if made.terminator, err = terminate.New(terminate.Config{
		MTU:    config.MTU,
		Open:   near.Open,
		Output: func(parsed *packet.Packet, behind [][]byte) { made.send(made.down, 0, parsed.Whole(behind)) },
		Router: func(like netip.Addr) netip.Addr { return config.Agent.Like(like) },
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		made.over.Store(true)
		close(made.done)
		near.Close(bytestream.Ended)
		far.Close(bytestream.Ended)
		made.terminator.Close()
		made.forwarder.Close()
	})
	return made
}

// joinSessions makes the two ends of a session, with lanes between them.
func joinSessions(t testing.TB, accept func(*bytestream.Flow, bytestream.Opening) bytestream.Events) (near, far *bytestream.Session) {
	t.Helper()
	near, far = makeSessions(t, accept)
	for lane := range lanesOfFlows {
		one, other := memnet.Pipe(memnet.Options{})
		near.Attach(lane, one)
		far.Attach(lane, other)
	}
	return near, far
}

const lanesOfFlows = 4

// makeSessions makes the two ends of a session that have no lanes yet.
func makeSessions(t testing.TB, accept func(*bytestream.Flow, bytestream.Opening) bytestream.Events) (near, far *bytestream.Session) {
	t.Helper()
	var keys [2]*ecdh.PrivateKey
	for index := range keys {
		var err error
		if keys[index], err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	made := func(own, peer *ecdh.PrivateKey, accept func(*bytestream.Flow, bytestream.Opening) bytestream.Events) *bytestream.Session {
		session, err := bytestream.New(bytestream.Config{Accept: accept, Lanes: lanesOfFlows, Keys: bytestream.Keys{
			Session: "session", Private: [32]byte(own.Bytes()), Public: [32]byte(own.PublicKey().Bytes()),
			Peer: [32]byte(peer.PublicKey().Bytes()), Preshared: [32]byte{1},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	return made(keys[0], keys[1], nil), made(keys[1], keys[0], accept)
}

// pipe is a packet of a lane.
type pipe struct {
	lane   int
	packet []byte
}

func (tunnel *tunnel) send(to chan pipe, lane int, raw []byte) {
	if tunnel.over.Load() {
		return
	}
	select {
	case to <- pipe{lane, bytes.Clone(raw)}:
	case <-tunnel.done:
	}
}

// inject takes a packet of the laptop.
func (tunnel *tunnel) inject(lane int, raw []byte) { tunnel.send(tunnel.up, lane, raw) }

func (tunnel *tunnel) start() {
	run := func(from chan pipe, handle func(pipe)) {
		for {
			select {
			case carried := <-from:
				handle(carried)
			case <-tunnel.done:
				return
			}
		}
	}
	go run(tunnel.down, func(carried pipe) { tunnel.toLaptop(carried.packet) })
	go run(tunnel.up, func(carried pipe) {
		if parsed, ok := packet.Parse(carried.packet); ok && parsed.Protocol == packet.TCP {
			tunnel.terminator.Input(&parsed)
			return
		}
		tunnel.forwarder.Receive(carried.lane, [][]byte{carried.packet})
	})
}

// laneOf stands for the engine's choice: any that is stable for a flow does.
func laneOf(parsed packet.Packet) int {
	if !parsed.HasPorts() {
		return 0
	}
	return 1 + int(parsed.SourcePort+parsed.DestinationPort)%4
}

func laneOfRaw(raw []byte) int {
	parsed, _ := packet.Parse(raw)
	return laneOf(parsed)
}
