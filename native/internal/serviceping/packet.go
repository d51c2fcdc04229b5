package serviceping

import "encoding/binary"

const (
	protocolICMP = 1

	typeEchoReply        = 0 // RFC 792
	typeUnreachable      = 3
	typeEchoRequest      = 8
	typeTimeExceeded     = 11
	typeParameterProblem = 12
)

// icmpHeader returns where the ICMP message of an IPv4 packet begins.
func icmpHeader(packet []byte) (int, bool) {
	if len(packet) < 20 || packet[9] != protocolICMP {
		return 0, false
	}
	return headerLength(packet)
}

// headerLength is that of the IPv4 header. A packet quoted by an error is cut short, so its total length says nothing.
func headerLength(packet []byte) (int, bool) {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return 0, false
	}
	length := int(packet[0]&0x0f) * 4
	return length, length >= 20 && length <= len(packet)
}

// fragmented tells of any fragment, the first included.
func fragmented(packet []byte) bool {
	return binary.BigEndian.Uint16(packet[6:])&0x3fff != 0
}

func word(bytes []byte, offset int) uint16 { return binary.BigEndian.Uint16(bytes[offset:]) }

// rewriteAddress changes an address of an IPv4 header and mends the header's checksum.
func rewriteAddress(packet []byte, offset int, replacement address) {
	for part := 0; part < 4; part += 2 {
		rewriteWord(packet, 10, offset+part, binary.BigEndian.Uint16(replacement[part:]))
	}
}

// rewriteWord changes a word and mends the checksum that covers it.
func rewriteWord(bytes []byte, checksum, offset int, replacement uint16) {
	before := word(bytes, offset)
	binary.BigEndian.PutUint16(bytes[offset:], replacement)
	adjust(bytes[checksum:], before, replacement)
}

// adjust mends a checksum for one changed word: HC' = ~(~HC + ~m + m') (RFC 1624 equation 3). A checksum that was
// wrong stays wrong.
func adjust(checksum []byte, before, after uint16) {
	total := uint32(^binary.BigEndian.Uint16(checksum)) + uint32(^before) + uint32(after)
	total = total>>16 + total&0xffff
	total = total>>16 + total&0xffff
	binary.BigEndian.PutUint16(checksum, ^uint16(total))
}
