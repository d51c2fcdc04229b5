package gate

import (
	"bytes"
	"encoding/binary"
	"maps"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// family is one laptop and what is around it.
type family struct {
	laptop, router, pod, service, lan, internet, loopback, group netip.Addr
	ranges                                                       []netip.Prefix
}

func familyOf(addresses ...string) *family {
	of := func(index int) netip.Addr { return netip.MustParseAddr(addresses[index]) }
	return &family{
		laptop: of(0), router: of(1), pod: of(2), service: of(3), lan: of(4), internet: of(5), loopback: of(6), group: of(7),
		ranges: []netip.Prefix{netip.MustParsePrefix(addresses[8]), netip.MustParsePrefix(addresses[9])},
	}
}

var families = map[string]*family{
	"IPv4": familyOf("198.18.5.2", "198.18.0.1", "10.244.7.7", "10.96.0.10", "192.168.77.1", "8.8.8.8", "127.0.0.1", "224.0.0.1",
		"10.244.0.0/16", "10.96.0.0/12"),
	"IPv6": familyOf("fd18::5:2", "fd18::1", "fd00:244::7", "fd00:96::10", "fe80::1", "2001:4860::8888", "::1", "ff02::1",
		"fd00:244::/64", "fd00:96::/108"),
}

func (family *family) flow(port, farPort uint16) packet.Flow {
	return packet.Flow{Source: family.laptop, Destination: family.pod, SourcePort: port, DestinationPort: farPort, Protocol: packet.TCP}
}

// segment is a TCP packet in the direction of flow.
func segment(flow packet.Flow, flags header.TCPFlags) []byte {
	raw := packet.Reset(flow, 1000)
	header.TCP(raw[len(raw)-header.TCPMinimumSize:]).SetFlags(uint8(flags))
	return raw
}

func datagramFrom(source netip.Addr, port uint16, destination netip.Addr, toPort uint16, size int) []byte {
	return packet.DatagramOf(netip.AddrPortFrom(source, port), netip.AddrPortFrom(destination, toPort), make([]byte, size))
}

func (family *family) echo(from, to netip.Addr, identifier, sequence uint16) []byte {
	return packet.Echo(from, to, identifier, sequence, []byte("ping"))
}

// reply answers an echo request, which may be of any length.
func reply(request []byte) []byte {
	parsed, _ := packet.Parse(request)
	return packet.Answer(parsed.Payload, parsed.Destination, parsed.Source, 64)
}

func about(raw []byte, failure packet.Failure, source netip.Addr) []byte {
	parsed, _ := packet.Parse(raw)
	return packet.Error(failure, source, &parsed)
}

// asked is the gate of a laptop that opened a connection, sent two datagrams and an echo request.
func (family *family) asked() *Gate {
	gate := New(packet.NewPerFamily(family.laptop))
	gate.SetRanges(family.ranges)
	gate.SetRouter(packet.NewPerFamily(family.router))
	for _, raw := range [][]byte{
		segment(family.flow(40000, 80), header.TCPFlagSyn),
		datagramFrom(family.laptop, 5000, family.service, 53, 10),
		datagramFrom(family.laptop, 5001, family.pod, 9999, 10),
		family.echo(family.laptop, family.pod, 7, 1),
	} {
		parsed, _ := packet.Parse(raw)
		gate.Outbound(&parsed)
	}
	return gate
}

// admits gives the gate one packet and tells whether it came in, and what of it.
func admits(gate *Gate, raw []byte) (inside []byte, isIn bool) {
	raw = bytes.Clone(raw)
	parsed, ok := packet.Parse(raw)
	arrivals := gate.Arrivals()
	isIn = ok && arrivals.Admit(&parsed)
	arrivals.Done()
	return parsed.Raw, isIn
}

func (family *family) uninvited() map[string][]byte {
	known := family.flow(40000, 80)
	pod, laptop := family.pod, family.laptop
	asked := datagramFrom(laptop, 5000, family.service, 53, 10)
	messages := func(kind4, kind6, code uint8, body []byte) []byte {
		raw := packet.Answer(append(make([]byte, packet.MessageHeader), body...), pod, laptop, 64)
		kind := kind4
		if pod.Is6() {
			kind = kind6
		}
		raw[len(raw)-len(body)-packet.MessageHeader] = kind
		raw[len(raw)-len(body)-packet.MessageHeader+1] = code
		return raw
	}
	cases := map[string][]byte{
		"a SYN to a listener":             segment(family.flow(22, 4444).Reversed(), header.TCPFlagSyn),
		"a SYN on a known five-tuple":     segment(known.Reversed(), header.TCPFlagSyn),
		"no flags":                        segment(known.Reversed(), 0),
		"all flags":                       segment(known.Reversed(), 0x3f),
		"FIN alone":                       segment(known.Reversed(), header.TCPFlagFin),
		"SYN and FIN":                     segment(known.Reversed(), header.TCPFlagSyn|header.TCPFlagAck|header.TCPFlagFin),
		"SYN and RST":                     segment(known.Reversed(), header.TCPFlagSyn|header.TCPFlagRst),
		"PSH and URG":                     segment(known.Reversed(), header.TCPFlagPsh|header.TCPFlagUrg),
		"a segment of no connection":      segment(family.flow(40001, 80).Reversed(), header.TCPFlagAck),
		"a reset of no connection":        segment(family.flow(40001, 80).Reversed(), header.TCPFlagRst),
		"a datagram to another port":      datagramFrom(family.service, 53, laptop, 5002, 10),
		"a datagram from another port":    datagramFrom(family.service, 54, laptop, 5000, 10),
		"a datagram from another host":    datagramFrom(pod, 53, laptop, 5000, 10),
		"a datagram from the LAN":         datagramFrom(family.lan, 53, laptop, 5000, 10),
		"a datagram from the internet":    datagramFrom(family.internet, 53, laptop, 5000, 10),
		"a datagram from loopback":        datagramFrom(family.loopback, 53, laptop, 5000, 10),
		"a datagram from a group":         datagramFrom(family.group, 53, laptop, 5000, 10),
		"a datagram from the laptop":      datagramFrom(laptop, 53, laptop, 5000, 10),
		"a datagram from the router":      datagramFrom(family.router, 53, laptop, 5000, 10),
		"a datagram to loopback":          datagramFrom(family.service, 53, family.loopback, 5000, 10),
		"a datagram to a group":           datagramFrom(family.service, 53, family.group, 5000, 10),
		"a datagram to the LAN":           datagramFrom(family.service, 53, family.lan, 5000, 10),
		"an echo request":                 family.echo(pod, laptop, 7, 1),
		"a reply with another identifier": reply(family.echo(laptop, pod, 8, 1)),
		"a reply with another sequence":   reply(family.echo(laptop, pod, 7, 2)),
		"a reply of another host":         reply(family.echo(laptop, family.service, 7, 1)),
		"an error about nothing sent":     about(datagramFrom(laptop, 5003, pod, 53, 10), packet.PortUnreachable, pod),
		"an error about another's packet": about(datagramFrom(family.lan, 5000, family.service, 53, 10), packet.PortUnreachable, pod),
		"an error about a packet inward":  about(datagramFrom(family.service, 53, laptop, 5000, 10), packet.PortUnreachable, pod),
		"an error about an echo not sent": about(family.echo(laptop, pod, 7, 2), packet.HostUnreachable, pod),
		"an error that quotes nothing":    messages(3, 1, 3, nil),
		"an error that quotes rubbish":    messages(3, 1, 3, []byte{0x45, 0, 0}),
		"a redirect":                      messages(5, 137, 1, asked),
		"a source quench":                 messages(4, 200, 0, asked),
		"a timestamp or router message":   messages(13, 134, 0, make([]byte, 12)),
		"a mask or neighbour message":     messages(17, 136, 0, make([]byte, 20)),
		"another protocol":                otherProtocol(datagramFrom(family.service, 53, laptop, 5000, 10)),
		"a cut datagram":                  cut(datagramFrom(family.service, 53, laptop, 5000, 10)),
	}
	if laptop.Is4() {
		options := datagramFrom(family.service, 53, laptop, 5000, 4)
		options[0], options[20] = 0x46, 131 // loose source routing (RFC 791)
		header.IPv4(options).SetChecksum(0)
		header.IPv4(options).SetChecksum(^header.IPv4(options).CalculateChecksum())
		broken := datagramFrom(family.service, 53, laptop, 5000, 10)
		broken[10]++
		cases["IP options"], cases["a wrong header checksum"] = options, broken
		cases["a datagram to everybody"] = datagramFrom(family.service, 53, netip.AddrFrom4([4]byte{255, 255, 255, 255}), 5000, 10)
		cases["the other family"] = datagramFrom(families["IPv6"].service, 53, families["IPv6"].laptop, 5000, 10)
	} else {
		hop := datagramFrom(family.service, 53, laptop, 5000, 10)
		hop[6] = 0 // hop-by-hop options
		cases["extension headers"] = hop
		cases["the other family"] = datagramFrom(families["IPv4"].service, 53, families["IPv4"].laptop, 5000, 10)
	}
	return cases
}

func otherProtocol(raw []byte) []byte {
	if raw[0]>>4 == 6 {
		raw[6] = 132 // SCTP
		return raw
	}
	raw[9] = 132
	header.IPv4(raw).SetChecksum(0)
	header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	return raw
}

// cut says that it ends before its UDP header does.
func cut(raw []byte) []byte {
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[4:], 6)
		return raw[:46]
	}
	header.IPv4(raw).SetTotalLength(26)
	header.IPv4(raw).SetChecksum(0)
	header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	return raw[:26]
}

