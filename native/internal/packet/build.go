package packet

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

const (
	// MessageHeader is the length of an ICMP header in bytes.
	MessageHeader = 8

	// HopLimit is that of packets that are made here (RFC 1700's default).
	HopLimit = 64
)

// Failure is what an ICMP error says, in both families.
type Failure struct{ type4, code4, type6, code6 uint8 }

// Failures.
var (
	NetworkUnreachable = Failure{3, 0, 1, 0}  // RFC 792; RFC 4443: no route
	HostUnreachable    = Failure{3, 1, 1, 3}  // RFC 792; RFC 4443: address unreachable
	PortUnreachable    = Failure{3, 3, 1, 4}  // RFC 792; RFC 4443
	Prohibited         = Failure{3, 13, 1, 1} // RFC 1812 section 5.2.7.1; RFC 4443: administratively prohibited
	HopLimitExceeded   = Failure{11, 0, 3, 0} // RFC 792; RFC 4443
)

// FailureOf is a failure that somebody else told, by type and code of the family it is passed on in.
func FailureOf(kind, code uint8) Failure { return Failure{kind, code, kind, code} }

// IsUnreachable tells of the type of an ICMP message whether it says that a destination is unreachable.
func IsUnreachable(kind uint8, is6 bool) bool {
	if is6 {
		return header.ICMPv6Type(kind) == header.ICMPv6DstUnreachable
	}
	return header.ICMPv4Type(kind) == header.ICMPv4DstUnreachable
}

// IsEchoReply tells it of the answer to a ping.
func IsEchoReply(kind uint8, is6 bool) bool {
	if is6 {
		return header.ICMPv6Type(kind) == header.ICMPv6EchoReply
	}
	return header.ICMPv4Type(kind) == header.ICMPv4EchoReply
}

// IsHostUnreachable tells it of one that says that the host does not answer its neighbours.
func IsHostUnreachable(kind, code uint8, is6 bool) bool {
	if is6 {
		return IsUnreachable(kind, is6) && code == HostUnreachable.code6
	}
	return IsUnreachable(kind, is6) && code == HostUnreachable.code4
}

// IsHopLimitExceeded tells it of one that says that a packet went round for too long.
func IsHopLimitExceeded(kind uint8, is6 bool) bool {
	if is6 {
		return kind == HopLimitExceeded.type6
	}
	return kind == HopLimitExceeded.type4
}

// Error makes an ICMP error from source about a packet, to the packet's sender. As much is quoted as fits into what
// every link carries: 576 bytes of IPv4 (RFC 1812 section 4.3.2.3), 1280 of IPv6 (RFC 4443 section 2.4). It returns
// nil where no error may be sent (RFC 1122 section 3.2.2): about an error or anything else of ICMP but an echo
// request, a later fragment, or a sender that is no single host.
func Error(failure Failure, source netip.Addr, about *Packet) []byte {
	isMessage := about.Protocol == ICMP || about.Protocol == ICMPv6
	if about.Offset != 0 || !IsHost(about.Source) || isMessage && about.Kind != EchoRequest || source.Is6() != about.Source.Is6() {
		return nil
	}
	limit, kind, code := header.IPv4MinimumProcessableDatagramSize, failure.type4, failure.code4
	if about.Is6() {
		limit, kind, code = header.IPv6MinimumMTU, failure.type6, failure.code6
	}
	start := headerSize(source)
	quoted := about.Raw[:min(len(about.Raw), limit-start-MessageHeader)]
	made := make([]byte, start+MessageHeader+len(quoted))
	message := made[start:]
	message[0], message[1] = kind, code
	copy(message[MessageHeader:], quoted)
	return sealed(made, messagesOf(source), HopLimit, source, about.Source)
}

