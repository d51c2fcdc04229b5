package tunnel

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

func TestLaneOf(t *testing.T) {
	lanes := map[int]int{}
	for port := range uint16(2000) {
		from, to := laptopPort(20000+port), podPort(443)
		there := LaneOf(parse(tcpPacket(from, to, 1, header.TCPFlagAck, 100)), 5)
		back := LaneOf(parse(tcpPacket(to, from, 1, header.TCPFlagAck, 100)), 5)
		if there != back || there < 1 || there > 4 {
			t.Fatalf("port %d: lane %d there, %d back", port, there, back)
		}
		if changed := LaneOf(parse(tcpPacket(from, to, 2, header.TCPFlagSyn, 0)), 5); changed != there {
			t.Fatalf("port %d: lane %d and %d in one flow", port, there, changed)
		}
		lanes[there]++
	}
	for lane := 1; lane <= 4; lane++ {
		if lanes[lane] < 400 || lanes[lane] > 600 {
			t.Errorf("of 2000 flows: %v", lanes)
		}
	}
	echo := make([]byte, 84)
	fillIPv4(echo, 1, laptop, pod)
	fragment := udpPacket(laptopPort(9), podPort(9), 1, 1400)
	binary.BigEndian.PutUint16(fragment[6:], 0x2000)
	later := udpPacket(laptopPort(77), podPort(88), 1, 1400)
	binary.BigEndian.PutUint16(later[6:], 100)
	if LaneOf(parse(fragment), 5) != LaneOf(parse(later), 5) || LaneOf(parse(fragment), 5) == 0 {
		t.Error("fragments of one datagram take different lanes, or the express lane")
	}
	for name, raw := range map[string][]byte{
		"ICMP": echo, "DNS": udpPacket(laptopPort(4000), podPort(53), 1, 60), "DNS answer": tcpPacket(podPort(53), laptopPort(4000), 1, header.TCPFlagAck, 60),
		"nothing": nil, "garbage": {1, 2, 3},
	} {
		if lane := LaneOf(parse(raw), 5); lane != 0 {
			t.Errorf("%s takes lane %d", name, lane)
		}
	}
	if LaneOf(parse(fragment), 1) != 0 || LaneOf(parse(tcpPacket(laptopPort(1), podPort(2), 1, 0, 0)), 1) != 0 {
		t.Error("a single lane is not lane 0")
	}
}

func TestLaneOfIPv6(t *testing.T) {
	there := make([]byte, 60)
	there[0], there[6], there[52] = 0x60, packet.TCP, 5<<4
	binary.BigEndian.PutUint16(there[4:], 20)
	copy(there[8:], netip.MustParseAddr("fd00::1").AsSlice())
	copy(there[24:], netip.MustParseAddr("fd00::2").AsSlice())
	binary.BigEndian.PutUint16(there[40:], 1000)
	binary.BigEndian.PutUint16(there[42:], 443)
	back := append([]byte(nil), there...)
	copy(back[8:], there[24:40])
	copy(back[24:], there[8:24])
	copy(back[40:], there[42:44])
	copy(back[42:], there[40:42])
	if LaneOf(parse(there), 5) == 0 || LaneOf(parse(there), 5) != LaneOf(parse(back), 5) {
		t.Errorf("lane %d there, %d back", LaneOf(parse(there), 5), LaneOf(parse(back), 5))
	}
}

func FuzzLaneOf(f *testing.F) {
	f.Add(tcpPacket(laptopPort(1), podPort(2), 3, header.TCPFlagAck, 0))
	f.Add(udpPacket(laptopPort(1), podPort(2), 3, 100))
	f.Add([]byte{0x6f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		parsed := parse(raw)
		if lane := LaneOf(parsed, 5); lane < 0 || lane > 4 {
			t.Fatalf("lane %d", lane)
		}
		if isPureACK(parsed) && (!parsed.HasPorts() || parsed.Protocol != packet.TCP) {
			t.Fatal("an acknowledgement without TCP")
		}
		replaces(parsed, raw)
	})
}
