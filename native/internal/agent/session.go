package agent

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/carrier"
	"slipway/native/internal/forward"
	"slipway/native/internal/measure"
	"slipway/native/internal/packet"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// session is one registered engine: its keys, addresses, lanes and flows. What is not fixed is guarded by the
// Server's lock.
type session struct {
	id        string
	ticket    string // 32 random bytes in hexadecimal; who has it may carry the session's lanes
	key       publicKey
	owner     owner
	keys      carrier.SessionKeys
	addresses []pair // one of each address family
	lanes     *tunnel.Lanes
	flows     *bytestream.Session
	forwarder *forward.Forwarder
	measure   measure.Server
	expires   time.Time
	isDirect  bool     // it has been admitted by the door
	control   net.Conn // the stream that speaks for it; a later one takes its place

	registeredAt time.Time
	heardAt      atomic.Int64 // Unix nanoseconds; see heard
}

// heard is when something came that only who has the session's key can send, as packet or on a lane of flows; 0 before.
func (s *session) heard() int64 {
	for _, lane := range s.flows.Stats().Lanes {
		s.hear(time.Now().Add(-lane.HeardAgo))
	}
	return s.heardAt.Load()
}

func (s *session) hear(when time.Time) {
	if latest := when.UnixNano(); latest > s.heardAt.Load() {
		s.heardAt.Store(latest)
	}
}

// newSession makes the tunnel and the forwarder of a registration.
func newSession(config Config, shares *shares, from request, addresses []pair) (*session, error) {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make session key: %w", err)
	}
	made := &session{
		id:        randomText(16),
		ticket:    randomText(32),
		key:       from.key,
		owner:     from.owner,
		addresses: addresses, registeredAt: time.Now(),
	}
	made.keys = carrier.SessionKeys{
		Session: made.id, Private: [32]byte(private.Bytes()), Public: [32]byte(private.PublicKey().Bytes()), Peer: from.key, Preshared: from.preshared,
	}
	log := config.Log.With("session", made.id[:8])
	made.forwarder, err = forward.New(forward.Config{
		Lanes:  config.Lanes,
		MTU:    config.MTU,
		Agent:  packet.NewPerFamily(agentAddresses(addresses)...),
		Policy: config.Policy,
		Dialer: config.Dialer,
		Limits: config.Limits,
		Log:    log,
		Full:   func() forward.Shortage { return shares.refuse(made) },
		Send:   func(lane int, parsed packet.Packet) { made.lanes.Send(lane, &parsed) },
		LaneOf: func(parsed packet.Packet) int { return tunnel.LaneOf(&parsed, config.Lanes) },
	})
	if err != nil {
		return nil, err
	}
	made.lanes, err = tunnel.New(tunnel.Config{
		PrivateKey:    [32]byte(private.Bytes()),
		PeerPublicKey: from.key,
		PresharedKey:  from.preshared,
		LaneCount:     config.Lanes,
		MTU:           config.MTU,
		// WireGuard drops what another source address claims to have sent: sessions cannot spoof each other.
		AllowedIPs: hostPrefixes(addresses),
		Receive: func(lane int, packets [][]byte) {
			made.hear(time.Now())
			made.forwarder.Receive(lane, packets)
		},
		Log: log,
	})
	if err != nil {
		made.forwarder.Close()
		return nil, err
	}
	made.flows, err = bytestream.New(bytestream.Config{
		Accept: made.accept,
		Keys:   bytestream.Keys(made.keys),
		Lanes:  config.FlowLanes, UnreadAtMost: config.UnreadAtMost,
		Log: log,
	})
	if err != nil {
		made.lanes.Close()
		made.forwarder.Close()
		return nil, err
	}
	return made, nil
}

// accept takes a flow of the session's own addresses; what another claims to have opened has no answer.
func (s *session) accept(flow *bytestream.Flow, opening bytestream.Opening) bytestream.Events {
	for _, own := range s.addresses {
		if source := opening.Source.Addr().Unmap(); source == own.laptop || source == own.engine {
			family, _ := wire.AddressFamilyOf(source)
			if to := opening.Destination; to.Addr() == family.Agent && measure.Has(to.Port()) {
				return s.measure.Accept(flow, to.Port())
			}
			return s.forwarder.Accept(flow, opening)
		}
	}
	return forward.Ignore(flow)
}

// admits compares tickets in constant time.
func (s *session) admits(ticket wire.Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.ticket), []byte(ticket)) == 1
}

// isOf tells whether who registers again knows the secret of the first time: public keys are no secrets.
func (s *session) isOf(preshared [32]byte) bool {
	return subtle.ConstantTimeCompare(s.keys.Preshared[:], preshared[:]) == 1
}

// attach returns when the stream ended.
func (s *session) attach(lane int, packets carrier.Packets) error {
	return <-s.lanes.Attach(lane, packets)
}

// attachFlows is attach for a lane of flows.
func (s *session) attachFlows(lane int, stream net.Conn) error {
	return <-s.flows.Attach(lane, stream)
}

// close ends lanes before flows, so that nothing waits for a lane.
func (s *session) close() {
	s.lanes.Close()
	s.flows.Close(bytestream.Ended)
	s.forwarder.Close()
}

func (s *session) registered(config Config) *wire.Registered {
	return &wire.Registered{
		Session:        s.id,
		Ticket:         wire.Secret(s.ticket),
		AgentPublicKey: hex.EncodeToString(s.keys.Public[:]),
		Addresses:      s.granted(),
		Lanes:          config.Lanes,
		FlowLanes:      config.FlowLanes,
		MTU:            config.MTU,
		ExpiresSeconds: int(config.Expiry / time.Second),
		Facts:          config.Facts,
	}
}

// granted are the session's addresses as its engine is told.
func (s *session) granted() []wire.SessionAddresses {
	var all []wire.SessionAddresses
	for _, own := range s.addresses {
		family, _ := wire.AddressFamilyOf(own.laptop)
		all = append(all, wire.SessionAddresses{
			Laptop: own.laptop.String(), Engine: own.engine.String(), Agent: family.Agent.String(),
		})
	}
	return all
}

// agentAddresses are the agent's own in the families of a session.
func agentAddresses(addresses []pair) []netip.Addr {
	var all []netip.Addr
	for _, own := range addresses {
		family, _ := wire.AddressFamilyOf(own.laptop)
		all = append(all, family.Agent)
	}
	return all
}

func hostPrefixes(addresses []pair) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, own := range addresses {
		for _, address := range []netip.Addr{own.laptop, own.engine} {
			prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	return prefixes
}

func randomText(size int) string {
	bytes := make([]byte, size)
	// crypto/rand.Read never fails (Go 1.24); the program ends where there is no randomness.
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}