// Echo makes an echo request.
func Echo(source, destination netip.Addr, identifier, sequence uint16, data []byte) []byte {
	start := headerSize(source)
	made := make([]byte, start+MessageHeader+len(data))
	message := made[start:]
	message[0] = uint8(header.ICMPv4Echo)
	if source.Is6() {
		message[0] = uint8(header.ICMPv6EchoRequest)
	}
	binary.BigEndian.PutUint16(message[4:], identifier)
	binary.BigEndian.PutUint16(message[6:], sequence)
	copy(message[MessageHeader:], data)
	return sealed(made, messagesOf(source), HopLimit, source, destination)
}

// Answer makes the reply to an echo request, of which message is what follows the IP header: at least eight bytes.
func Answer(message []byte, source, destination netip.Addr, hopLimit uint8) []byte {
	start := headerSize(source)
	made := make([]byte, start+len(message))
	reply := made[start:]
	copy(reply, message)
	reply[0], reply[1] = uint8(header.ICMPv4EchoReply), 0
	if source.Is6() {
		reply[0] = uint8(header.ICMPv6EchoReply)
	}
	return sealed(made, messagesOf(source), hopLimit, source, destination)
}

// Reset makes a RST segment in the direction of flow, with a sequence number.
func Reset(flow Flow, sequence uint32) []byte { return bareSegment(flow, sequence, header.TCPFlagRst) }

func bareSegment(flow Flow, sequence uint32, flags header.TCPFlags) []byte {
	start := headerSize(flow.Source)
	made := make([]byte, start+header.TCPMinimumSize)
	header.TCP(made[start:]).Encode(&header.TCPFields{
		SrcPort: flow.SourcePort, DstPort: flow.DestinationPort, SeqNum: sequence,
		DataOffset: header.TCPMinimumSize, Flags: flags,
	})
	return sealed(made, TCP, HopLimit, flow.Source, flow.Destination)
}

// SynchronizeAgain makes a segment in the direction of flow that asks for a connection that is there. Its receiver
// acknowledges what it has, whatever the sequence number is (RFC 9293 section 3.10.7.4, RFC 5961 section 4).
func SynchronizeAgain(flow Flow) []byte { return bareSegment(flow, 0, header.TCPFlagSyn) }

// Refusal makes the answer to a SYN of a host that does not listen: RST and ACK (RFC 9293 section 3.10.7.1).
func Refusal(syn *Packet) []byte {
	start := headerSize(syn.Source)
	made := make([]byte, start+header.TCPMinimumSize)
	header.TCP(made[start:]).Encode(&header.TCPFields{
		SrcPort: syn.DestinationPort, DstPort: syn.SourcePort, AckNum: syn.TCP().SequenceNumber() + 1,
		DataOffset: header.TCPMinimumSize, Flags: header.TCPFlagRst | header.TCPFlagAck,
	})
	return sealed(made, TCP, HopLimit, syn.Destination, syn.Source)
}

// DatagramOf makes a UDP packet.
func DatagramOf(source, destination netip.AddrPort, data []byte) []byte {
	start := headerSize(source.Addr())
	made := make([]byte, start+header.UDPMinimumSize+len(data))
	header.UDP(made[start:]).Encode(&header.UDPFields{
		SrcPort: source.Port(), DstPort: destination.Port(), Length: uint16(header.UDPMinimumSize + len(data)),
	})
	copy(made[start+header.UDPMinimumSize:], data)
	return sealed(made, UDP, HopLimit, source.Addr(), destination.Addr())
}

