package engine

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// probes are packets of the reach check that are expected out of the TUN. They are known by their five-tuple, answered
// here, and never go on into the tunnel: a SYN is refused, a datagram answered by one.
type probes struct {
	count atomic.Int32 // of expected ones, so that packets cost nothing while there are none
	mutex sync.Mutex
	flows map[probeFlow]*atomic.Bool // whether it came
}

type probeFlow struct {
	protocol uint8
	from     uint16
	to       netip.AddrPort
}

// expect notes a probe. arrived tells whether it came so far; forget ends it.
func (probes *probes) expect(flow probeFlow) (arrived func() bool, forget func()) {
	came := &atomic.Bool{}
	probes.mutex.Lock()
	defer probes.mutex.Unlock()
	if probes.flows == nil {
		probes.flows = map[probeFlow]*atomic.Bool{}
	}
	probes.flows[flow] = came
	probes.count.Store(int32(len(probes.flows)))
	return came.Load, func() {
		probes.mutex.Lock()
		defer probes.mutex.Unlock()
		delete(probes.flows, flow)
		probes.count.Store(int32(len(probes.flows)))
	}
}

// take returns the answer to a packet that is a probe, else nil.
func (probes *probes) take(parsed *packet.Packet) []byte {
	if probes.count.Load() == 0 || parsed.Kind != packet.Segment && parsed.Kind != packet.Datagram || parsed.IsFragment() {
		return nil
	}
	target := netip.AddrPortFrom(parsed.Destination, parsed.DestinationPort)
	probes.mutex.Lock()
	came, is := probes.flows[probeFlow{parsed.Protocol, parsed.SourcePort, target}]
	probes.mutex.Unlock()
	if !is {
		return nil
	}
	came.Store(true)
	if parsed.Kind == packet.Datagram {
		return packet.DatagramOf(target, netip.AddrPortFrom(parsed.Source, parsed.SourcePort), []byte{0})
	}
	if parsed.TCPFlags&header.TCPFlagSyn == 0 {
		return []byte{} // nobody's but the probe's all the same
	}
	return packet.Refusal(parsed)
}
