package forward

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/packet"
)

// How long a datagram flow may be idle. RFC 4787 asks a NAT for two minutes or more where it can and 30 s at least;
// connection tracking in Linux gives up an answered flow after 120 s. A name is asked once per port.
const (
	idleDatagrams = 90 * time.Second
	idleDNS       = 10 * time.Second
)

const largestDatagram = 65535

var datagramBuffers = sync.Pool{New: func() any {
	slice := make([]byte, largestDatagram)
	return &slice
}}

// datagramFlow joins one UDP five-tuple of the laptop with a connected socket.
type datagramFlow struct {
	forwarder *Forwarder
	laptop    netip.AddrPort
	cluster   netip.AddrPort
	socket    *net.UDPConn
	endpoint  tcpip.Endpoint
	queue     *waiter.Queue
	idle      time.Duration
	last      atomic.Int64 // Unix nanoseconds of the last datagram either way
	closing   chan struct{}
	once      sync.Once
	heard     bool                   // of copyToLaptop: the cluster's side has answered
	place     *member[*datagramFlow] // among the unanswered; guarded by datagramFlows
}

// datagramFlows are a session's. Those that have no answer yet are many where a destination is dead, or one way by
// design: where there are too many, the destination with most of them loses the oldest. If it goes on, it begins anew.
type datagramFlows struct {
	mu         sync.Mutex
	flows      map[*datagramFlow]struct{}
	unanswered crowd[*datagramFlow]
	closed     bool
}

func (d *datagramFlows) init() {
	d.flows = map[*datagramFlow]struct{}{}
	d.unanswered.init()
}

func (d *datagramFlows) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.flows)
}

// add takes a flow; the one that has to make way for it is returned, to be closed.
func (d *datagramFlows) add(flow *datagramFlow, limit int) (added bool, makesWay *datagramFlow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false, nil
	}
	if d.unanswered.size >= limit {
		makesWay = d.unanswered.greediest().value
		d.leaveLocked(makesWay)
	}
	d.flows[flow] = struct{}{}
	flow.place = d.unanswered.join(flow.cluster, flow, time.Now())
	return true, makesWay
}

func (d *datagramFlows) remove(flow *datagramFlow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.flows, flow)
	d.leaveLocked(flow)
}

// answered takes a flow out of those that wait.
func (d *datagramFlows) answered(flow *datagramFlow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leaveLocked(flow)
}

func (d *datagramFlows) leaveLocked(flow *datagramFlow) {
	if flow.place != nil {
		d.unanswered.leave(flow.place, false, time.Now())
		flow.place = nil
	}
}

func (d *datagramFlows) expire(now time.Time) {
	for _, flow := range d.list() {
		if now.Sub(time.Unix(0, flow.last.Load())) > flow.idle {
			flow.close()
		}
	}
}

func (d *datagramFlows) closeAll() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	for _, flow := range d.list() {
		flow.close()
	}
}

func (d *datagramFlows) list() []*datagramFlow {
	d.mu.Lock()
	defer d.mu.Unlock()
	result := make([]*datagramFlow, 0, len(d.flows))
	for flow := range d.flows {
		result = append(result, flow)
	}
	return result
}

// serveUDP opens a flow for each five-tuple that has none.
func (f *Forwarder) serveUDP(inner *stack.Stack) {
	forwarder := udp.NewForwarder(inner, func(request *udp.ForwarderRequest) bool {
		if short := f.shortOf(f.flows.count(), f.config.Limits.UDPFlows); short != "" {
			f.refused.count(short)
			f.tellClosed(laptopOf(request.ID()), destinationOf(request.ID()))
			return true
		}
		f.openDatagramFlow(request)
		return true
	})
	inner.SetTransportProtocolHandler(udp.ProtocolNumber, forwarder.HandlePacket)
}