func TestNothingUninvitedIsLetIn(t *testing.T) {
	for name, family := range families {
		for attack, raw := range family.uninvited() {
			gate := family.asked()
			if _, isIn := admits(gate, raw); isIn {
				t.Errorf("%s: %s was let in", name, attack)
			}
			// What was refused left no trace: the answers still come in, and the attack still does not.
			if _, isIn := admits(gate, segment(family.flow(40000, 80).Reversed(), header.TCPFlagSyn|header.TCPFlagAck)); !isIn {
				t.Errorf("%s: after %s the connection is gone", name, attack)
			}
			if _, isIn := admits(gate, raw); isIn {
				t.Errorf("%s: %s was let in the second time", name, attack)
			}
		}
	}
}

func TestAnswersAreLetIn(t *testing.T) {
	for name, family := range families {
		known := family.flow(40000, 80)
		for answer, raw := range map[string][]byte{
			"SYN and ACK":         segment(known.Reversed(), header.TCPFlagSyn|header.TCPFlagAck),
			"a refusal":           segment(known.Reversed(), header.TCPFlagRst|header.TCPFlagAck),
			"data":                segment(known.Reversed(), header.TCPFlagAck|header.TCPFlagPsh),
			"congestion":          segment(known.Reversed(), header.TCPFlagAck|0x40|0x80), // ECE, CWR (RFC 3168)
			"a datagram":          datagramFrom(family.service, 53, family.laptop, 5000, 100),
			"an echo reply":       reply(family.echo(family.laptop, family.pod, 7, 1)),
			"a port unreachable":  about(datagramFrom(family.laptop, 5000, family.service, 53, 10), packet.PortUnreachable, family.service),
			"the agent's refusal": about(segment(known, header.TCPFlagSyn), packet.Prohibited, family.router),
			"a hop of a trace":    about(family.echo(family.laptop, family.pod, 7, 1), packet.HopLimitExceeded, family.service),
		} {
			gate := family.asked()
			inside, isIn := admits(gate, raw)
			if !isIn || !bytes.Equal(inside, raw) {
				t.Errorf("%s: %s was not let in as it was: %v", name, answer, gate.Refused())
			}
		}
	}
}

