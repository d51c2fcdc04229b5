package engine

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/flows"
	"slipway/native/internal/netstack"
	"slipway/native/internal/serviceping"
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

// path carries packets between the TUN, the engine's own stack and the lanes. Its parts come one after the other
// while connecting, and the lanes change when an agent is replaced; the TUN and the addresses stay.
type path struct {
	laptop, engine netip.Addr
	mtu            int
	stack          *netstack.Stack
	pings          *serviceping.Rewriter
	flows          *flows.Table
	lanes          atomic.Pointer[tunnel.Lanes]
	laneCount      atomic.Int32
	device         atomic.Pointer[tunDevice]

	bytesUp, bytesDown, packetsUp, packetsDown atomic.Uint64
	ranges                                     atomic.Pointer[rangeCounters]

	writing sync.Mutex // guards batch and its buffers
	batch   [][]byte
	storage [][]byte

	reading sync.WaitGroup
}

// tunDevice wraps the interface, which atomic.Pointer cannot hold.
type tunDevice struct{ tun.Device }

// newPath makes a path without lanes and TUN for the addresses of a registration. The caller closes it.
func newPath(registration registration) (*path, error) {
	path := &path{
		laptop: registration.laptop, engine: registration.engine, mtu: registration.granted.MTU,
		pings: serviceping.New(), flows: flows.New(),
	}
	stack, err := netstack.New(netstack.Config{
		MTU: path.mtu, Addresses: []netip.Addr{path.engine}, Output: path.fromStack,
	})
	if err != nil {
		return nil, err
	}
	path.stack = stack
	path.ranges.Store(newRangeCounters(nil))
	return path, nil
}

// useLanes makes lanes carry what goes to the cluster.
func (path *path) useLanes(lanes *tunnel.Lanes, count int) {
	path.laneCount.Store(int32(count))
	path.lanes.Store(lanes)
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
func (path *path) outbound(packet []byte) {
	if !isIPv4(packet) || sourceOf(packet) != path.laptop {
		return // the kernel's own IPv6 and multicast, and sockets bound to another interface's address
	}
	destination := destinationOf(packet)
	switch {
	case destination == path.engine:
		path.stack.Input(packet)
		return
	case !isHost(destination):
		return
	case tunnelRange.Contains(destination):
		if answer := prohibited(packet); answer != nil {
			path.toLaptop(answer)
		}
		return
	}
	ranges := path.ranges.Load()
	asked := ranges.ownerOf(packet[16:20]) // before an echo to a Service becomes one to a pod
	if path.pings.Outbound(packet) == serviceping.Drop {
		return
	}
	ranges.outbound(asked, len(packet))
	path.flows.Outbound(packet)
	path.packetsUp.Add(1)
	path.bytesUp.Add(uint64(len(packet)))
	if lanes := path.lanes.Load(); lanes != nil {
		// Waiting for one full lane would hold up all the others, names and handshakes among them: the flow that
		// fills a lane pays for it alone.
		lanes.Offer(tunnel.LaneOf(packet, int(path.laneCount.Load())), packet)
	}
}

// fromStack takes one packet of the engine's own stack.
func (path *path) fromStack(packet []byte) {
	if len(packet) >= 20 && destinationOf(packet) == path.laptop {
		path.toLaptop(packet)
	} else if lanes := path.lanes.Load(); lanes != nil {
		lanes.Offer(0, packet)
	}
}

// receive takes what a lane received; see receiver.
func (path *path) receive(_ int, packets [][]byte, heard func([]byte) bool) {
	var bytes, count uint64
	for index, packet := range packets {
		if !isIPv4(packet) {
			packets[index] = nil
			continue
		}
		switch destinationOf(packet) {
		case path.laptop:
			path.pings.Inbound(packet)
			path.flows.Inbound(packet)
			count++
			bytes += uint64(len(packet))
			continue
		case path.engine:
			if !heard(packet) {
				path.stack.Input(packet)
			}
		}
		packets[index] = nil
	}
	path.packetsDown.Add(count)
	path.bytesDown.Add(bytes)
	if count > 0 {
		path.ranges.Load().inbound(packets)
		path.toLaptop(packets...)
	}
}

// add copies a packet into the next buffer of the batch. Every buffer has room for what offload makes of its flow.
func (path *path) add(packet []byte) {
	index := len(path.batch)
	if index == len(path.storage) {
		path.storage = append(path.storage, make([]byte, tunOffset+coalesced))
	}
	size := tunOffset + min(len(packet), coalesced)
	copy(path.storage[index][tunOffset:size], packet)
	path.batch = append(path.batch, path.storage[index][:size])
}

func (path *path) flush(device *tunDevice) {
	if len(path.batch) > 0 {
		// What the kernel refuses (an interface that is down) is lost like on any wire.
		_, _ = device.Write(path.batch, tunOffset)
	}
	path.batch = path.batch[:0]
}

// toLaptop writes packets to the TUN; empty ones are left out.
func (path *path) toLaptop(packets ...[]byte) {
	device := path.device.Load()
	if device == nil {
		return
	}
	path.writing.Lock()
	defer path.writing.Unlock()
	path.batch = path.batch[:0]
	for _, packet := range packets {
		if len(packet) == 0 {
			continue
		}
		path.add(packet)
		if len(path.batch) == device.BatchSize() {
			path.flush(device)
		}
	}
	path.flush(device)
}

// resetFlows ends every TCP connection of the laptop whose far end is gone.
func (path *path) resetFlows() int {
	resets := path.flows.Resets()
	path.toLaptop(resets...)
	return len(resets)
}

// counters since the path was made.
func (path *path) counters() wire.CountersEvent {
	return wire.CountersEvent{
		BytesUp: path.bytesUp.Load(), BytesDown: path.bytesDown.Load(),
		PacketsUp: path.packetsUp.Load(), PacketsDown: path.packetsDown.Load(),
		Flows:  path.flows.Live(),
		Routes: path.ranges.Load().counted(),
	}
}