// openDatagramFlow runs on the goroutine of Input: connecting a UDP socket sends nothing and does not wait.
func (f *Forwarder) openDatagramFlow(request *udp.ForwarderRequest) {
	id := request.ID()
	flow := &datagramFlow{
		forwarder: f,
		laptop:    laptopOf(id),
		cluster:   destinationOf(id),
		queue:     &waiter.Queue{},
		idle:      idleDatagrams,
		closing:   make(chan struct{}),
	}
	if flow.cluster.Port() == portDNS {
		flow.idle = idleDNS
	}
	flow.touch()
	socket, err := f.config.Dialer.DialUDP(flow.cluster)
	if err != nil {
		f.config.Log.Debug("open datagram flow", "destination", flow.cluster, "error", err)
		f.refused.count(shortageOf(err))
		flow.tell(err)
		return
	}
	endpoint, failed := request.CreateEndpoint(flow.queue)
	if failed != nil {
		socket.Close()
		return
	}
	flow.socket, flow.endpoint = socket, endpoint
	added, makesWay := f.flows.add(flow, f.config.Limits.Unanswered)
	if makesWay != nil {
		go makesWay.close()
	}
	if !added || !f.enter() {
		flow.close()
		return
	}
	go func() {
		defer f.running.Done()
		var toCluster sync.WaitGroup
		toCluster.Go(flow.copyToCluster)
		flow.copyToLaptop()
		toCluster.Wait()
	}()
}

func destinationOf(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(packet.FromStack(id.LocalAddress), id.LocalPort)
}

func laptopOf(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(packet.FromStack(id.RemoteAddress), id.RemotePort)
}

func (d *datagramFlow) touch() { d.last.Store(time.Now().UnixNano()) }

func (d *datagramFlow) close() {
	d.once.Do(func() {
		close(d.closing)
		d.socket.Close()
		d.endpoint.Close()
		d.forwarder.flows.remove(d)
	})
}

// tell passes a socket's error to the laptop as the ICMP message that caused it, on lane 0 as all ICMP.
func (d *datagramFlow) tell(err error) {
	if told, _ := verdictOf(err); told == bytestream.Refused || shortageOf(err) != "" {
		d.forwarder.tellClosed(d.laptop, d.cluster)
		return
	}
	about, _ := packet.Parse(packet.DatagramOf(d.laptop, d.cluster, nil)) // what was sent is gone
	d.forwarder.reply(0, unreachable(err, d.forwarder.config.Agent.Like(about.Source), &about))
}

// tellClosed tells that a port is closed, which only the host itself can say.
func (f *Forwarder) tellClosed(laptop, cluster netip.AddrPort) {
	about, _ := packet.Parse(packet.DatagramOf(laptop, cluster, nil))
	f.reply(0, packet.Error(packet.PortUnreachable, cluster.Addr(), &about))
}

func (d *datagramFlow) copyToCluster() {
	defer d.close()
	readable, notify := waiter.NewChannelEntry(waiter.ReadableEvents | waiter.EventErr | waiter.EventHUp)
	d.queue.EventRegister(&readable)
	defer d.queue.EventUnregister(&readable)
	for {
		received, err := d.moveToCluster()
		switch received.(type) {
		case nil:
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				d.tell(err)
			}
		case *tcpip.ErrWouldBlock:
			select {
			case <-notify:
			case <-d.closing:
				return
			}
		default:
			return // the laptop's port is closed (its ICMP error arrived), or the flow is
		}
	}
}

// moveToCluster moves one datagram. received is the laptop's side's error, err the socket's.
func (d *datagramFlow) moveToCluster() (received tcpip.Error, err error) {
	slot := datagramBuffers.Get().(*[]byte)
	defer datagramBuffers.Put(slot)
	writer := tcpip.SliceWriter(*slot)
	result, received := d.endpoint.Read(&writer, tcpip.ReadOptions{})
	if received != nil {
		return received, nil
	}
	d.touch()
	_, err = d.socket.Write((*slot)[:result.Count])
	return nil, err
}

func (d *datagramFlow) copyToLaptop() {
	defer d.close()
	raw, err := d.socket.SyscallConn()
	if err != nil {
		return
	}
	for {
		var result error
		if raw.Read(func(descriptor uintptr) bool {
			result = d.moveToLaptop(int(descriptor))
			return result != syscall.EAGAIN
		}) != nil {
			return
		}
		if result != nil {
			d.tell(result)
		}
	}
}

func (d *datagramFlow) moveToLaptop(descriptor int) error {
	slot := datagramBuffers.Get().(*[]byte)
	defer datagramBuffers.Put(slot)
	count, _, err := unix.Recvfrom(descriptor, *slot, unix.MSG_DONTWAIT)
	if err != nil {
		return err
	}
	d.touch()
	if !d.heard {
		d.heard = true
		d.forwarder.flows.answered(d)
	}
	// A datagram that gVisor cannot take is lost, as datagrams may be.
	d.endpoint.Write(bytes.NewReader((*slot)[:count]), tcpip.WriteOptions{})
	return nil
}
