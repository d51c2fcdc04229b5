// Package netstack is a userspace host of both address families (gVisor) whose only link is a callback that carries raw IP packets: the
// engine's own small stack (DNS answerer, prober) and the far end of every flow in the agent. It must never open an
// operating system socket, decide which destination is allowed, or know what carries its packets.
package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"slipway/native/internal/packet"
)

// NIC is the number of the stack's only interface.
const NIC tcpip.NICID = 1

// Sizes of a TCP endpoint's buffers in bytes. gVisor advertises half of the receive buffer as window
// (rcvAdvWndScale), so the maximum of 16 MiB allows 8 MiB in flight. Both start small and follow the flow.
const (
	receiveBufferDefault = 256 << 10
	receiveBufferMaximum = 16 << 20
	sendBufferDefault    = 128 << 10
	sendBufferMaximum    = 8 << 20
)

// timeWait is how long a closed connection's addresses stay reserved. RFC 9293 asks for two maximum segment
// lifetimes; a lane delivers in order, so five seconds outlive every old segment.
const timeWait = 5 * time.Second

// A lane without carrier drops everything, for seconds. Without a low limit the waits between retransmissions double
// until a connection sleeps long after its lane is back; with it, as many tries span the same minutes. The owner of
// the stack decides when a peer is gone for good.
const (
	retransmitWaitMaximum = 3 * time.Second
	retransmissions       = 200
)

// Config describes a Stack.
type Config struct {
	// MTU of the link in bytes, IP header included.
	MTU int
	// Addresses the stack has. The first of a family is the source of what it dials there.
	Addresses []netip.Addr
	// ReceiveBuffer and SendBuffer of a TCP endpoint in bytes, which stay so; 0 lets them follow the flow.
	ReceiveBuffer, SendBuffer int
	// Promiscuous makes the stack accept packets to any address and answer from it.
	Promiscuous bool
	// Output takes each packet that leaves; packet is valid only during the call. It is called by several
	// goroutines at once and may block, which is back-pressure: the TCP sender that produced the packet waits,
	// holding its connection's lock, while arriving segments of that connection wait in its own queue. Packets
	// that the stack makes while it handles an Input (ICMP, RST) never block Input: they go through a short
	// queue of their own and are dropped when it is full.
	Output func(packet []byte)
	// OutputParts, where it is not nil, takes each packet instead, in the parts that it lies in: all headers in the first.
	// A segment of TCP has the checksum of its pseudo header alone.
	OutputParts func(parts [][]byte)
}

// Stack is one userspace host.
type Stack struct {
	inner *stack.Stack
	link  *link
	local packet.PerFamily
}

// New makes a Stack. The caller closes it.
func New(config Config) (*Stack, error) {
	if config.Output == nil && config.OutputParts == nil {
		return nil, errors.New("make network stack: no output")
	}
	// 576 bytes is the least that an IPv4 host must take (RFC 791); 65535 the most its length field can say.
	if config.MTU < 576 || config.MTU > 65535 {
		return nil, fmt.Errorf("make network stack: MTU %d is outside 576 to 65535", config.MTU)
	}
	// Reno, not CUBIC: a lane loses nothing but what is under way when its stream ends, and holds its senders back
	// itself. CUBIC's HyStart takes the slow start of the stream's own TCP for a full path, and then grows by half a
	// packet each round trip: seconds at 40 ms.
	inner := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
	})
	result := &Stack{inner: inner, link: newLink(config)}
	if err := result.configure(config); err != nil {
		result.Close()
		return nil, err
	}
	return result, nil
}

func (s *Stack) configure(config Config) error {
	if err := s.inner.CreateNIC(NIC, s.link); err != nil {
		return fmt.Errorf("create interface: %s", err)
	}
	for _, address := range config.Addresses {
		wanted := tcpip.ProtocolAddress{
			Protocol:          FamilyOf(address),
			AddressWithPrefix: packet.ForStack(address).WithPrefix(),
		}
		if err := s.inner.AddProtocolAddress(NIC, wanted, stack.AddressProperties{}); err != nil {
			return fmt.Errorf("add address %s: %s", address, err)
		}
	}
	s.local = packet.NewPerFamily(config.Addresses...)
	s.inner.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: NIC}, {Destination: header.IPv6EmptySubnet, NIC: NIC},
	})
	if config.Promiscuous {
		if err := s.inner.SetPromiscuousMode(NIC, true); err != nil {
			return fmt.Errorf("accept any address: %s", err)
		}
		if err := s.inner.SetSpoofing(NIC, true); err != nil {
			return fmt.Errorf("answer from any address: %s", err)
		}
	}
	return s.tuneTCP(config)
}

