package engine

import (
	"encoding/binary"
	"net/netip"
)

const protocolICMP = 1

// tunnelRange holds the addresses of the tunnel's own ends (RFC 2544's block, see docs/architecture.md).
var tunnelRange = netip.MustParsePrefix("198.18.0.0/15")

// isIPv4 tells whether packet is a whole IPv4 packet.
func isIPv4(packet []byte) bool {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return false
	}
	header, total := int(packet[0]&0x0f)*4, int(binary.BigEndian.Uint16(packet[2:]))
	return header >= 20 && total >= header && total <= len(packet)
}

func sourceOf(packet []byte) netip.Addr      { return netip.AddrFrom4([4]byte(packet[12:16])) }
func destinationOf(packet []byte) netip.Addr { return netip.AddrFrom4([4]byte(packet[16:20])) }

// checksum is the Internet checksum (RFC 1071).
func checksum(data []byte) uint16 {
	var sum uint32
	for ; len(data) >= 2; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// prohibited answers packet with ICMP "communication administratively prohibited" (RFC 1812 section 5.2.7.1), or
// returns nil where no error may be sent: for ICMP, for later fragments, to what is no single host (RFC 1122 3.2.2).
func prohibited(packet []byte) []byte {
	header := int(packet[0]&0x0f) * 4
	if packet[9] == protocolICMP || binary.BigEndian.Uint16(packet[6:])&0x1fff != 0 || !isHost(sourceOf(packet)) {
		return nil
	}
	quoted := packet[:min(len(packet), header+8)]
	answer := make([]byte, 28+len(quoted))
	answer[0], answer[8], answer[9] = 0x45, 64, protocolICMP
	binary.BigEndian.PutUint16(answer[2:], uint16(len(answer)))
	copy(answer[12:16], packet[16:20])
	copy(answer[16:20], packet[12:16])
	binary.BigEndian.PutUint16(answer[10:], checksum(answer[:20]))
	answer[20], answer[21] = icmpUnreachable, 13
	copy(answer[28:], quoted)
	binary.BigEndian.PutUint16(answer[22:], checksum(answer[20:]))
	return answer
}

func isHost(address netip.Addr) bool {
	return !address.IsMulticast() && !address.IsUnspecified() && !address.IsLoopback() && address != broadcast
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
