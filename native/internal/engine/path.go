package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/flowlist"
	"slipway/native/internal/gate"
	"slipway/native/internal/mapping"
	"slipway/native/internal/measure"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
	"slipway/native/internal/serviceping"
	"slipway/native/internal/terminate"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

const (
	// tunOffset leaves room for the virtio header in front of a packet (10 bytes, tun.Device asks for it), and keeps
	// what follows aligned.
	tunOffset = 16

	// coalesced is the largest packet in bytes that generic receive offload makes of several.
	coalesced = 65535
)

// interfaceMTU is the TUN's, in bytes. Connections end on this side of it and take segments of any size, the larger the
// cheaper (docs/adr/0034); datagrams that are larger than a packet of the tunnel go through it in fragments.
const interfaceMTU = 65000

// path carries packets between the TUN, the engine's own stack and the lanes, but for connections, which end in the
// terminator and go on as flows. Whatever comes out of a lane passes one of two gates: the laptop's, or that of the
// engine's stack. Its parts come one after the other while connecting, and the lanes change when an agent is replaced;
// the TUN and the addresses stay.
type path struct {
	laptop, engine packet.PerFamily
	resolver       netip.Addr // where the engine's stack answers names
	mtu            int        // of the tunnel's packets
	stack          *netstack.Stack
	terminator     *terminate.Terminator
	flowList       flowlist.List
	pings          *serviceping.Rewriter
	gate           *gate.Gate // the laptop's: sees what the laptop sees, in front of every rewriting
	mapping        atomic.Pointer[mapping.Table]
	stackGate      *gate.Gate
	agent          atomic.Pointer[packet.PerFamily]
	lanes          atomic.Pointer[tunnel.Lanes]
	laneCount      atomic.Int32
	flows          atomic.Pointer[bytestream.Session]
	fragments      atomic.Uint32 // identification of the last datagram that was cut
	device         atomic.Pointer[tunDevice]

	bytesUp, bytesDown, packetsUp, packetsDown atomic.Uint64

	writing sync.Mutex // guards batch and its buffers
	batch   [][]byte
	storage [][]byte

	probes  probes
	reading sync.WaitGroup
}

// tunDevice wraps the interface, which atomic.Pointer cannot hold.
type tunDevice struct{ tun.Device }

// newPath makes a path without lanes and TUN for the addresses of a registration. The caller closes it.
func newPath(registration registration) (*path, error) {
	var laptop, engine []netip.Addr
	for _, own := range registration.addresses {
		laptop, engine = append(laptop, own.laptop), append(engine, own.engine)
	}
	path := &path{
		laptop: packet.NewPerFamily(laptop...), engine: packet.NewPerFamily(engine...), resolver: registration.primary().engine,
		mtu: registration.granted.MTU, pings: serviceping.New(),
	}
	path.gate, path.stackGate = gate.New(path.laptop), gate.NewForStack(path.engine)
	path.setAgent()
	stack, err := netstack.New(netstack.Config{
		MTU: path.mtu, Addresses: engine, Output: path.fromStack,
	})
	if err != nil {
		return nil, err
	}
	path.stack = stack
	path.terminator, err = terminate.New(terminate.Config{
		MTU: interfaceMTU, Open: path.openFlow, Output: path.fromTerminator,
		Began: path.flowList.Began, Ended: path.flowList.Ended,
		Router: func(like netip.Addr) netip.Addr { return path.agent.Load().Like(like) },
	})
	if err != nil {
		stack.Close()
		return nil, err
	}
	return path, nil
}

// useLanes makes the lanes of a registration carry what goes to the cluster.
func (path *path) useLanes(registration registration) {
	var agent []netip.Addr
	for _, own := range registration.addresses {
		agent = append(agent, own.agent)
	}
	path.setAgent(agent...)
	path.laneCount.Store(int32(registration.granted.Lanes))
	path.lanes.Store(registration.lanes)
	path.flows.Store(registration.flows)
}

// setAgent names the tunnel's far end.
func (path *path) setAgent(addresses ...netip.Addr) {
	agent := packet.NewPerFamily(addresses...)
	path.agent.Store(&agent)
	path.gate.SetRouter(agent)
	path.stackGate.SetRouter(agent)
}

// setRanges names all ranges that the laptop routes into the tunnel now. What is outside them is closed at once, and
// its connections are reset. It may be called at any time, as often as ranges change.
func (path *path) setRanges(inForce []gate.Range) {
	path.toLaptop(path.gate.SetRanges(inForce)...)
	path.terminator.End(func(opening bytestream.Opening) bool {
		to := opening.Destination.Addr()
		return path.laptop.Has(opening.Source.Addr()) && !path.engine.Has(to) && !path.gate.MayReach(to)
	})
}

// tick tells that a second has passed.
func (path *path) tick() {
	path.gate.Tick()
	path.stackGate.Tick()
}

// open starts carrying packets of the TUN, which the path owns from now on. ended is called once when the TUN can no
// longer be read, unless close did it.
func (path *path) open(device tun.Device, ended func(error)) {
	path.device.Store(&tunDevice{device})
	path.reading.Add(1)
	go func() {
		defer path.reading.Done()
		err := path.read(device)
		if path.device.Load() != nil {
			ended(err)
		}
	}()
}

// close ends everything but the lanes, which are not the path's.
func (path *path) close() {
	if device := path.device.Swap(nil); device != nil {
		_ = device.Close()
	}
	path.reading.Wait()
	path.terminator.Close()
	path.stack.Close()
}

