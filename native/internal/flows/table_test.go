package flows

import (
	"encoding/binary"
	"testing"
)

func datagramPacket(sourcePort uint16) []byte {
	packet := make([]byte, 28)
	packet[0], packet[9] = 0x45, protocolUDP
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	binary.BigEndian.PutUint32(packet[12:], laptop)
	binary.BigEndian.PutUint32(packet[16:], remote)
	binary.BigEndian.PutUint16(packet[20:], sourcePort)
	binary.BigEndian.PutUint16(packet[22:], 53)
	return packet
}

func TestDatagramFlowsCountForAMinute(t *testing.T) {
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
		t.Errorf("%d datagram flows after a silent minute", udp)
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
	for number := range uint32(2 * MaxFlows) {
		table.Outbound(tcpPacket(laptop, remote+1+number, 40000, 443, flagSYN, 1, 0, 0))
	}
	if got := sequences(table.Resets()); len(got) != 1 || got[0] != 5001 {
		t.Errorf("resets at %v, want 5001", got)
	}
}

// BenchmarkManyFlows takes turns through a full table, from all processors.
func BenchmarkManyFlows(b *testing.B) {
	table := New()
	packets := make([][]byte, 4096)
	for index := range packets {
		packets[index] = tcpPacket(laptop, remote+uint32(index), 40000, 443, flagACK, 1, 1, 1400)
		table.Outbound(packets[index])
	}
	b.ReportAllocs()
	b.RunParallel(func(parallel *testing.PB) {
		for index := 0; parallel.Next(); index++ {
			table.Outbound(packets[index%len(packets)])
		}
	})
}
