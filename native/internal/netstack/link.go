package netstack

import (
	"slices"
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// repliesQueued bounds the packets that wait apart because they were made while an Input was being handled.
const repliesQueued = 2048

// link is the stack's only interface: packets out go to output, packets in come through deliver.
type link struct {
	mtu        atomic.Uint32
	output     func([]byte)
	parts      func([][]byte) // instead, where it is not nil
	dispatcher atomic.Pointer[stack.NetworkDispatcher]
	buffers    sync.Pool

	closed   atomic.Bool
	closing  chan struct{}
	shutOnce sync.Once
	replies  chan *stack.PacketBuffer
	sender   sync.WaitGroup
}

func newLink(config Config) *link {
	mtu := config.MTU
	result := &link{
		output:  config.Output,
		parts:   config.OutputParts,
		closing: make(chan struct{}),
		replies: make(chan *stack.PacketBuffer, repliesQueued),
	}
	result.mtu.Store(uint32(mtu))
	result.buffers.New = func() any {
		slice := make([]byte, mtu)
		return &slice
	}
	result.sender.Add(1)
	go result.sendReplies()
	return result
}

func (l *link) deliver(packet []byte) {
	dispatcher := l.dispatcher.Load()
	if dispatcher == nil || l.closed.Load() {
		return
	}
	var protocol tcpip.NetworkProtocolNumber
	switch header.IPVersion(packet) {
	case header.IPv4Version:
		protocol = header.IPv4ProtocolNumber
	case header.IPv6Version:
		protocol = header.IPv6ProtocolNumber
	default:
		return
	}
	received := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	(*dispatcher).DeliverNetworkPacket(protocol, received)
	received.DecRef()
}

// WritePackets implements stack.LinkWriter.
func (l *link) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	written := 0
	for _, packet := range packets.AsSlice() {
		if l.closed.Load() {
			return written, &tcpip.ErrClosedForSend{}
		}
		if mayComeFromInput(packet) {
			select {
			case l.replies <- packet.IncRef():
			default:
				packet.DecRef()
			}
		} else {
			l.write(packet)
		}
		written++
	}
	return written, nil
}

// mayComeFromInput tells whether gVisor makes such a packet on the goroutine that called Input: ICMP answers and
// errors, and resets of segments that belong to no connection. Everything else of TCP runs on its processors,
// timers and callers, and datagrams are sent by their callers.
func mayComeFromInput(packet *stack.PacketBuffer) bool {
	network, isWhole := networkOf(packet.NetworkHeader().Slice())
	if !isWhole {
		return true
	}
	switch network.TransportProtocol() {
	case header.ICMPv4ProtocolNumber, header.ICMPv6ProtocolNumber:
		return true
	case header.TCPProtocolNumber:
		transport := header.TCP(packet.TransportHeader().Slice())
		return len(transport) >= header.TCPMinimumSize && transport.Flags().Contains(header.TCPFlagRst)
	}
	return false
}

// networkOf is the IP header that a packet begins with, as both families have it; isWhole is false where it is not there.
func networkOf(head []byte) (network header.Network, isWhole bool) {
	switch header.IPVersion(head) {
	case header.IPv4Version:
		ip := header.IPv4(head)
		return ip, len(head) >= header.IPv4MinimumSize && len(head) >= int(ip.HeaderLength())
	case header.IPv6Version:
		return header.IPv6(head), len(head) >= header.IPv6MinimumSize
	}
	return nil, false
}

func (l *link) write(packet *stack.PacketBuffer) {
	if l.parts != nil {
		l.writeParts(packet.AsSlices())
		return
	}
	slot := l.buffers.Get().(*[]byte)
	flat := (*slot)[:0]
	if size := packet.Size(); size > cap(flat) {
		flat = make([]byte, 0, size)
	}
	for _, part := range packet.AsSlices() {
		flat = append(flat, part...)
	}
	l.output(flat)
	l.buffers.Put(slot)
}

func (l *link) writeParts(parts [][]byte) {
	for !sumPseudoHeader(parts[0]) && len(parts) > 1 { // no stack of today's parts headers
		parts = append([][]byte{slices.Concat(parts[0], parts[1])}, parts[2:]...)
	}
	l.parts(parts)
}

// sumPseudoHeader gives a segment's checksum the part that whoever computes the rest of it begins with. It is false where that needs
// headers that are not there.
func sumPseudoHeader(head []byte) bool {
	network, isWhole := networkOf(head)
	if !isWhole {
		return false
	}
	if network.TransportProtocol() != header.TCPProtocolNumber {
		return true
	}
	segment := header.TCP(head[headerLength(head):])
	if len(segment) < header.TCPMinimumSize || len(segment) < int(segment.DataOffset()) {
		return false
	}
	segment.SetChecksum(header.PseudoHeaderChecksum(header.TCPProtocolNumber,
		network.SourceAddress(), network.DestinationAddress(), payloadLength(head)))
	return true
}

