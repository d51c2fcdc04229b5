package shell

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"slipway/native/internal/netstack"
)

const (
	// dialing is how long a connection may take to be made: what Linux does with its six tries (tcp(7)) and no answer.
	dialing = 2 * time.Minute
	// dialsAtOnce bounds connections that are being made.
	dialsAtOnce = 4096
	// datagramIdle is how long a pair of UDP endpoints that carries nothing is kept (RFC 4787, section 4.3).
	datagramIdle = 3 * time.Minute
)

// outward is the laptop's end of the link: it makes the connections of the namespace from the laptop's own network. ICMP
// does not pass: a laptop's user may not send it for others, and an answer that nobody out there gave would be a lie.
type outward struct {
	tun    *os.File
	stack  *netstack.Stack
	dialer net.Dialer
}

func newOutward(tun *os.File) (*outward, error) {
	o := &outward{tun: tun}
	inner, err := netstack.New(netstack.Config{
		MTU: linkMTU, Promiscuous: true,
		Output: func(packet []byte) { _, _ = tun.Write(packet) }, // lost as on any wire
	})
	if err != nil {
		return nil, err
	}
	o.stack = inner
	streams := tcp.NewForwarder(inner.Inner(), 0, dialsAtOnce, func(request *tcp.ForwarderRequest) { go o.stream(request) })
	datagrams := udp.NewForwarder(inner.Inner(), o.datagrams)
	inner.Inner().SetTransportProtocolHandler(tcp.ProtocolNumber, streams.HandlePacket)
	inner.Inner().SetTransportProtocolHandler(udp.ProtocolNumber, datagrams.HandlePacket)
	go o.read()
	return o, nil
}

func (o *outward) close() {
	o.tun.Close()
	o.stack.Close()
}

func (o *outward) read() {
	packet := make([]byte, linkMTU)
	for {
		length, err := o.tun.Read(packet)
		if err != nil {
			return // closed, or the namespace is over
		}
		if mayLeave(packet[:length]) {
			o.stack.Input(packet[:length])
		}
	}
}

// mayLeave is false for what the stack would answer in somebody's place.
func mayLeave(packet []byte) bool {
	const protocolAt, icmp = 9, 1
	return len(packet) > protocolAt && packet[0]>>4 == 4 && packet[protocolAt] != icmp
}

// stream connects first, so that a refusal out there is one inside.
func (o *outward) stream(request *tcp.ForwarderRequest) {
	target := addressOf(request.ID())
	ctx, cancel := context.WithTimeout(context.Background(), dialing)
	far, err := o.dialTCP(ctx, target)
	cancel()
	if err != nil {
		request.Complete(true)
		return
	}
	defer far.Close()
	var queue waiter.Queue
	endpoint, failed := request.CreateEndpoint(&queue)
	request.Complete(failed != nil)
	if failed != nil {
		return
	}
	join(gonet.NewTCPConn(&queue, endpoint), far.(*net.TCPConn))
}

func (o *outward) dialTCP(ctx context.Context, target netip.AddrPort) (far net.Conn, err error) {
	if target != resolverAddress {
		return o.dialer.DialContext(ctx, "tcp", target.String())
	}
	err = errNoResolver
	for _, server := range laptopResolvers() {
		bounded, cancel := context.WithTimeout(ctx, resolverPatience)
		far, err = o.dialer.DialContext(bounded, "tcp", server.String())
		cancel()
		if err == nil {
			return far, nil
		}
	}
	return nil, err
}

func addressOf(id stack.TransportEndpointID) netip.AddrPort {
	address, _ := netip.AddrFromSlice(id.LocalAddress.AsSlice())
	return netip.AddrPortFrom(address, id.LocalPort)
}

// halfCloser is a connection whose two directions end each for itself.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// join carries both directions until both have ended.
func join(near, far halfCloser) {
	defer near.Close()
	over := make(chan struct{})
	carry := func(to, from halfCloser) {
		if _, err := io.Copy(to, from); err != nil { // what one side resets is reset on the other
			near.Close()
			far.Close()
		}
		_ = to.CloseWrite()
	}
	go func() {
		defer close(over)
		carry(near, far)
	}()
	carry(far, near)
	<-over
}

// datagrams makes a pair of endpoints for one source and destination.
func (o *outward) datagrams(request *udp.ForwarderRequest) bool {
	target := addressOf(request.ID())
	var queue waiter.Queue
	endpoint, failed := request.CreateEndpoint(&queue)
	if failed != nil {
		return true
	}
	near := gonet.NewUDPConn(&queue, endpoint)
	if target == resolverAddress {
		go answerNames(near)
		return true
	}
	go func() {
		defer near.Close()
		far, err := o.dialer.Dial("udp", target.String())
		if err != nil {
			return
		}
		defer far.Close()
		go relay(far, near)
		relay(near, far)
	}()
	return true
}

// relay carries datagrams one way until nothing comes for datagramIdle, and then ends the other way, too.
func relay(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, linkMTU)
	for {
		_ = from.SetReadDeadline(time.Now().Add(datagramIdle))
		length, err := from.Read(buffer)
		if err != nil {
			return
		}
		_ = to.SetReadDeadline(time.Now().Add(datagramIdle)) // an answer may still come to what is sent
		if _, err := to.Write(buffer[:length]); err != nil {
			return
		}
	}
}

var errNoResolver = fmt.Errorf("the laptop has no resolver")
