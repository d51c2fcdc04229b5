package gate

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

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
