package flows

import (
	"encoding/binary"
	"testing"
)

const (
	laptop = 0xc6120001 // 198.18.0.1
	remote = 0x0af40005 // 10.244.0.5
)

func up(flags byte, sequence, acknowledgement uint32, payload int) []byte {
	return tcpPacket(laptop, remote, 40000, 80, flags, sequence, acknowledgement, payload)
}

func down(flags byte, sequence, acknowledgement uint32, payload int) []byte {
	return tcpPacket(remote, laptop, 80, 40000, flags, sequence, acknowledgement, payload)
}

func tcpPacket(source, destination uint32, sourcePort, destinationPort uint16, flags byte, sequence, acknowledgement uint32, payload int) []byte {
	packet := make([]byte, 40+payload)
	packet[0] = 0x45
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	packet[9] = 6
	binary.BigEndian.PutUint32(packet[12:], source)
	binary.BigEndian.PutUint32(packet[16:], destination)
	binary.BigEndian.PutUint16(packet[20:], sourcePort)
	binary.BigEndian.PutUint16(packet[22:], destinationPort)
	binary.BigEndian.PutUint32(packet[24:], sequence)
	binary.BigEndian.PutUint32(packet[28:], acknowledgement)
	packet[32] = 5 << 4
	packet[33] = flags
	return packet
}

func open(table *Table) {
	table.Outbound(up(flagSYN, 1000, 0, 0))
	table.Inbound(down(flagSYN|flagACK, 5000, 1001, 0))
	table.Outbound(up(flagACK, 1001, 5001, 0))
}

func sequences(packets [][]byte) []uint32 {
	var result []uint32
	for _, packet := range packets {
		result = append(result, binary.BigEndian.Uint32(packet[24:]))
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
	packet := packets[0]
	if binary.BigEndian.Uint32(packet[12:]) != remote || binary.BigEndian.Uint32(packet[16:]) != laptop ||
		binary.BigEndian.Uint16(packet[20:]) != 80 || binary.BigEndian.Uint16(packet[22:]) != 40000 || packet[33] != flagRST {
		t.Errorf("not a reset from the far end: %x", packet)
	}
	if fold(sum(packet[:20], 0)) != 0xffff || fold(sum(packet[20:], sum(packet[12:20], 26))) != 0xffff {
		t.Errorf("checksums are wrong: %x", packet)
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

func TestTheTableIsBounded(t *testing.T) {
	table := New()
	for port := range 3 * shardLimit {
		for host := range uint32(32) {
			table.Outbound(tcpPacket(laptop, remote+host*7919, uint16(port), 443, flagSYN, 1, 0, 0))
		}
	}
	if table.Live() > shardCount*shardLimit {
		t.Errorf("%d flows are held", table.Live())
	}
}

func BenchmarkOutbound(b *testing.B) {
	table := New()
	open(table)
	packet := up(flagACK, 1001, 5001, 1400)
	b.ReportAllocs()
	for b.Loop() {
		table.Outbound(packet)
	}
}

func FuzzPackets(f *testing.F) {
	f.Add(up(flagSYN, 1000, 0, 0), true)
	f.Add(down(flagSYN|flagACK, 5000, 1001, 0), false)
	f.Add([]byte{0x4f, 0, 0, 60}, true)
	f.Fuzz(func(t *testing.T, packet []byte, outbound bool) {
		table := New()
		open(table)
		if outbound {
			table.Outbound(packet)
		} else {
			table.Inbound(packet)
		}
		for _, reset := range table.Resets() {
			if len(reset) != 40 {
				t.Fatalf("a reset of %d bytes", len(reset))
			}
		}
	})
}