func (path *path) read(device tun.Device) error {
	count := device.BatchSize()
	sizes := make([]int, count)
	buffers := make([][]byte, count)
	for index := range buffers {
		// The kernel cuts by the MTU; whole super-packets come only where a driver cannot.
		buffers[index] = make([]byte, tunOffset+coalesced)
	}
	for {
		read, err := device.Read(buffers, sizes, tunOffset)
		for index := range read {
			path.outbound(buffers[index][tunOffset : tunOffset+sizes[index]])
		}
		if err != nil && !errors.Is(err, tun.ErrTooManySegments) {
			return err
		}
	}
}

// outbound takes one packet of the laptop; it may be changed in place.
func (path *path) outbound(raw []byte) {
	parsed, ok := packet.Parse(raw)
	if !ok || !path.laptop.Has(parsed.Source) {
		return // the kernel's own IPv6 and multicast, and sockets bound to another interface's address
	}
	if answer := path.probes.take(&parsed); answer != nil {
		path.toLaptop(answer)
		return
	}
	_, isOfTunnel := wire.AddressFamilyOf(parsed.Destination)
	switch {
	case path.engine.Has(parsed.Destination):
		if parsed.Kind == packet.Segment && measure.Has(parsed.DestinationPort) {
			path.terminator.Input(&parsed)
		} else {
			path.stack.Input(parsed.Raw)
		}
		return
	case !packet.IsHost(parsed.Destination):
		return
	case isOfTunnel:
		if answer := packet.Error(packet.Prohibited, parsed.Destination, &parsed); answer != nil {
			path.toLaptop(answer)
		}
		return
	}
	if !path.gate.Outbound(&parsed) {
		return
	}
	// Connections end on this side of the mapping, in the terminator; see openFlow.
	if parsed.Protocol != packet.TCP && (!path.mapping.Load().Outbound(&parsed) || path.pings.Outbound(&parsed) == serviceping.Drop) {
		return
	}
	path.packetsUp.Add(1)
	path.bytesUp.Add(uint64(len(parsed.Raw)))
	switch {
	case parsed.Protocol == packet.TCP:
		path.terminator.Input(&parsed)
	case len(parsed.Raw) > path.mtu:
		packet.Fragments(parsed.Raw, path.mtu, path.fragments.Add(1), func(piece []byte) {
			if parsed, ok := packet.Parse(piece); ok {
				path.offer(&parsed)
			}
		})
	default:
		path.offer(&parsed)
	}
}

// offer gives a packet to its lane. Waiting for one full lane would hold up all the others, names among them: the flow
// that fills a lane pays for it alone.
func (path *path) offer(parsed *packet.Packet) {
	if lanes := path.lanes.Load(); lanes != nil {
		lanes.Offer(tunnel.LaneOf(parsed, int(path.laneCount.Load())), parsed)
	}
}

// fromStack takes one packet of the engine's own stack.
func (path *path) fromStack(raw []byte) {
	parsed, ok := packet.Parse(raw)
	if !ok {
		return
	}
	switch {
	case path.laptop.Has(parsed.Destination):
		path.toLaptop(parsed.Raw)
	case !path.stackGate.Outbound(&parsed):
	case parsed.Protocol == packet.TCP:
		path.terminator.Input(&parsed)
	default:
		path.offer(&parsed)
	}
}

// receive takes what a lane received; see receiver. A family that the session has no addresses of
// is refused.
func (path *path) receive(_ int, packets [][]byte, heard func([]byte) bool) {
	toLaptop, table := path.gate.Arrivals(), path.mapping.Load()
	for index, raw := range packets {
		packets[index] = nil
		parsed, ok := packet.Parse(raw)
		switch {
		case !ok:
			path.gate.RefuseMalformed()
		case path.gate.RefusesConnection(&parsed):
		case path.engine.Has(parsed.Destination):
			path.receiveForStack(&parsed, heard)
		default:
			path.pings.Inbound(&parsed)
			table.Inbound(&parsed, path.gate)
			if toLaptop.Admit(&parsed) {
				packets[index] = parsed.Raw
			}
		}
	}
	toLaptop.Done()
	if toLaptop.Packets > 0 {
		path.packetsDown.Add(toLaptop.Packets)
		path.bytesDown.Add(toLaptop.Bytes)
		path.toLaptop(packets...)
	}
}

// receiveForStack lets in answers to heartbeats, which only the agent gives, and what the engine's own stack asked for.
func (path *path) receiveForStack(parsed *packet.Packet, heard func([]byte) bool) {
	if parsed.Kind == packet.EchoReply && path.agent.Load().Has(parsed.Source) && heard(parsed.Raw) {
		return
	}
	arrivals := path.stackGate.Arrivals()
	if arrivals.Admit(parsed) {
		path.stack.Input(parsed.Raw)
	}
}

// dialServer reaches a nameserver of the cluster from the engine's own stack.
func (path *path) dialServer(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	if network == "tcp" {
		return path.stack.DialTCP(ctx, server)
	}
	return path.stack.DialUDP(server)
}

// resetFlows ends every TCP connection of the laptop whose far end is gone.
func (path *path) resetFlows() int {
	resets := path.gate.Resets()
	path.toLaptop(resets...)
	return len(resets)
}

// counters since the path was made.
func (path *path) counters() wire.CountersEvent {
	return wire.CountersEvent{
		BytesUp: path.bytesUp.Load(), BytesDown: path.bytesDown.Load(),
		PacketsUp: path.packetsUp.Load(), PacketsDown: path.packetsDown.Load(),
		Flows:  path.gate.Live(),
		Routes: path.gate.Counted(),
	}
}
