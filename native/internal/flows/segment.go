package flows

import "encoding/binary"

const (
	protocolTCP = 6
	protocolUDP = 17

	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// segment is what the table reads of a packet. Everything from sequence on is TCP's.
type segment struct {
	key                         key // protocol set; the rest is the caller's, who knows the direction
	source, destination         uint32
	sourcePort, destinationPort uint16
	sequence, acknowledgement   uint32
	payload                     uint32 // bytes
	flags                       uint8
}

// end is the sequence number behind the segment; SYN and FIN take one each (RFC 9293 section 3.4).
func (segment *segment) end() uint32 {
	end := segment.sequence + segment.payload
	if segment.flags&flagSYN != 0 {
		end++
	}
	if segment.flags&flagFIN != 0 {
		end++
	}
	return end
}

// parse reads a TCP or UDP packet over IPv4. Of fragments the first one counts: it has the ports.
func parse(packet []byte) (segment, bool) {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return segment{}, false
	}
	header := int(packet[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(packet[2:]))
	fragmentOffset := binary.BigEndian.Uint16(packet[6:]) & 0x1fff
	if header < 20 || total > len(packet) || fragmentOffset != 0 {
		return segment{}, false
	}
	protocol := packet[9]
	minimum := 8
	if protocol == protocolTCP {
		minimum = 20
	} else if protocol != protocolUDP {
		return segment{}, false
	}
	if total < header+minimum {
		return segment{}, false
	}
	transport := packet[header:total]
	result := segment{
		key:             key{protocol: protocol},
		source:          binary.BigEndian.Uint32(packet[12:]),
		destination:     binary.BigEndian.Uint32(packet[16:]),
		sourcePort:      binary.BigEndian.Uint16(transport[0:]),
		destinationPort: binary.BigEndian.Uint16(transport[2:]),
	}
	if protocol == protocolTCP {
		dataOffset := int(transport[12]>>4) * 4
		if dataOffset < 20 || dataOffset > len(transport) {
			return segment{}, false
		}
		result.sequence = binary.BigEndian.Uint32(transport[4:])
		result.acknowledgement = binary.BigEndian.Uint32(transport[8:])
		result.payload = uint32(len(transport) - dataOffset)
		result.flags = transport[13]
	}
	return result, true
}

// reset makes a RST from the far end: 20 bytes of IPv4 and 20 of TCP.
func reset(key key, sequence uint32) []byte {
	packet := make([]byte, 40)
	packet[0] = 0x45
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	packet[6] = 0x40 // do not fragment
	packet[8] = 64   // hops
	packet[9] = protocolTCP
	binary.BigEndian.PutUint32(packet[12:], key.remote)
	binary.BigEndian.PutUint32(packet[16:], key.laptop)
	binary.BigEndian.PutUint16(packet[10:], ^fold(sum(packet[:20], 0)))
	transport := packet[20:]
	binary.BigEndian.PutUint16(transport[0:], key.remotePort)
	binary.BigEndian.PutUint16(transport[2:], key.laptopPort)
	binary.BigEndian.PutUint32(transport[4:], sequence)
	transport[12] = 5 << 4
	transport[13] = flagRST
	pseudo := sum(packet[12:20], protocolTCP+uint32(len(transport)))
	binary.BigEndian.PutUint16(transport[16:], ^fold(sum(transport, pseudo)))
	return packet
}

// sum adds 16-bit words to a total that was begun elsewhere (RFC 1071); the length is even.
func sum(bytes []byte, total uint32) uint32 {
	for ; len(bytes) >= 2; bytes = bytes[2:] {
		total += uint32(binary.BigEndian.Uint16(bytes))
	}
	return total
}

func fold(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
