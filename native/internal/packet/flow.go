package packet

import (
	"encoding/binary"
	"net/netip"
)

// Flow is the five-tuple of a packet, in the packet's direction. An echo's identifier and sequence number stand for
// ports: those of a request and of its reply are each other's reverse. Where a packet has none, they are 0.
type Flow struct {
	Source, Destination         netip.Addr
	SourcePort, DestinationPort uint16
	Protocol                    uint8
}

// Reversed is the same flow in the other direction.
func (flow Flow) Reversed() Flow {
	return Flow{
		Source: flow.Destination, Destination: flow.Source,
		SourcePort: flow.DestinationPort, DestinationPort: flow.SourcePort,
		Protocol: flow.Protocol,
	}
}

// Hash is the same in both directions of a flow.
func (flow *Flow) Hash() uint64 {
	source := mix(Folded(flow.Source)<<16 | uint64(flow.SourcePort))
	destination := mix(Folded(flow.Destination)<<16 | uint64(flow.DestinationPort))
	return mix(source + destination + uint64(flow.Protocol))
}

// FlowHash is the same for all packets of a flow, both ways and fragments too, which it tells by addresses alone. All
// ICMP between two addresses has one hash.
func (packet *Packet) FlowHash() uint64 {
	flow := packet.Flow
	if !packet.HasPorts() {
		flow.SourcePort, flow.DestinationPort = 0, 0
	}
	return flow.Hash()
}

// Folded is an address in 64 bits, to be hashed: two of one family seldom are the same.
func Folded(address netip.Addr) uint64 {
	if address.Is4() {
		bytes := address.As4()
		return uint64(binary.BigEndian.Uint32(bytes[:]))
	}
	bytes := address.As16()
	return binary.BigEndian.Uint64(bytes[:]) ^ binary.BigEndian.Uint64(bytes[8:])
}

// mix spreads the bits of value (the finalizer of MurmurHash3).
func mix(value uint64) uint64 {
	value ^= value >> 33
	value *= 0xff51afd7ed558ccd
	value ^= value >> 33
	value *= 0xc4ceb9fe1a85ec53
	return value ^ value>>33
}

// IsHost tells whether an address can be one host's: not unspecified, loopback, multicast or the broadcast address.
func IsHost(address netip.Addr) bool {
	return address.IsValid() && !address.IsUnspecified() && !address.IsLoopback() && !address.IsMulticast() &&
		address != broadcast
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
