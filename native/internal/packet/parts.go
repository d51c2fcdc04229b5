package packet

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// ParseHead reads a packet of which behind bytes, none of them of its headers, lie elsewhere.
func ParseHead(head []byte, behind int) (parsed Packet, ok bool) {
	parsed.Behind = behind
	ok = len(head) > 0 && parsed.parse(head, false)
	return parsed, ok
}

// Size is that of the whole packet in bytes.
func (packet *Packet) Size() int { return len(packet.Raw) + packet.Behind }

// Whole puts a packet together with what lies behind it, in memory of its own, and completes the checksum of a segment that has
// that of the pseudo header alone.
func (packet *Packet) Whole(behind [][]byte) []byte {
	whole := slices.Concat(append([][]byte{packet.Raw}, behind...)...)
	if packet.Kind == Segment {
		segment := header.TCP(whole[len(packet.Raw)-len(packet.Payload):])
		segment.SetChecksum(^checksum.Checksum(segment, 0))
	}
	return whole
}
