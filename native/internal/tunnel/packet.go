package tunnel

import (
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

const portDNS = 53

// LaneOf tells which lane a packet takes, the same for both directions of a flow and on both sides. Lane 0 takes
// ICMP, DNS (port 53) and whatever has no ports; the others share the flows by their five-tuple, and fragments by
// their addresses.
func LaneOf(parsed *packet.Packet, laneCount int) int {
	hasPorts := parsed.HasPorts()
	isFragmentOfFlow := parsed.IsFragment() && (parsed.Protocol == packet.TCP || parsed.Protocol == packet.UDP)
	if laneCount < 2 || !hasPorts && !isFragmentOfFlow {
		return 0
	}
	if hasPorts && (parsed.SourcePort == portDNS || parsed.DestinationPort == portDNS) {
		return 0
	}
	return 1 + int(parsed.FlowHash()%uint64(laneCount-1))
}

// isPureACK tells of a TCP acknowledgement that carries nothing and changes no state.
func isPureACK(parsed *packet.Packet) bool {
	const change = header.TCPFlagSyn | header.TCPFlagFin | header.TCPFlagRst
	return parsed.Kind == packet.Segment && !parsed.IsFragment() && parsed.TCPFlags&(header.TCPFlagAck|change) == header.TCPFlagAck &&
		int(parsed.TCP().DataOffset()) == len(parsed.Payload)
}