// headerLength is that of a whole IP header; no stack of ours sends a segment with extension headers.
func headerLength(head []byte) int {
	if header.IPVersion(head) == header.IPv4Version {
		return int(header.IPv4(head).HeaderLength())
	}
	return header.IPv6MinimumSize
}

func payloadLength(head []byte) uint16 {
	if header.IPVersion(head) == header.IPv4Version {
		return header.IPv4(head).PayloadLength()
	}
	return header.IPv6(head).PayloadLength()
}

func (l *link) sendReplies() {
	defer l.sender.Done()
	for {
		select {
		case packet := <-l.replies:
			l.write(packet)
			packet.DecRef()
		case <-l.closing:
			return
		}
	}
}

// shut makes the link drop everything from now on.
func (l *link) shut() {
	l.closed.Store(true)
	l.shutOnce.Do(func() { close(l.closing) })
}

// drain waits for the last reply under way and releases what was queued.
func (l *link) drain() {
	l.sender.Wait()
	for {
		select {
		case packet := <-l.replies:
			packet.DecRef()
		default:
			return
		}
	}
}

// MTU implements stack.LinkEndpoint.
func (l *link) MTU() uint32 { return l.mtu.Load() }

// SetMTU implements stack.LinkEndpoint; the MTU is the tunnel's and never changes.
func (l *link) SetMTU(uint32) {}

// MaxHeaderLength implements stack.LinkEndpoint.
func (l *link) MaxHeaderLength() uint16 { return 0 }

// LinkAddress implements stack.LinkEndpoint.
func (l *link) LinkAddress() tcpip.LinkAddress { return "" }

// SetLinkAddress implements stack.LinkEndpoint.
func (l *link) SetLinkAddress(tcpip.LinkAddress) {}

// Capabilities implements stack.LinkEndpoint. Checksums of arriving packets are not computed again: WireGuard
// authenticated every byte, or a kernel on this machine made them.
func (l *link) Capabilities() stack.LinkEndpointCapabilities {
	if l.parts != nil {
		return stack.CapabilityRXChecksumOffload | stack.CapabilityTXChecksumOffload
	}
	return stack.CapabilityRXChecksumOffload
}

// Attach implements stack.LinkEndpoint.
func (l *link) Attach(dispatcher stack.NetworkDispatcher) {
	if dispatcher == nil {
		l.dispatcher.Store(nil)
		return
	}
	l.dispatcher.Store(&dispatcher)
}

// IsAttached implements stack.LinkEndpoint.
func (l *link) IsAttached() bool { return l.dispatcher.Load() != nil }

// Wait implements stack.LinkEndpoint.
func (l *link) Wait() {}

// ARPHardwareType implements stack.LinkEndpoint.
func (l *link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }

// AddHeader implements stack.LinkEndpoint.
func (l *link) AddHeader(*stack.PacketBuffer) {}

// ParseHeader implements stack.LinkEndpoint.
func (l *link) ParseHeader(*stack.PacketBuffer) bool { return true }

// Close implements stack.LinkEndpoint.
func (l *link) Close() { l.shut() }

// SetOnCloseAction implements stack.LinkEndpoint.
func (l *link) SetOnCloseAction(func()) {}

// tcpOverhead is what gVisor's TCP leaves beside the payload of a full packet, in bytes: it keeps room for as many
// options as there can be, for SACK may come any time.
const tcpOverhead = header.IPv4MinimumSize + header.TCPHeaderMaximumSize

// GSOMaxSize implements stack.GSOEndpoint: as many full packets as fit into 64 KiB. TCP subtracts its largest
// headers and one byte; without this sum each batch would end in a small packet.
func (l *link) GSOMaxSize() uint32 {
	payload := l.mtu.Load() - tcpOverhead
	room := uint32(stack.GVisorGSOMaxSize - header.TCPTotalHeaderMaximumSize - 1)
	return max(room/payload, 1)*payload + header.TCPTotalHeaderMaximumSize + 1
}

// SupportedGSO implements stack.GSOEndpoint: TCP hands over up to 64 KiB at once and the stack cuts them at the
// last moment, which saves a pass through TCP for each packet.
func (l *link) SupportedGSO() stack.SupportedGSO { return stack.GVisorGSOSupported }
