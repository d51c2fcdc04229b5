package flows

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

const (
	laptop = "198.18.0.1"
	remote = "10.244.0.5"

	flagFIN = header.TCPFlagFin
	flagSYN = header.TCPFlagSyn
	flagRST = header.TCPFlagRst
	flagACK = header.TCPFlagAck
)

func up(flags header.TCPFlags, sequence, acknowledgement uint32, payload int) *packet.Packet {
	return tcpPacket(laptop, remote, 40000, 80, flags, sequence, acknowledgement, payload)
}

func down(flags header.TCPFlags, sequence, acknowledgement uint32, payload int) *packet.Packet {
	return tcpPacket(remote, laptop, 80, 40000, flags, sequence, acknowledgement, payload)
}

// tcpPacket makes a segment; checksums are not looked at.
func tcpPacket(source, destination string, sourcePort, destinationPort uint16, flags header.TCPFlags, sequence, acknowledgement uint32, payload int) *packet.Packet {
	raw := append(packet.Reset(packet.Flow{
		Source: netip.MustParseAddr(source), Destination: netip.MustParseAddr(destination),
		SourcePort: sourcePort, DestinationPort: destinationPort,
	}, sequence), make([]byte, payload)...)
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	header.TCP(raw[20:]).SetAckNumber(acknowledgement)
	header.TCP(raw[20:]).SetFlags(uint8(flags))
	parsed, _ := packet.Parse(raw)
	return &parsed
}

func open(table *Table) {
	table.Outbound(up(flagSYN, 1000, 0, 0))
	table.Inbound(down(flagSYN|flagACK, 5000, 1001, 0))
	table.Outbound(up(flagACK, 1001, 5001, 0))
}

func sequences(packets [][]byte) []uint32 {
	var result []uint32
	for _, raw := range packets {
		result = append(result, binary.BigEndian.Uint32(raw[24:]))
	}
	return result
}

func TestAnIdleFlowIsResetAtWhatTheLaptopAcknowledged(t *testing.T) {
	table := New()
	open(table)
	table.Inbound(down(flagACK, 5001, 1001, 100))
	table.Outbound(up(flagACK, 1001, 5101, 0))
	packets := table.Resets()
	if got := sequences(packets); len(got) != 1 || got[0] != 5101 {
		t.Fatalf("resets at %v, want 5101", got)
	}
	parsed, ok := packet.Parse(packets[0])
	if !ok || parsed.Flow != up(0, 0, 0, 0).Reversed() || parsed.TCPFlags != flagRST {
		t.Errorf("not a reset from the far end: %x", packets[0])
	}
	if table.Live() != 0 || len(table.Resets()) != 0 {
		t.Error("the flow was not forgotten")
	}
}

func TestADelayedAcknowledgementGetsBothNumbers(t *testing.T) {
	table := New()
	open(table)
	table.Inbound(down(flagACK, 5001, 1001, 100))
	if got := sequences(table.Resets()); len(got) != 2 || got[0] != 5101 || got[1] != 5001 {
		t.Fatalf("resets at %v, want 5101 and 5001", got)
	}
}