// TestRoutersOutsideTheRangesAreHeardInTheAgentsName: a trace goes over nodes whose addresses are not routed.
func TestRoutersOutsideTheRangesAreHeardInTheAgentsName(t *testing.T) {
	for name, family := range families {
		for _, reporter := range []netip.Addr{family.lan, family.internet, family.laptop, family.loopback, family.group} {
			gate := family.asked()
			inside, isIn := admits(gate, about(family.echo(family.laptop, family.pod, 7, 1), packet.HopLimitExceeded, reporter))
			wanted := about(family.echo(family.laptop, family.pod, 7, 1), packet.HopLimitExceeded, family.router)
			if !isIn || !bytes.Equal(inside, wanted) {
				t.Errorf("%s: from %s came %x, %v", name, reporter, inside, isIn)
			}
		}
		gate := New(packet.NewPerFamily(family.laptop))
		gate.SetRanges(family.ranges)
		echo, _ := packet.Parse(family.echo(family.laptop, family.pod, 7, 1))
		gate.Outbound(&echo)
		if _, isIn := admits(gate, about(echo.Raw, packet.HopLimitExceeded, family.lan)); isIn {
			t.Errorf("%s: a router was let in before the agent was known", name)
		}
	}
}

func TestAnEchoIsAnsweredOnce(t *testing.T) {
	family := families["IPv4"]
	gate := family.asked()
	answer := reply(family.echo(family.laptop, family.pod, 7, 1))
	if _, isIn := admits(gate, answer); !isIn {
		t.Fatal("not answered")
	}
	if _, isIn := admits(gate, answer); isIn {
		t.Error("answered twice")
	}
}

