package gate

import (
	"bytes"
	"maps"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

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
		gate.SetRanges(Whole(family.ranges...))
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

func TestWithdrawnRangesAreClosedAtOnce(t *testing.T) {
	for name, family := range families {
		gate := family.asked()
		data := segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck)
		up, _ := packet.Parse(segment(family.flow(40000, 80), header.TCPFlagAck))
		gate.Outbound(&up)
		if resets := gate.SetRanges(Whole(family.ranges[1:]...)); len(resets) != 1 {
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
		gate.SetRanges(Whole(family.ranges...))
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