func TestAGapIsNotCountedAsDelivered(t *testing.T) {
	table := New()
	open(table)
	table.Inbound(down(flagACK, 5101, 1001, 100)) // 5001 to 5100 was lost
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 5001 {
		t.Fatalf("resets at %v, want 5001", got)
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	table := New()
	table.Outbound(up(flagSYN, 1, 0, 0))
	table.Inbound(down(flagSYN|flagACK, 0xffffffff, 2, 0))
	table.Outbound(up(flagACK, 2, 0, 0))
	table.Inbound(down(flagACK, 0, 2, 50))
	table.Outbound(up(flagACK, 2, 50, 0))
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 50 {
		t.Fatalf("resets at %v, want 50", got)
	}
}

func TestAConnectionWhoseLastHandshakeWasNotReadYetIsReset(t *testing.T) {
	table := New()
	table.Outbound(up(flagSYN, 1000, 0, 0))
	table.Inbound(down(flagSYN|flagACK, 5000, 1001, 0)) // the laptop's program has its connection from now on
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 5001 {
		t.Fatalf("resets at %v, want 5001", got)
	}
	if table.Live() != 0 {
		t.Error("the flow was not forgotten")
	}
}

func TestAnUnansweredFlowIsLeftToItsNextSyn(t *testing.T) {
	table := New()
	table.Outbound(up(flagSYN, 1000, 0, 0))
	if packets := table.Resets(); len(packets) != 0 {
		t.Errorf("%d resets for a flow in SYN-SENT", len(packets))
	}
	if table.Live() != 1 {
		t.Errorf("%d flows, want 1", table.Live())
	}
	for range closingSeconds + 2*shardCount {
		table.Tick()
	}
	if table.Live() != 0 {
		t.Error("a flow that nobody answered stays for ever")
	}
}

func TestEndedFlowsAreForgotten(t *testing.T) {
	for name, end := range map[string]func(*Table){
		"both finished": func(table *Table) {
			table.Outbound(up(flagFIN|flagACK, 1001, 5001, 0))
			table.Inbound(down(flagFIN|flagACK, 5001, 1002, 0))
			table.Outbound(up(flagACK, 1002, 5002, 0))
		},
		"reset by the laptop":  func(table *Table) { table.Outbound(up(flagRST, 1001, 0, 0)) },
		"reset by the far end": func(table *Table) { table.Inbound(down(flagRST, 5001, 0, 0)) },
		"far end never answers": func(table *Table) {
			table.Outbound(up(flagFIN|flagACK, 1001, 5001, 0))
			for range closingSeconds + 2*shardCount {
				table.Tick()
			}
		},
	} {
		table := New()
		open(table)
		end(table)
		if table.Live() != 0 {
			t.Errorf("%s: the flow is still counted", name)
		}
	}
	table := New()
	open(table)
	for range 10 * closingSeconds {
		table.Tick()
	}
	if table.Live() != 1 {
		t.Error("an idle open flow was forgotten")
	}
}

// A reset of a number that is too old is not taken (RFC 5961): what is sent again comes in, to be reset by one that is.
func TestWhatTheLaptopResetMayBeSentAgain(t *testing.T) {
	table := New()
	open(table)
	table.Outbound(up(flagFIN|flagACK, 1001, 5001, 0))
	table.Outbound(up(flagRST, 1001, 0, 0))
	if packets := table.Resets(); table.Live() != 0 || len(packets) != 0 {
		t.Errorf("%d flows live, %d are reset", table.Live(), len(packets))
	}
	if !table.Inbound(down(flagACK, 5001, 1002, 1400)) {
		t.Error("what is sent again does not come in")
	}
	for range closingSeconds + 2*shardCount {
		table.Tick()
	}
	if table.Inbound(down(flagACK, 5001, 1002, 1400)) {
		t.Error("it comes in for ever")
	}
}

func TestTheTableIsBounded(t *testing.T) {
	table := New()
	segment := tcpPacket(laptop, remote, 0, 443, flagSYN, 1, 0, 0)
	for port := range 3 * shardLimit {
		for host := range 32 {
			segment.SourcePort, segment.Destination = uint16(port), netip.AddrFrom4([4]byte{10, 244, byte(host), 7})
			table.Outbound(segment)
		}
	}
	if table.Live() > shardCount*shardLimit {
		t.Errorf("%d flows are held", table.Live())
	}
}

func BenchmarkOutbound(b *testing.B) {
	table := New()
	open(table)
	segment := up(flagACK, 1001, 5001, 1400)
	b.ReportAllocs()
	for b.Loop() {
		table.Outbound(segment)
	}
}

func FuzzPackets(f *testing.F) {
	f.Add(up(flagSYN, 1000, 0, 0).Raw, true)
	f.Add(down(flagSYN|flagACK, 5000, 1001, 0).Raw, false)
	f.Add([]byte{0x4f, 0, 0, 60}, true)
	f.Fuzz(func(t *testing.T, raw []byte, outbound bool) {
		parsed, ok := packet.Parse(raw)
		if !ok {
			return
		}
		table := New()
		open(table)
		if outbound {
			table.Outbound(&parsed)
		} else {
			table.Inbound(&parsed)
		}
		for _, reset := range table.Resets() {
			if len(reset) != 40 && len(reset) != 60 {
				t.Fatalf("a reset of %d bytes", len(reset))
			}
		}
	})
}