func TestFragmentsFollowTheirFirst(t *testing.T) {
	for name, family := range families {
		pieces := func(raw []byte, identification uint32) (all [][]byte) {
			packet.Fragments(raw, 1280, identification, func(piece []byte) { all = append(all, piece) })
			return all
		}
		gate := family.asked()
		answer := pieces(datagramFrom(family.service, 53, family.laptop, 5000, 40000), 1)
		for _, piece := range answer[1:] {
			if _, isIn := admits(gate, piece); isIn {
				t.Fatalf("%s: a later fragment was let in before the first", name)
			}
		}
		for number, piece := range answer {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatalf("%s: fragment %d of an answer was not let in: %v", name, number, gate.Refused())
			}
		}
		long := packet.Echo(family.laptop, family.pod, 9, 1, make([]byte, 5000))
		echo, _ := packet.Parse(pieces(long, 2)[0])
		gate.Outbound(&echo)
		for number, piece := range pieces(reply(long), 3) {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatalf("%s: fragment %d of a long echo was not let in", name, number)
			}
		}
		for attack, forged := range map[string][][]byte{
			"nobody's datagram":        pieces(datagramFrom(family.service, 53, family.laptop, 5009, 4000), 4),
			"somebody else's":          pieces(datagramFrom(family.internet, 53, family.laptop, 5000, 4000), 5),
			"a cut transport header":   pieces(datagramFrom(family.service, 53, family.laptop, 5000, 4000), 6)[1:],
			"a connection's":           pieces(append(segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck), make([]byte, 4000)...), 7),
			"an error's":               pieces(about(datagramFrom(family.laptop, 5000, family.service, 53, 1200), packet.PortUnreachable, family.pod), 8),
			"past the largest":         {pastLargest(answer[1])},
			"a length that is not odd": {unaligned(answer[0])},
			"another identification":   {answerWith(answer[1], 99)},
		} {
			for number, piece := range forged {
				if parsed, _ := packet.Parse(piece); !parsed.IsFragment() {
					continue // it fits
				}
				if _, isIn := admits(gate, piece); isIn {
					t.Errorf("%s: fragment %d of %s was let in", name, number, attack)
				}
			}
		}
		for range fragmentSeconds + 1 {
			gate.Tick()
		}
		if _, isIn := admits(gate, answer[1]); isIn {
			t.Errorf("%s: a fragment was let in long after its first", name)
		}
	}
}

func resealed(raw []byte) []byte {
	if raw[0]>>4 == 4 {
		header.IPv4(raw).SetChecksum(0)
		header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	}
	return raw
}

func pastLargest(raw []byte) []byte {
	raw = bytes.Clone(raw)
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[42:], 65528|1)
	} else {
		binary.BigEndian.PutUint16(raw[6:], 0x2000|8191)
	}
	return resealed(raw)
}

func unaligned(raw []byte) []byte {
	raw = bytes.Clone(raw[:len(raw)-3])
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[4:], uint16(len(raw)-40))
	} else {
		header.IPv4(raw).SetTotalLength(uint16(len(raw)))
	}
	return resealed(raw)
}

