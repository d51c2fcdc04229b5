// Package packet reads and writes raw IP packets of both families, over gVisor's header and checksum packages. A
// packet is parsed once, into a value that is passed on and points into the bytes it was read from. It must never
// decide what becomes of a packet, keep one, or allocate while reading.
package packet

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// Protocol numbers (IANA) that have a meaning here.
const (
	ICMP   = uint8(header.ICMPv4ProtocolNumber)
	TCP    = uint8(header.TCPProtocolNumber)
	UDP    = uint8(header.UDPProtocolNumber)
	ICMPv6 = uint8(header.ICMPv6ProtocolNumber)
)

// Kind is what the transport header of a packet says.
type Kind uint8

// Kinds. Opaque is whatever has no transport header that can be read: a later fragment, a header that is cut off,
// another protocol, an IPv6 packet with extension headers other than the fragment header.
const (
	Opaque Kind = iota
	Segment
	Datagram
	EchoRequest
	EchoReply
	ErrorMessage // ICMP that quotes a packet: unreachable, too big, time exceeded, parameter problem
	OtherMessage // any other ICMP: redirects, timestamps, router and neighbour discovery …
)

// Packet is a parsed packet. Its slices are views of what was parsed.
type Packet struct {
	Flow
	Raw     []byte // the whole packet, cut to the length that its header says
	Payload []byte // behind the IP header, its options and the fragment header
	Behind  int    // bytes of the packet that lie elsewhere, behind Raw and Payload; see ParseHead
	Fragment
	Kind       Kind
	TCPFlags   header.TCPFlags // of a Segment
	HopLimit   uint8
	HasOptions bool // options (IPv4), or extension headers other than the fragment header (IPv6)
}

// Fragment says which part of a datagram a packet is. It is zero for a whole one.
type Fragment struct {
	Identification uint32 // of the datagram; set for fragments only
	Offset         uint16 // bytes
	More           bool   // others follow
}

// IsFragment is true for each part of a datagram, the first one included.
func (fragment *Fragment) IsFragment() bool { return fragment.More || fragment.Offset != 0 }

// Parse reads a packet. ok is false for what is not a whole IPv4 (RFC 791) or IPv6 (RFC 8200) packet; checksums are
// not looked at.
func Parse(raw []byte) (parsed Packet, ok bool) {
	ok = len(raw) > 0 && parsed.parse(raw, false)
	return parsed, ok
}

// parse reads what has one byte at least.
func (packet *Packet) parse(raw []byte, isStart bool) bool {
	switch raw[0] >> 4 {
	case header.IPv4Version:
		return packet.parse4(raw, isStart)
	case header.IPv6Version:
		return packet.parse6(raw, isStart)
	}
	return false
}

// Is6 tells the family.
func (packet *Packet) Is6() bool { return packet.Raw[0]>>4 == header.IPv6Version }

// TCP is the header of a Segment and what follows it.
func (packet *Packet) TCP() header.TCP { return header.TCP(packet.Payload) }

// IsMessage is true for ICMP of the packet's own family.
func (packet *Packet) IsMessage() bool {
	if packet.Is6() {
		return packet.Protocol == ICMPv6
	}
	return packet.Protocol == ICMP
}

// HasPorts is true where every packet of the flow has ports to be told by: not for fragments, of which only the first one
// has them.
func (packet *Packet) HasPorts() bool {
	return (packet.Kind == Segment || packet.Kind == Datagram) && !packet.IsFragment()
}

// HasSoundHeader checks the checksum of an IPv4 header; IPv6 has none.
func (packet *Packet) HasSoundHeader() bool {
	return packet.Is6() || checksum.Checksum(packet.Raw[:header.IPv4(packet.Raw).HeaderLength()], 0) == 0xffff
}

// Quoted reads the packet that an ErrorMessage is about, as ParseStart does.
func (packet *Packet) Quoted() (quoted Packet, ok bool) {
	if packet.Kind != ErrorMessage || len(packet.Payload) <= MessageHeader {
		return quoted, false
	}
	quoted, ok = ParseStart(packet.Payload[MessageHeader:])
	return quoted, ok && quoted.Is6() == packet.Is6()
}

// ParseStart reads a packet whose end may be missing, as ICMP errors quote it. RFC 792 promises eight bytes of the
// transport header, which hold ports, or identifier and sequence number, but no TCP flags.
func ParseStart(raw []byte) (parsed Packet, ok bool) {
	ok = len(raw) > 0 && parsed.parse(raw, true)
	return parsed, ok
}

// here is how many of a packet's total bytes lie in raw, where the rest lies elsewhere; -1 where that is not as much.
func (packet *Packet) here(total int, raw []byte) int {
	switch {
	case packet.Behind == 0:
		return total
	case total != len(raw)+packet.Behind:
		return -1
	}
	return len(raw)
}

