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

// segment is what the table reads of a packet. Flags and acknowledgement are TCP's.
type segment struct {
	key                         key // protocol set; the rest is the caller's, who knows the direction
	source, destination         uint32
	sourcePort, destinationPort uint16
	acknowledgement             uint32
	flags                       uint8
}

// parse reads a whole or first fragment of a TCP or UDP packet over IPv4.
func parse(packet []byte) (segment, bool) {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return segment{}, false
	}
	header := int(packet[0]&0x0f) * 4
	fragmentOffset := binary.BigEndian.Uint16(packet[6:]) & 0x1fff
	if header < 20 || fragmentOffset != 0 {
		return segment{}, false
	}
	protocol := packet[9]
	minimum := 8
	if protocol == protocolTCP {
		minimum = 20
	} else if protocol != protocolUDP {
		return segment{}, false
	}
	if len(packet) < header+minimum {
		return segment{}, false
	}
	transport := packet[header:]
	result := segment{
		key:             key{protocol: protocol},
		source:          binary.BigEndian.Uint32(packet[12:]),
		destination:     binary.BigEndian.Uint32(packet[16:]),
		sourcePort:      binary.BigEndian.Uint16(transport[0:]),
		destinationPort: binary.BigEndian.Uint16(transport[2:]),
	}
	if protocol == protocolTCP {
		result.acknowledgement = binary.BigEndian.Uint32(transport[8:])
		result.flags = transport[13]
	}
	return result, true
}
