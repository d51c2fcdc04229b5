package packet

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// SetSource changes the source address in place and mends the checksums that cover it. One that was wrong stays wrong.
// The address is of the packet's family.
func (packet *Packet) SetSource(address netip.Addr) {
	packet.Source = address
	packet.readdress(addressAt(address), address)
}

// SetDestination is SetSource for the destination.
func (packet *Packet) SetDestination(address netip.Addr) {
	packet.Destination = address
	packet.readdress(addressAt(address)+address.BitLen()/8, address)
}

// SetIdentifier changes the identifier of an EchoRequest or EchoReply.
func (packet *Packet) SetIdentifier(identifier uint16) {
	if packet.Kind == EchoRequest {
		packet.SourcePort = identifier
	} else {
		packet.DestinationPort = identifier
	}
	before := binary.BigEndian.Uint16(packet.Payload[4:])
	binary.BigEndian.PutUint16(packet.Payload[4:], identifier)
	mend(packet.Payload[2:], before, identifier)
}

// Requote lets change alter the packet that an ErrorMessage quotes, and mends the message's checksum.
func (packet *Packet) Requote(quoted *Packet, change func(quoted *Packet)) {
	before := checksum.Checksum(quoted.Raw, 0)
	change(quoted)
	mend(packet.Payload[2:], before, checksum.Checksum(quoted.Raw, 0))
}

func (packet *Packet) readdress(at int, address netip.Addr) {
	field := packet.Raw[at : at+address.BitLen()/8]
	before := checksum.Checksum(field, 0)
	copy(field, address.AsSlice())
	after := checksum.Checksum(field, 0)
	if !packet.Is6() {
		mend(packet.Raw[10:], before, after)
	}
	// The pseudo-header of the transport checksum; an IPv4 datagram may have none (RFC 768).
	if packet.Kind == Opaque || packet.Protocol == ICMP {
		return
	}
	at = checksumAt(packet.Protocol)
	if len(packet.Payload) < at+2 || packet.Kind == Datagram && binary.BigEndian.Uint16(packet.Payload[at:]) == 0 {
		return
	}
	mend(packet.Payload[at:], before, after)
	if packet.Protocol == UDP && binary.BigEndian.Uint16(packet.Payload[at:]) == 0 {
		binary.BigEndian.PutUint16(packet.Payload[at:], 0xffff) // zero means that there is none (RFC 768)
	}
}

func addressAt(address netip.Addr) int {
	if address.Is6() {
		return 8
	}
	return header.IPv4MinimumSize - 8
}

// mend corrects a checksum for a stretch whose sum changed: HC' = ~(~HC + ~m + m') (RFC 1624 equation 3).
func mend(field []byte, before, after uint16) {
	sum := checksum.Combine(^binary.BigEndian.Uint16(field), checksum.Combine(^before, after))
	binary.BigEndian.PutUint16(field, ^sum)
}