func answerWith(raw []byte, identification uint32) []byte {
	raw = bytes.Clone(raw)
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint32(raw[44:], identification)
	} else {
		header.IPv4(raw).SetID(uint16(identification))
	}
	return resealed(raw)
}

func TestDatagramsInFragmentsAreBounded(t *testing.T) {
	family := families["IPv4"]
	gate := family.asked()
	var first, later []byte
	for identification := range uint32(3 * datagramsAtMost) {
		packet.Fragments(datagramFrom(family.service, 53, family.laptop, 5000, 2000), 1280, identification, func(piece []byte) {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatal("a fragment of an answer was not let in")
			}
			first, later = later, piece
		})
	}
	if held := len(gate.fragments.decided); held != datagramsAtMost || len(gate.fragments.order) != held {
		t.Errorf("%d datagrams are held in order of %d", held, len(gate.fragments.order))
	}
	if _, isIn := admits(gate, later); !isIn || first == nil {
		t.Error("the newest gave way")
	}
}

func TestWithdrawnRangesAreClosedAtOnce(t *testing.T) {
	for name, family := range families {
		gate := family.asked()
		data := segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck)
		up, _ := packet.Parse(segment(family.flow(40000, 80), header.TCPFlagAck))
		gate.Outbound(&up)
		if resets := gate.SetRanges(family.ranges[1:]); len(resets) != 1 {
			t.Errorf("%s: %d resets, want that of the open connection", name, len(resets))
		}
		if _, isIn := admits(gate, data); isIn || gate.Outbound(&up) || gate.Live() != 0 {
			t.Errorf("%s: the connection goes on", name)
		}
		if _, isIn := admits(gate, about(up.Raw, packet.HostUnreachable, family.router)); isIn {
			t.Errorf("%s: an error about what was withdrawn was let in", name)
		}
		if _, isIn := admits(gate, datagramFrom(family.service, 53, family.laptop, 5000, 10)); !isIn {
			t.Errorf("%s: the range that stayed is closed too", name)
		}
		gate.SetRanges(family.ranges)
		if _, isIn := admits(gate, data); isIn {
			t.Errorf("%s: a range that came back knows its old connections", name)
		}
	}
}

func TestAnIdleConnectionLives(t *testing.T) {
	family := families["IPv4"]
	gate := family.asked()
	for _, raw := range [][]byte{
		segment(family.flow(40000, 80).Reversed(), header.TCPFlagSyn|header.TCPFlagAck), segment(family.flow(40000, 80), header.TCPFlagAck),
	} {
		parsed, _ := packet.Parse(raw)
		if parsed.Source == family.laptop {
			gate.Outbound(&parsed)
		} else {
			admits(gate, raw)
		}
	}
	for range 24 * 3600 {
		gate.Tick()
	}
	if _, isIn := admits(gate, segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck)); !isIn {
		t.Error("after a day of silence the far end is not heard")
	}
	if _, isIn := admits(gate, datagramFrom(family.service, 53, family.laptop, 5000, 10)); isIn {
		t.Error("after a day of silence a datagram is an answer")
	}
}

// TestAStackOfOurOwnHearsWhomItAsked: its nameservers need not be routed.
func TestAStackOfOurOwnHearsWhomItAsked(t *testing.T) {
	family := families["IPv4"]
	gate := NewForStack(packet.NewPerFamily(family.laptop))
	gate.SetRouter(packet.NewPerFamily(family.router))
	asked, _ := packet.Parse(datagramFrom(family.laptop, 5000, family.internet, 53, 10))
	if _, isIn := admits(gate, datagramFrom(family.internet, 53, family.laptop, 5000, 10)); isIn || !gate.Outbound(&asked) {
		t.Error("answered before it asked")
	}
	for name, raw := range map[string][]byte{
		"an answer": datagramFrom(family.internet, 53, family.laptop, 5000, 10),
		"an error":  about(asked.Raw, packet.PortUnreachable, family.internet),
	} {
		if inside, isIn := admits(gate, raw); !isIn || !bytes.Equal(inside, raw) {
			t.Errorf("%s was not let in", name)
		}
	}
	for name, raw := range map[string][]byte{
		"a question":       datagramFrom(family.pod, 40000, family.laptop, 53, 10),
		"another's answer": datagramFrom(family.pod, 53, family.laptop, 5000, 10),
		"an echo request":  family.echo(family.pod, family.laptop, 1, 1),
		"an echo reply":    reply(family.echo(family.laptop, family.pod, 1, 1)),
	} {
		if _, isIn := admits(gate, raw); isIn {
			t.Errorf("%s was let in", name)
		}
	}
}

