package tunnel

import "encoding/binary"

const (
	protocolTCP = 6
	protocolUDP = 17

	portDNS = 53

	flagFIN = 1 << 0
	flagSYN = 1 << 1
	flagRST = 1 << 2
	flagACK = 1 << 4
)

// outline is what lanes and queues must know of a packet.
type outline struct {
	valid      bool
	protocol   byte
	hasPorts   bool // false for fragments: later ones have no ports, so none is told by them
	isFragment bool
	source     uint64 // addresses folded to 64 bits
	target     uint64
	sourcePort uint16
	targetPort uint16
	isPureACK  bool // a TCP acknowledgement that carries nothing and changes no state
}

func outlineOf(packet []byte) outline {
	if len(packet) == 0 {
		return outline{}
	}
	switch packet[0] >> 4 {
	case 4:
		return outlineOf4(packet)
	case 6:
		return outlineOf6(packet)
	}
	return outline{}
}

func outlineOf4(packet []byte) outline {
	if len(packet) < 20 {
		return outline{}
	}
	headerLength := int(packet[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(packet[2:]))
	if headerLength < 20 || total < headerLength || total > len(packet) {
		return outline{}
	}
	o := outline{
		valid:    true,
		protocol: packet[9],
		source:   uint64(binary.BigEndian.Uint32(packet[12:])),
		target:   uint64(binary.BigEndian.Uint32(packet[16:])),
		// More fragments, or an offset (RFC 791).
		isFragment: binary.BigEndian.Uint16(packet[6:])&0x3fff != 0,
	}
	o.transport(packet[headerLength:total])
	return o
}

func outlineOf6(packet []byte) outline {
	if len(packet) < 40 || 40+int(binary.BigEndian.Uint16(packet[4:])) > len(packet) {
		return outline{}
	}
	// Extension headers make a packet one without ports; it keeps its order by addresses.
	o := outline{
		valid:    true,
		protocol: packet[6],
		source:   binary.BigEndian.Uint64(packet[8:]) ^ binary.BigEndian.Uint64(packet[16:]),
		target:   binary.BigEndian.Uint64(packet[24:]) ^ binary.BigEndian.Uint64(packet[32:]),
	}
	o.transport(packet[40 : 40+int(binary.BigEndian.Uint16(packet[4:]))])
	return o
}

func (o *outline) transport(segment []byte) {
	if o.isFragment || len(segment) < 8 || o.protocol != protocolTCP && o.protocol != protocolUDP {
		return
	}
	o.hasPorts = true
	o.sourcePort = binary.BigEndian.Uint16(segment)
	o.targetPort = binary.BigEndian.Uint16(segment[2:])
	if o.protocol == protocolTCP && len(segment) >= 20 {
		flags := segment[13]
		o.isPureACK = flags&flagACK != 0 && flags&(flagSYN|flagFIN|flagRST) == 0 && int(segment[12]>>4)*4 == len(segment)
	}
}

// mix spreads the bits of value (the finalizer of MurmurHash3).
func mix(value uint64) uint64 {
	value ^= value >> 33
	value *= 0xff51afd7ed558ccd
	value ^= value >> 33
	value *= 0xc4ceb9fe1a85ec53
	return value ^ value>>33
}

// flowHash is the same in both directions of a flow, and on both sides of the tunnel.
func (o outline) flowHash() uint64 {
	source := mix(o.source<<16 | uint64(o.sourcePort))
	target := mix(o.target<<16 | uint64(o.targetPort))
	return mix(source + target + uint64(o.protocol))
}

// LaneOf tells which lane a packet takes, the same for both directions of a flow and on both sides. Lane 0 takes
// ICMP, DNS (port 53) and whatever has no ports; the others share the flows by their five-tuple, and fragments by
// their addresses.
func LaneOf(packet []byte, laneCount int) int {
	if laneCount < 2 {
		return 0
	}
	o := outlineOf(packet)
	isFragmentOfFlow := o.isFragment && (o.protocol == protocolTCP || o.protocol == protocolUDP)
	if !o.hasPorts && !isFragmentOfFlow {
		return 0
	}
	if o.hasPorts && (o.sourcePort == portDNS || o.targetPort == portDNS) {
		return 0
	}
	return 1 + int(o.flowHash()%uint64(laneCount-1))
}
