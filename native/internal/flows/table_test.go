package flows

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"slipway/native/internal/packet"
)

func datagramPacket(sourcePort uint16) *packet.Packet {
	parsed, _ := packet.Parse(packet.DatagramOf(
		netip.AddrPortFrom(netip.MustParseAddr(laptop), sourcePort), netip.AddrPortFrom(netip.MustParseAddr(remote), 9999), nil))
	return &parsed
}

// numbered is the address of one of many far ends.
func numbered(number int) netip.Addr {
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], 0x0af40006+uint32(number))
	return netip.AddrFrom4(bytes)
}

func TestDatagramFlowsAreKeptForTwoMinutes(t *testing.T) {
	table := New()
	table.Outbound(datagramPacket(1000))
	for range datagramSeconds / 2 {
		table.Tick()
	}
	table.Outbound(datagramPacket(1000))
	table.Outbound(datagramPacket(1001))
	for range datagramSeconds {
		table.Tick()
	}
	if tcp, udp := table.Count(); tcp != 0 || udp != 2 {
		t.Errorf("%d and %d flows, want 0 and 2", tcp, udp)
	}
	table.Tick()
	if _, udp := table.Count(); udp != 0 {
		t.Errorf("%d datagram flows after two silent minutes", udp)
	}
	if len(table.Resets()) != 0 {
		t.Error("a datagram flow was reset")
	}
}

func TestAConnectionThatStillReceivesIsReset(t *testing.T) {
	table := New()
	open(table)
	table.Outbound(up(flagFIN|flagACK, 1001, 5001, 0))
	table.Inbound(down(flagACK, 5001, 1002, 0))
	for range 4 * closingSeconds {
		table.Tick()
	}
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 5001 {
		t.Errorf("half-closed: resets at %v, want 5001", got)
	}
}

func TestAConnectionOlderThanTheTableIsLearnt(t *testing.T) {
	table := New()
	table.Outbound(up(flagACK, 77, 900, 10))
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 900 {
		t.Errorf("resets at %v, want 900", got)
	}
	table.Outbound(up(flagFIN|flagACK, 77, 900, 0))
	table.Inbound(down(flagACK, 900, 78, 500))
	if table.Live() != 0 {
		t.Error("the last words of a connection were taken for one")
	}
}

func TestReusedPortsBeginAnew(t *testing.T) {
	table := New()
	open(table)
	table.Outbound(up(flagSYN, 70_000, 0, 0))
	table.Inbound(down(flagSYN|flagACK, 100, 70_001, 0)) // far below the old numbers
	table.Outbound(up(flagACK, 70_001, 101, 0))
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 101 {
		t.Errorf("resets at %v, want 101", got)
	}
}

func TestABusyConnectionSurvivesAFloodOfNewOnes(t *testing.T) {
	table := New()
	open(table)
	segment := tcpPacket(laptop, remote, 40000, 443, flagSYN, 1, 0, 0)
	for number := range 2 * MaxFlows {
		segment.Destination = numbered(number)
		table.Outbound(segment)
	}
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 5001 {
		t.Errorf("resets at %v, want 5001", got)
	}
}

// TestOnlyWhatWasAskedForIsKnown is the rule that the gate stands on, in both families.
func TestOnlyWhatWasAskedForIsKnown(t *testing.T) {
	for _, ends := range [][2]string{{laptop, remote}, {"fd00::1", "fd00:244::5"}} {
		near, far := netip.MustParseAddr(ends[0]), netip.MustParseAddr(ends[1])
		of := func(protocol uint8, kind packet.Kind, port, farPort uint16) *packet.Packet {
			return &packet.Packet{Kind: kind, Flow: packet.Flow{
				Source: near, Destination: far, SourcePort: port, DestinationPort: farPort, Protocol: protocol,
			}}
		}
		answer := func(asked *packet.Packet, kind packet.Kind) *packet.Packet {
			return &packet.Packet{Kind: kind, Flow: asked.Reversed()}
		}
		table := New()
		datagram, echo := of(packet.UDP, packet.Datagram, 1000, 9999), of(packet.ICMP, packet.EchoRequest, 7, 1)
		if table.Inbound(answer(datagram, packet.Datagram)) || table.Inbound(answer(echo, packet.EchoReply)) {
			t.Errorf("%s: an answer is known before its question", far)
		}
		table.Outbound(datagram)
		table.Outbound(echo)
		for range 2 {
			if !table.Inbound(answer(datagram, packet.Datagram)) || !table.Knows(datagram.Flow) {
				t.Errorf("%s: the answer to a datagram is not known", far)
			}
		}
		for name, other := range map[string]*packet.Packet{
			"another port":     answer(of(packet.UDP, packet.Datagram, 1001, 9999), packet.Datagram),
			"another far port": answer(of(packet.UDP, packet.Datagram, 1000, 9998), packet.Datagram),
			"another sequence": answer(of(packet.ICMP, packet.EchoRequest, 7, 2), packet.EchoReply),
			"the same request": datagram,
		} {
			if table.Inbound(other) {
				t.Errorf("%s: %s is known", far, name)
			}
		}
		if !table.Inbound(answer(echo, packet.EchoReply)) || table.Inbound(answer(echo, packet.EchoReply)) {
			t.Errorf("%s: an echo is not answered exactly once", far)
		}
		for range datagramSeconds + 1 {
			table.Tick()
		}
		if table.Inbound(answer(datagram, packet.Datagram)) {
			t.Errorf("%s: a forgotten datagram is answered", far)
		}
	}
}

func TestAQuestionForANameIsKnownForAShortTime(t *testing.T) {
	table := New()
	ask := *datagramPacket(1000)
	ask.DestinationPort = portDNS
	table.Outbound(&ask)
	answer := ask
	answer.Flow = ask.Reversed()
	for range questionSeconds {
		table.Tick()
	}
	if _, udp := table.Count(); udp != 1 || !table.Inbound(&answer) {
		t.Errorf("%d flows, want that of the question", udp)
	}
	for range questionSeconds + 1 {
		table.Tick()
	}
	if table.Inbound(&answer) {
		t.Error("an answer came in long after its question")
	}
}

func TestWhatMayNotBeReachedAnyMoreIsForgotten(t *testing.T) {
	table := New()
	open(table)
	table.Outbound(datagramPacket(1000))
	kept := tcpPacket(laptop, "10.96.0.1", 40001, 443, flagACK, 1, 1, 0)
	table.Outbound(kept)
	resets := table.Withdraw(func(remote netip.Addr) bool { return remote == kept.Destination })
	if got := sequences(resets); len(got) != 1 || got[0] != 5001 {
		t.Errorf("resets at %v, want 5001", got)
	}
	if tcp, udp := table.Count(); tcp != 1 || udp != 0 || !table.Knows(kept.Flow) {
		t.Errorf("%d and %d flows are left, want the one that may be reached", tcp, udp)
	}
}

// BenchmarkManyFlows takes turns through a full table, from all processors.
func BenchmarkManyFlows(b *testing.B) {
	table := New()
	packets := make([]*packet.Packet, 4096)
	for index := range packets {
		packets[index] = tcpPacket(laptop, numbered(index).String(), 40000, 443, flagACK, 1, 1, 1400)
		table.Outbound(packets[index])
	}
	b.ReportAllocs()
	b.RunParallel(func(parallel *testing.PB) {
		for index := 0; parallel.Next(); index++ {
			table.Outbound(packets[index%len(packets)])
		}
	})
}