// parse4 reads IPv4.
func (packet *Packet) parse4(raw []byte, isStart bool) bool {
	if len(raw) < header.IPv4MinimumSize {
		return false
	}
	ip := header.IPv4(raw)
	length, total := int(ip.HeaderLength()), int(ip.TotalLength())
	if isStart {
		total = min(total, len(raw))
	}
	total = packet.here(total, raw)
	if length < header.IPv4MinimumSize || total < length || total > len(raw) {
		return false
	}
	packet.Raw, packet.Payload = raw[:total], raw[length:total]
	packet.Source = netip.AddrFrom4([4]byte(raw[12:16]))
	packet.Destination = netip.AddrFrom4([4]byte(raw[16:20]))
	packet.Protocol, packet.HopLimit = ip.Protocol(), ip.TTL()
	packet.HasOptions = length > header.IPv4MinimumSize
	if word := binary.BigEndian.Uint16(raw[6:]); word&0x3fff != 0 { // more fragments, or an offset
		packet.Fragment = Fragment{Identification: uint32(ip.ID()), Offset: ip.FragmentOffset(), More: ip.More()}
	}
	packet.transport(ICMP, isStart)
	return true
}

// parse6 reads IPv6.
func (packet *Packet) parse6(raw []byte, isStart bool) bool {
	if len(raw) < header.IPv6MinimumSize {
		return false
	}
	ip := header.IPv6(raw)
	total := header.IPv6MinimumSize + int(ip.PayloadLength())
	if isStart {
		total = min(total, len(raw))
	}
	total = packet.here(total, raw)
	if total < header.IPv6MinimumSize || total > len(raw) {
		return false
	}
	packet.Raw, packet.Payload = raw[:total], raw[header.IPv6MinimumSize:total]
	packet.Source = netip.AddrFrom16([16]byte(raw[8:24]))
	packet.Destination = netip.AddrFrom16([16]byte(raw[24:40]))
	packet.Protocol, packet.HopLimit = ip.NextHeader(), ip.HopLimit()
	if packet.Protocol == uint8(header.IPv6FragmentHeader) {
		part := header.IPv6Fragment(packet.Payload)
		if !part.IsValid() {
			return false
		}
		packet.Protocol, packet.Payload = part.NextHeader(), packet.Payload[header.IPv6FragmentHeaderSize:]
		packet.Fragment = Fragment{Identification: part.ID(), Offset: part.FragmentOffset() * 8, More: part.More()}
	}
	switch header.IPv6ExtensionHeaderIdentifier(packet.Protocol) {
	case header.IPv6HopByHopOptionsExtHdrIdentifier, header.IPv6RoutingExtHdrIdentifier,
		header.IPv6DestinationOptionsExtHdrIdentifier, header.IPv6FragmentExtHdrIdentifier:
		packet.HasOptions = true
	}
	packet.transport(ICMPv6, isStart)
	return true
}

// transport reads the transport header as far as it is there. messages is the number of the family's ICMP.
func (packet *Packet) transport(messages uint8, isStart bool) {
	segment := packet.Payload
	if packet.Offset != 0 || len(segment) < header.UDPMinimumSize {
		return
	}
	switch packet.Protocol {
	case TCP:
		if !isStart {
			if len(segment) < header.TCPMinimumSize {
				return
			}
			tcp := header.TCP(segment)
			if length := int(tcp.DataOffset()); length < header.TCPMinimumSize || length > len(segment) {
				return
			}
			packet.TCPFlags = tcp.Flags()
		}
		packet.Kind = Segment
	case UDP:
		packet.Kind = Datagram
	case messages:
		packet.message(segment)
		return
	default:
		return
	}
	packet.SourcePort = binary.BigEndian.Uint16(segment)
	packet.DestinationPort = binary.BigEndian.Uint16(segment[2:])
}

func (packet *Packet) message(message []byte) {
	if packet.Protocol == ICMP {
		packet.Kind = kindOf4(header.ICMPv4Type(message[0]))
	} else {
		packet.Kind = kindOf6(header.ICMPv6Type(message[0]))
	}
	identifier, sequence := binary.BigEndian.Uint16(message[4:]), binary.BigEndian.Uint16(message[6:])
	switch {
	case packet.Kind == EchoRequest && message[1] == 0:
		packet.SourcePort, packet.DestinationPort = identifier, sequence
	case packet.Kind == EchoReply && message[1] == 0:
		packet.SourcePort, packet.DestinationPort = sequence, identifier
	case packet.Kind == EchoRequest || packet.Kind == EchoReply:
		packet.Kind = OtherMessage
	}
}

func kindOf4(kind header.ICMPv4Type) Kind {
	switch kind {
	case header.ICMPv4Echo:
		return EchoRequest
	case header.ICMPv4EchoReply:
		return EchoReply
	case header.ICMPv4DstUnreachable, header.ICMPv4TimeExceeded, header.ICMPv4ParamProblem:
		return ErrorMessage
	}
	return OtherMessage
}

func kindOf6(kind header.ICMPv6Type) Kind {
	switch kind {
	case header.ICMPv6EchoRequest:
		return EchoRequest
	case header.ICMPv6EchoReply:
		return EchoReply
	case header.ICMPv6DstUnreachable, header.ICMPv6PacketTooBig, header.ICMPv6TimeExceeded, header.ICMPv6ParamProblem:
		return ErrorMessage
	}
	return OtherMessage
}
