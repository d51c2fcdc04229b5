package forward

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
)

const (
	protocolICMP = 1
	protocolTCP  = 6
	protocolUDP  = 17

	headerSize = 20 // IPv4 without options, in bytes
	icmpSize   = 8

	icmpEchoReply       = 0
	icmpUnreachable     = 3
	icmpEcho            = 8
	icmpTimeExceeded    = 11
	codeNetwork         = 0  // RFC 792
	codeHost            = 1  // RFC 792
	codePort            = 3  // RFC 792
	codeProhibited      = 13 // RFC 1812 section 5.2.7.1: communication administratively prohibited
	codeTTLInTransit    = 0  // RFC 792
	quotedAtMost        = 576 - headerSize - icmpSize
	ourTTL              = 64
	flagDontFragment    = 0x4000
	flagMoreFragments   = 0x2000
	fragmentOffsetMask  = 0x1fff
	tcpFlagSYN          = 0x02
	tcpFlagACK          = 0x10
	tcpMinimum          = 20
	udpMinimum          = 8
	fragmentGranularity = 8 // RFC 791: fragment offsets count in units of 8 bytes
)

// packet is one parsed IPv4 packet; its slices are views of what was parsed.
type packet struct {
	raw         []byte // the whole packet, cut to its own length
	payload     []byte // behind the header and its options
	source      netip.Addr
	destination netip.Addr
	protocol    byte
	ttl         byte
	fragment    bool // a part of a datagram, the first one included
	first       bool // has the start of the transport header
}

// parsePacket reads an IPv4 header. ok is false for what is not a whole IPv4 packet.
func parsePacket(raw []byte) (parsed packet, ok bool) {
	if len(raw) < headerSize || raw[0]>>4 != 4 {
		return packet{}, false
	}
	header := int(raw[0]&0xf) * 4
	total := int(binary.BigEndian.Uint16(raw[2:]))
	if header < headerSize || total < header || total > len(raw) {
		return packet{}, false
	}
	fragment := binary.BigEndian.Uint16(raw[6:])
	return packet{
		raw:         raw[:total],
		payload:     raw[header:total],
		source:      netip.AddrFrom4([4]byte(raw[12:16])),
		destination: netip.AddrFrom4([4]byte(raw[16:20])),
		protocol:    raw[9],
		ttl:         raw[8],
		fragment:    fragment&(flagMoreFragments|fragmentOffsetMask) != 0,
		first:       fragment&fragmentOffsetMask == 0,
	}, true
}

// destinationPort is the port of a first fragment of TCP or UDP; 0 where there is none.
func (p packet) destinationPort() uint16 {
	if !p.first || len(p.payload) < 4 || (p.protocol != protocolTCP && p.protocol != protocolUDP) {
		return 0
	}
	return binary.BigEndian.Uint16(p.payload[2:])
}

// opensFlow tells whether an answer that refuses it makes sense: a datagram, an echo, a TCP SYN. To anything else
// silence is right (RFC 1122 section 3.2.2: no ICMP error about an ICMP error or a later fragment).
func (p packet) opensFlow() bool {
	if !p.first {
		return false
	}
	switch p.protocol {
	case protocolTCP:
		return len(p.payload) >= tcpMinimum && p.payload[13]&(tcpFlagSYN|tcpFlagACK) == tcpFlagSYN
	case protocolICMP:
		return len(p.payload) >= icmpSize && p.payload[0] == icmpEcho
	}
	return true
}

// icmpError makes an ICMP error about quoted, a packet's header and what follows, from source to the quoted sender.
// It quotes as much as RFC 1812 section 4.3.2.3 allows: the answer stays within 576 bytes.
func icmpError(kind, code byte, source netip.Addr, quoted []byte) []byte {
	if len(quoted) < headerSize {
		return nil
	}
	quoted = quoted[:min(len(quoted), quotedAtMost)]
	made := make([]byte, headerSize+icmpSize+len(quoted))
	icmp := made[headerSize:]
	icmp[0], icmp[1] = kind, code
	copy(icmp[icmpSize:], quoted)
	sealICMP(icmp)
	sealHeader(made, protocolICMP, ourTTL, source, netip.AddrFrom4([4]byte(quoted[12:16])), 0)
	return made
}

// echoReply makes the answer to an echo request; message is the ICMP message of the request.
func echoReply(message []byte, source, destination netip.Addr, ttl byte) []byte {
	made := make([]byte, headerSize+len(message))
	icmp := made[headerSize:]
	copy(icmp, message)
	icmp[0], icmp[1] = icmpEchoReply, 0
	sealICMP(icmp)
	sealHeader(made, protocolICMP, ttl, source, destination, 0)
	return made
}

// quoteOf builds the start of a packet as its sender sent it, for ICMP errors about flows whose packets are gone.
func quoteOf(protocol byte, source, destination netip.AddrPort) []byte {
	made := make([]byte, headerSize+udpMinimum)
	binary.BigEndian.PutUint16(made[headerSize:], source.Port())
	binary.BigEndian.PutUint16(made[headerSize+2:], destination.Port())
	binary.BigEndian.PutUint16(made[headerSize+4:], udpMinimum)
	sealHeader(made, protocol, ourTTL, source.Addr(), destination.Addr(), 0)
	return made
}

func sealICMP(icmp []byte) {
	icmp[2], icmp[3] = 0, 0
	binary.BigEndian.PutUint16(icmp[2:], ^checksum.Checksum(icmp, 0))
}

func sealHeader(raw []byte, protocol, ttl byte, source, destination netip.Addr, fragment uint16) {
	raw[0], raw[1] = 0x45, 0
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	binary.BigEndian.PutUint16(raw[6:], fragment)
	raw[8], raw[9] = ttl, protocol
	raw[10], raw[11] = 0, 0
	from, to := source.As4(), destination.As4()
	copy(raw[12:], from[:])
	copy(raw[16:], to[:])
	binary.BigEndian.PutUint16(raw[10:], ^checksum.Checksum(raw[:headerSize], 0))
}

// fragmentPacket calls emit with raw, whose header has no options, in pieces of at most mtu bytes. All pieces carry
// the identification given.
func fragmentPacket(raw []byte, mtu int, identification uint16, emit func([]byte)) {
	if len(raw) <= mtu {
		emit(raw)
		return
	}
	room := (mtu - headerSize) / fragmentGranularity * fragmentGranularity
	payload := raw[headerSize:]
	for offset := 0; offset < len(payload); offset += room {
		piece := payload[offset:min(offset+room, len(payload))]
		made := make([]byte, headerSize+len(piece))
		copy(made, raw[:headerSize])
		copy(made[headerSize:], piece)
		binary.BigEndian.PutUint16(made[4:], identification)
		fragment := uint16(offset / fragmentGranularity)
		if offset+room < len(payload) {
			fragment |= flagMoreFragments
		}
		source, destination := netip.AddrFrom4([4]byte(raw[12:16])), netip.AddrFrom4([4]byte(raw[16:20]))
		sealHeader(made, raw[9], raw[8], source, destination, fragment)
		emit(made)
	}
}
