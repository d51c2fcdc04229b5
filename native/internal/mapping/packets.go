package mapping

import (
	"net/netip"

	"slipway/native/internal/packet"
)

// Asked knows what the laptop's programs asked for, by the addresses that they know. It is given values: a pointer to a
// packet would have it made on the heap.
type Asked interface {
	// Knows tells whether they have a flow, in their direction.
	Knows(flow packet.Flow) bool
	// KnowsFragment tells whether the first fragment of a datagram from a source was theirs.
	KnowsFragment(source netip.Addr, identification uint32, protocol uint8) bool
}

// expects tells whether a packet would belong to something of theirs if its far end had another address.
func expects(asked Asked, parsed *packet.Packet, far netip.Addr) bool {
	if parsed.Offset != 0 {
		return asked.KnowsFragment(far, parsed.Identification, parsed.Protocol)
	}
	flow := parsed.Flow.Reversed()
	if parsed.Kind == packet.ErrorMessage {
		quoted, ok := parsed.Quoted()
		if !ok {
			return false
		}
		flow = quoted.Flow
	}
	flow.Destination = far
	return asked.Knows(flow)
}

// Outbound changes a packet of the laptop in place, as it would be if the program had known the real address: the
// destination, and the source of what an ICMP error quotes. It is false for what cannot be sent on: an IPv6 packet to a
// virtual address with extension headers, behind which its checksum is not looked for.
func (table *Table) Outbound(parsed *packet.Packet) bool {
	if table == nil {
		return true
	}
	if parsed.Kind == packet.ErrorMessage && !parsed.IsFragment() {
		table.outboundError(parsed)
	}
	real, isVirtual := table.Real(parsed.Destination)
	if !isVirtual {
		return true
	}
	if parsed.Is6() && parsed.HasOptions {
		return false
	}
	parsed.SetDestination(real)
	return true
}

func (table *Table) outboundError(parsed *packet.Packet) {
	quoted, ok := parsed.Quoted()
	if !ok {
		return
	}
	if real, isVirtual := table.Real(quoted.Source); isVirtual {
		parsed.Requote(&quoted, func(quoted *packet.Packet) { quoted.SetSource(real) })
	}
}

// Inbound changes a packet of the cluster in place, as it would be if the cluster had the virtual addresses: the source,
// and the destination of what an ICMP error quotes. Where an address may be meant in several ways, it is the one that the
// laptop asked by.
func (table *Table) Inbound(parsed *packet.Packet, asked Asked) {
	if table == nil {
		return
	}
	if parsed.Kind == packet.ErrorMessage && !parsed.IsFragment() {
		table.inboundError(parsed, asked)
		return
	}
	if known, isMapped := table.known(parsed, parsed.Source, asked); isMapped {
		parsed.SetSource(known)
	}
}

func (table *Table) inboundError(parsed *packet.Packet, asked Asked) {
	about, reporter := netip.Addr{}, parsed.Source
	if quoted, ok := parsed.Quoted(); ok {
		about = quoted.Destination
		if known, isMapped := table.known(parsed, about, asked); isMapped {
			parsed.Requote(&quoted, func(quoted *packet.Packet) { quoted.SetDestination(known) })
			if reporter == about {
				parsed.SetSource(known)
			}
		}
	}
	if reporter != about { // a router, which nobody asked
		if known, isMapped := table.Virtual(reporter); isMapped {
			parsed.SetSource(known)
		}
	}
}

// known is the address by which the laptop knows the far end of a packet; false where that is the real one.
func (table *Table) known(parsed *packet.Packet, real netip.Addr, asked Asked) (netip.Addr, bool) {
	current := find(table.byReal, real)
	if current != nil && !current.isContended {
		return current.counterpart(real), true
	}
	if current == nil && len(table.retired) == 0 {
		return real, false
	}
	if current != nil {
		if known := current.counterpart(real); expects(asked, parsed, known) {
			return known, true
		}
	}
	if !expects(asked, parsed, real) {
		for index := range table.retired {
			if before := &table.retired[index]; before.from.Contains(real) {
				if known := before.counterpart(real); expects(asked, parsed, known) {
					return known, true
				}
			}
		}
	}
	return real, false
}