// Fragments calls emit with a packet that has no options, in pieces of at most mtu bytes, which all carry the
// identification; those of a packet that is a fragment itself carry its own.
func Fragments(raw []byte, mtu int, identification uint32, emit func([]byte)) {
	parsed, ok := Parse(raw)
	if !ok || len(raw) <= mtu {
		emit(raw)
		return
	}
	start := headerSize(parsed.Source)
	if parsed.Is6() {
		start += header.IPv6FragmentHeaderSize
	}
	if parsed.IsFragment() {
		identification = parsed.Identification
	}
	room := (mtu - start) &^ 7 // offsets count in units of eight bytes
	for offset := 0; offset < len(parsed.Payload); offset += room {
		piece := parsed.Payload[offset:min(offset+room, len(parsed.Payload))]
		made := make([]byte, start+len(piece))
		copy(made[start:], piece)
		more, from := parsed.More || offset+room < len(parsed.Payload), parsed.Offset+uint16(offset)
		if parsed.Is6() {
			part := made[header.IPv6MinimumSize:]
			part[0] = parsed.Protocol
			word := from
			if more {
				word |= 1
			}
			binary.BigEndian.PutUint16(part[2:], word)
			binary.BigEndian.PutUint32(part[4:], identification)
			writeHeader(made, uint8(header.IPv6FragmentHeader), parsed.HopLimit, parsed.Source, parsed.Destination)
		} else {
			writeHeader(made, parsed.Protocol, parsed.HopLimit, parsed.Source, parsed.Destination)
			ip := header.IPv4(made)
			ip.SetID(uint16(identification))
			var flags uint8
			if more {
				flags = header.IPv4FlagMoreFragments
			}
			ip.SetFlagsFragmentOffset(flags, from)
			sealHeader(made)
		}
		emit(made)
	}
}

// sealed writes the IP header in front of a transport segment, and the segment's checksum.
func sealed(raw []byte, protocol, hopLimit uint8, source, destination netip.Addr) []byte {
	writeHeader(raw, protocol, hopLimit, source, destination)
	segment := raw[headerSize(source):]
	at := checksumAt(protocol)
	binary.BigEndian.PutUint16(segment[at:], 0)
	sum := checksum.Checksum(segment, pseudo(protocol, source, destination, len(segment)))
	if sum = ^sum; sum == 0 && protocol == UDP {
		sum = 0xffff // RFC 768: zero means that there is none
	}
	binary.BigEndian.PutUint16(segment[at:], sum)
	return raw
}

// pseudo is the sum of the pseudo-header; ICMP over IPv4 has none.
func pseudo(protocol uint8, source, destination netip.Addr, length int) uint16 {
	if protocol == ICMP {
		return 0
	}
	return header.PseudoHeaderChecksum(tcpip.TransportProtocolNumber(protocol), ForStack(source), ForStack(destination), uint16(length))
}

func writeHeader(raw []byte, protocol, hopLimit uint8, source, destination netip.Addr) {
	if source.Is6() {
		header.IPv6(raw).Encode(&header.IPv6Fields{
			PayloadLength: uint16(len(raw) - header.IPv6MinimumSize), TransportProtocol: tcpip.TransportProtocolNumber(protocol),
			HopLimit: hopLimit, SrcAddr: ForStack(source), DstAddr: ForStack(destination),
		})
		return
	}
	header.IPv4(raw).Encode(&header.IPv4Fields{
		TotalLength: uint16(len(raw)), TTL: hopLimit, Protocol: protocol, SrcAddr: ForStack(source), DstAddr: ForStack(destination),
	})
	sealHeader(raw)
}

// sealHeader writes the checksum of an IPv4 header.
func sealHeader(raw []byte) {
	ip := header.IPv4(raw)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
}

func headerSize(address netip.Addr) int {
	if address.Is6() {
		return header.IPv6MinimumSize
	}
	return header.IPv4MinimumSize
}

func messagesOf(address netip.Addr) uint8 {
	if address.Is6() {
		return ICMPv6
	}
	return ICMP
}

// checksumAt is where the checksum of a transport header is.
func checksumAt(protocol uint8) int {
	switch protocol {
	case TCP:
		return header.TCPChecksumOffset
	case UDP:
		return 6
	}
	return 2
}

// ForStack is an address as gVisor has it, and FromStack the way back.
func ForStack(address netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(address.AsSlice()) }

// FromStack is the reverse of ForStack.
func FromStack(address tcpip.Address) netip.Addr {
	parsed, _ := netip.AddrFromSlice(address.AsSlice())
	return parsed
}