func TestWhatWasRefusedIsCounted(t *testing.T) {
	family := families["IPv4"]
	gate := family.asked()
	for _, raw := range [][]byte{
		segment(family.flow(22, 4444).Reversed(), header.TCPFlagSyn), segment(family.flow(22, 4444).Reversed(), header.TCPFlagAck),
		datagramFrom(family.internet, 53, family.laptop, 5000, 10), datagramFrom(family.service, 53, family.lan, 5000, 10),
	} {
		admits(gate, raw)
	}
	gate.RefuseMalformed()
	outside, _ := packet.Parse(datagramFrom(family.laptop, 5000, family.internet, 53, 10))
	gate.Outbound(&outside)
	wanted := map[string]uint64{"malformed": 2, "unasked": 1, "source": 1, "stranger": 1, "outside": 1}
	if refused := gate.Refused(); !maps.Equal(refused, wanted) {
		t.Errorf("counted %v, want %v", refused, wanted)
	}
}

// FuzzArrivals looks at whatever is let in with eyes of its own: fixed places of an IPv4 header without options.
func FuzzArrivals(f *testing.F) {
	family := families["IPv4"]
	for _, raw := range family.uninvited() {
		f.Add(raw)
	}
	f.Add(segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck))
	f.Add(datagramFrom(family.service, 53, family.laptop, 5000, 10))
	f.Add(reply(family.echo(family.laptop, family.pod, 7, 1)))
	f.Add(about(datagramFrom(family.laptop, 5000, family.service, 53, 10), packet.PortUnreachable, family.lan))
	f.Fuzz(func(t *testing.T, raw []byte) {
		inside, isIn := admits(family.asked(), raw)
		if !isIn {
			return
		}
		from, to := netip.AddrFrom4([4]byte(inside[12:16])), netip.AddrFrom4([4]byte(inside[16:20]))
		near, far := binary.BigEndian.Uint16(inside[22:]), binary.BigEndian.Uint16(inside[20:])
		switch {
		case inside[0] != 0x45 || to != family.laptop:
			t.Fatalf("let in: %x", inside)
		case inside[9] == packet.TCP && from == family.pod && far == 80 && near == 40000 && inside[33]&0x12 != 0x02:
		case inside[9] == packet.UDP && from == family.service && far == 53 && near == 5000:
		case inside[9] == packet.UDP && from == family.pod && far == 9999 && near == 5001:
		case inside[9] == packet.ICMP && inside[20] == 0 && from == family.pod && bytes.Equal(inside[24:28], []byte{0, 7, 0, 1}):
		case inside[9] == packet.ICMP && (inside[20] == 3 || inside[20] == 11 || inside[20] == 12) &&
			(from == family.router || family.ranges[0].Contains(from) || family.ranges[1].Contains(from)) &&
			netip.AddrFrom4([4]byte(inside[40:44])) == family.laptop:
		default:
			t.Fatalf("let in: %x", inside)
		}
	})
}

func BenchmarkAdmit(b *testing.B) {
	family := families["IPv4"]
	for name, raw := range map[string][]byte{
		"an answer": segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck),
		"a forgery": segment(family.flow(22, 4444).Reversed(), header.TCPFlagAck),
	} {
		b.Run(name, func(b *testing.B) {
			gate := family.asked()
			b.ReportAllocs()
			for b.Loop() {
				parsed, _ := packet.Parse(raw)
				arrivals := gate.Arrivals()
				arrivals.Admit(&parsed)
				arrivals.Done()
			}
		})
	}
}