func (s *Stack) tuneTCP(config Config) error {
	sack := tcpip.TCPSACKEnabled(true)
	recovery := tcpip.TCPRACKLossDetection
	moderate := tcpip.TCPModerateReceiveBufferOption(config.ReceiveBuffer == 0)
	receive, send := buffers(config)
	wait := tcpip.TCPTimeWaitTimeoutOption(timeWait)
	retransmitWait := tcpip.TCPMaxRTOOption(retransmitWaitMaximum)
	retries := tcpip.TCPMaxRetriesOption(retransmissions)
	for _, option := range []tcpip.SettableTransportProtocolOption{
		&sack, &recovery, &moderate, &wait, &retransmitWait, &retries,
		&receive, &send,
	} {
		if err := s.inner.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("set TCP option %T: %s", option, err)
		}
	}
	return nil
}

// buffers are the sizes of a TCP endpoint's.
func buffers(config Config) (receive tcpip.TCPReceiveBufferSizeRangeOption, send tcpip.TCPSendBufferSizeRangeOption) {
	receive = tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: receiveBufferDefault, Max: receiveBufferMaximum}
	send = tcpip.TCPSendBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: sendBufferDefault, Max: sendBufferMaximum}
	if config.ReceiveBuffer > 0 {
		receive.Default, receive.Max = config.ReceiveBuffer, config.ReceiveBuffer
	}
	if config.SendBuffer > 0 {
		send.Default, send.Max = config.SendBuffer, config.SendBuffer
	}
	return receive, send
}

// Input delivers one raw IP packet from the link; anything else is dropped. It copies the packet and does not
// wait for its handling.
func (s *Stack) Input(packet []byte) { s.link.deliver(packet) }

// Inner is the gVisor stack, for forwarders. Its interface is NIC.
func (s *Stack) Inner() *stack.Stack { return s.inner }

// DialTCP connects from the first address of remote's family; ctx bounds the connecting only.
func (s *Stack) DialTCP(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	local := s.localLike(remote)
	return gonet.DialTCPWithBind(ctx, s.inner, local, fullAddress(remote), protocolOf(remote))
}

// DialUDP makes a UDP socket connected to remote, from the first address of its family and a free port.
func (s *Stack) DialUDP(remote netip.AddrPort) (net.Conn, error) {
	local, far := s.localLike(remote), fullAddress(remote)
	return gonet.DialUDP(s.inner, &local, &far, protocolOf(remote))
}

func (s *Stack) localLike(remote netip.AddrPort) tcpip.FullAddress {
	local := tcpip.FullAddress{NIC: NIC}
	if address := s.local.Like(remote.Addr().Unmap()); address.IsValid() {
		local.Addr = packet.ForStack(address)
	}
	return local
}

// ListenTCP accepts connections to local.
func (s *Stack) ListenTCP(local netip.AddrPort) (net.Listener, error) {
	return gonet.ListenTCP(s.inner, fullAddress(local), protocolOf(local))
}

// ListenUDP receives datagrams to local.
func (s *Stack) ListenUDP(local netip.AddrPort) (net.PacketConn, error) {
	address := fullAddress(local)
	return gonet.DialUDP(s.inner, &address, nil, protocolOf(local))
}

// Close ends every connection without a word to its peer. An Output that is waiting must be released by its owner;
// Output may be called until Close returns, and not after.
func (s *Stack) Close() {
	s.link.shut()
	s.inner.Close()
	for _, endpoint := range s.inner.CleanupEndpoints() {
		endpoint.Abort()
	}
	for _, endpoint := range s.inner.RegisteredEndpoints() {
		endpoint.Abort()
	}
	s.inner.Destroy()
	s.link.drain()
}

func protocolOf(address netip.AddrPort) tcpip.NetworkProtocolNumber { return FamilyOf(address.Addr()) }

// FamilyOf is the family of an address as gVisor numbers it.
func FamilyOf(address netip.Addr) tcpip.NetworkProtocolNumber {
	if address.Unmap().Is6() {
		return ipv6.ProtocolNumber
	}
	return ipv4.ProtocolNumber
}

func fullAddress(address netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{
		NIC:  NIC,
		Addr: packet.ForStack(address.Addr().Unmap()),
		Port: address.Port(),
	}
}
