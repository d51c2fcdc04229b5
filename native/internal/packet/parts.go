package packet

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// ParseHead reads an IPv4 packet of which behind bytes, none of them of its headers, lie elsewhere.
func ParseHead(head []byte, behind int) (parsed Packet, ok bool) {
	parsed.Behind = behind
	ok = len(head) > 0 && head[0]>>4 == header.IPv4Version && parsed.parse4(head, false)
	return parsed, ok
}

// Size is that of the whole packet in bytes.
func (packet *Packet) Size() int { return len(packet.Raw) + packet.Behind }

// Whole puts an IPv4 packet together with what lies behind it, in memory of its own, and completes the checksum of a segment that has
// that of the pseudo header alone.
func (packet *Packet) Whole(behind [][]byte) []byte {
	whole := slices.Concat(append([][]byte{packet.Raw}, behind...)...)
	if packet.Kind == Segment {
		segment := header.TCP(whole[header.IPv4(whole).HeaderLength():])
		segment.SetChecksum(^checksum.Checksum(segment, 0))
	}
	return whole
}
