package tunnel

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/curve25519"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/carriertest"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/memnet"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// deadline is generous: nothing here waits this long unless it is broken.
const deadline = 30 * time.Second

type received struct {
	lane int
	raw  []byte
}

// side is one end of a session: its Lanes and what they received.
type side struct {
	*Lanes
	lock    sync.Mutex
	packets []received
	arrived chan struct{}
	onBench func(packets [][]byte) // instead of remembering them
	hold    func()                 // before remembering them
}

func (s *side) receive(lane int, packets [][]byte) {
	if s.onBench != nil {
		s.onBench(packets)
		return
	}
	if s.hold != nil {
		s.hold()
	}
	s.lock.Lock()
	for _, raw := range packets {
		s.packets = append(s.packets, received{lane, bytes.Clone(raw)})
	}
	s.lock.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *side) all() []received {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]received(nil), s.packets...)
}

func (s *side) waitFor(t testing.TB, what string, enough func([]received) bool) []received {
	t.Helper()
	late := time.After(deadline)
	for {
		if packets := s.all(); enough(packets) {
			return packets
		}
		select {
		case <-s.arrived:
		case <-late:
			t.Fatalf("%s: only %d packets", what, len(s.all()))
		}
	}
}

func keyPair(t testing.TB) (private, public [32]byte) {
	t.Helper()
	if _, err := rand.Read(private[:]); err != nil {
		t.Fatal(err)
	}
	private[0] &= 248
	private[31] = private[31]&127 | 64
	curve25519.ScalarBaseMult(&public, &private)
	return private, public
}

func newSession(t testing.TB, laneCount, mtu int, change func(*Config)) (engine, agent *side) {
	t.Helper()
	enginePrivate, enginePublic := keyPair(t)
	agentPrivate, agentPublic := keyPair(t)
	shared, _ := keyPair(t)
	start := func(private, peer [32]byte, allowed string) *side {
		s := &side{arrived: make(chan struct{}, 1)}
		config := Config{
			PrivateKey: private, PeerPublicKey: peer, PresharedKey: shared,
			LaneCount: laneCount, MTU: mtu,
			AllowedIPs: []netip.Prefix{netip.MustParsePrefix(allowed)},
			Receive:    s.receive,
		}
		if change != nil {
			change(&config)
		}
		lanes, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(lanes.Close)
		s.Lanes = lanes
		return s
	}
	return start(enginePrivate, agentPublic, "0.0.0.0/0"), start(agentPrivate, enginePublic, "198.18.0.1/32")
}

// wire is a carrier between two sides, with what a test may do to it.
type wire struct {
	left, right carrier.Packets
	stall       func(bool) // what left sends
	cut         func()
}

func memory() wire {
	left, right := carriertest.Pair()
	return wire{left: left, right: right, stall: left.Stall, cut: left.Cut}
}

func streams(options memnet.Options) wire {
	left, right := memnet.Pipe(options)
	return wire{left: stream.New("left", left), right: stream.New("right", right), stall: left.Stall, cut: left.Reset}
}

// connect attaches a carrier to both sides of a lane; lost is the engine's.
func connect(engine, agent *side, lane int, with wire) (lost <-chan error) {
	agent.Attach(lane, with.right)
	return engine.Attach(lane, with.left)
}

var (
	laptop = netip.MustParseAddr("198.18.0.1")
	pod    = netip.MustParseAddr("10.0.0.9")
)

// udpPacket carries a number and filler up to size bytes in all.
// parse reads what the test made; what is no packet becomes an empty one.
func parse(raw []byte) *packet.Packet {
	parsed, _ := packet.Parse(raw)
	return &parsed
}

func udpPacket(source, target netip.AddrPort, number uint64, size int) []byte {
	raw := make([]byte, max(size, 36))
	fillIPv4(raw, packet.UDP, source.Addr(), target.Addr())
	binary.BigEndian.PutUint16(raw[20:], source.Port())
	binary.BigEndian.PutUint16(raw[22:], target.Port())
	binary.BigEndian.PutUint16(raw[24:], uint16(len(raw)-20))
	binary.BigEndian.PutUint64(raw[28:], number)
	for i := 36; i < len(raw); i++ {
		raw[i] = byte(i * int(number+1))
	}
	return raw
}

func tcpPacket(source, target netip.AddrPort, sequence uint32, flags header.TCPFlags, payload int) []byte {
	raw := make([]byte, 40+payload)
	fillIPv4(raw, packet.TCP, source.Addr(), target.Addr())
	binary.BigEndian.PutUint16(raw[20:], source.Port())
	binary.BigEndian.PutUint16(raw[22:], target.Port())
	binary.BigEndian.PutUint32(raw[24:], sequence)
	raw[32], raw[33] = 5<<4, byte(flags)
	return raw
}

func fillIPv4(raw []byte, protocol byte, source, target netip.Addr) {
	raw[0] = 0x45
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	raw[8], raw[9] = 64, protocol
	copy(raw[12:], source.AsSlice())
	copy(raw[16:], target.AsSlice())
}

func laptopPort(port uint16) netip.AddrPort { return netip.AddrPortFrom(laptop, port) }
func podPort(port uint16) netip.AddrPort    { return netip.AddrPortFrom(pod, port) }

func numberOf(raw []byte) uint64 { return binary.BigEndian.Uint64(raw[28:]) }

func count(n int) func([]received) bool {
	return func(packets []received) bool { return len(packets) >= n }
}

func TestPacketsArriveUnchangedAndInOrder(t *testing.T) {
	for name, carry := range map[string]func() wire{
		"memory":  memory,
		"streams": func() wire { return streams(memnet.Options{Delay: time.Millisecond}) },
	} {
		t.Run(name, func(t *testing.T) { packetsArrive(t, carry) })
	}
}

func packetsArrive(t *testing.T, carry func() wire) {
	engine, agent := newSession(t, 3, 16000, nil)
	for lane := range 3 {
		connect(engine, agent, lane, carry())
	}
	sizes := []int{36, 63, 64, 255, 256, 1420, 1421, 15999, 16000, 16001, 40000, MaxPacket}
	const flows, each = 8, 120
	sent := map[uint16][][]byte{}
	for number := range each {
		for flow := range uint16(flows) {
			raw := udpPacket(laptopPort(1000+flow), podPort(80), uint64(number), sizes[(number+int(flow))%len(sizes)])
			sent[1000+flow] = append(sent[1000+flow], raw)
			engine.Send(LaneOf(parse(raw), 3), parse(raw))
		}
	}
	got := map[uint16][]received{}
	for _, one := range agent.waitFor(t, "all packets", count(flows*each)) {
		port := binary.BigEndian.Uint16(one.raw[20:])
		got[port] = append(got[port], one)
	}
	for port, packets := range sent {
		for i, raw := range packets {
			if i >= len(got[port]) || !bytes.Equal(got[port][i].raw, raw) {
				t.Fatalf("flow %d: packet %d did not arrive in its place and unchanged", port, i)
			}
			if got[port][i].lane != LaneOf(parse(raw), 3) {
				t.Fatalf("flow %d: packet %d took lane %d", port, i, got[port][i].lane)
			}
		}
	}
	answer := udpPacket(podPort(80), laptopPort(1000), 7, 500)
	agent.Send(LaneOf(parse(answer), 3), parse(answer))
	if back := engine.waitFor(t, "the answer", count(1)); !bytes.Equal(back[0].raw, answer) {
		t.Fatal("the answer came changed")
	}
}
