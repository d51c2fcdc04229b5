package tunnel

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestLaneOf(t *testing.T) {
	lanes := map[int]int{}
	for port := range uint16(2000) {
		from, to := laptopPort(20000+port), podPort(443)
		there := LaneOf(tcpPacket(from, to, 1, flagACK, 100), 5)
		back := LaneOf(tcpPacket(to, from, 1, flagACK, 100), 5)
		if there != back || there < 1 || there > 4 {
			t.Fatalf("port %d: lane %d there, %d back", port, there, back)
		}
		if changed := LaneOf(tcpPacket(from, to, 2, flagSYN, 0), 5); changed != there {
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
	if LaneOf(fragment, 5) != LaneOf(later, 5) || LaneOf(fragment, 5) == 0 {
		t.Error("fragments of one datagram take different lanes, or the express lane")
	}
	for name, packet := range map[string][]byte{
		"ICMP": echo, "DNS": udpPacket(laptopPort(4000), podPort(53), 1, 60), "DNS answer": tcpPacket(podPort(53), laptopPort(4000), 1, flagACK, 60),
		"nothing": nil, "garbage": {1, 2, 3},
	} {
		if lane := LaneOf(packet, 5); lane != 0 {
			t.Errorf("%s takes lane %d", name, lane)
		}
	}
	if LaneOf(fragment, 1) != 0 || LaneOf(tcpPacket(laptopPort(1), podPort(2), 1, 0, 0), 1) != 0 {
		t.Error("a single lane is not lane 0")
	}
}

func TestLaneOfIPv6(t *testing.T) {
	there := make([]byte, 60)
	there[0], there[6] = 0x60, protocolTCP
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
	if LaneOf(there, 5) == 0 || LaneOf(there, 5) != LaneOf(back, 5) {
		t.Errorf("lane %d there, %d back", LaneOf(there, 5), LaneOf(back, 5))
	}
}

func FuzzOutline(f *testing.F) {
	f.Add(tcpPacket(laptopPort(1), podPort(2), 3, flagACK, 0))
	f.Add(udpPacket(laptopPort(1), podPort(2), 3, 100))
	f.Add([]byte{0x6f})
	f.Fuzz(func(t *testing.T, packet []byte) {
		o := outlineOf(packet)
		if lane := LaneOf(packet, 5); lane < 0 || lane > 4 || !o.valid && lane != 0 {
			t.Fatalf("lane %d", lane)
		}
		if o.isPureACK && (!o.hasPorts || o.protocol != protocolTCP) {
			t.Fatal("an acknowledgement without TCP")
		}
	})
}
