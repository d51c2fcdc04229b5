package forward

import (
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// Sizes of gVisor's send buffers towards the laptop, in bytes. What a connection has in its send buffer is under way
// or waits for its lane, so it is both memory and queue.
const (
	roomAlone   = 8 << 20   // of the only busy connection of a lane: 1.6 Gbit/s at 40 ms
	roomShared  = 2 << 20   // of all, when several are busy: about what a lane and its stream hold
	roomAtLeast = 64 << 10  // of each
	roomAtFirst = 128 << 10 // before the congestion window is known to need more
)

// room sizes the send buffer of one connection by its congestion window, and by how many connections of the lane are
// busy, which means that they have more to send than room. gVisor's own tuning knows nothing of the others: two
// hundred downloads would take a gigabyte, and each would wait behind all of it.
type room struct {
	busy        *atomic.Int64 // connections of the lane
	packetSize  int64         // bytes
	endpoint    tcpip.Endpoint
	countedBusy atomic.Bool // written by the connection's own goroutine only
}

func newRoom(busy *atomic.Int64, mtu int, endpoint tcpip.Endpoint) *room {
	// The first setting ends gVisor's own tuning.
	endpoint.SocketOptions().SetSendBufferSize(roomAtFirst, true)
	return &room{busy: busy, packetSize: int64(mtu), endpoint: endpoint}
}

// full is called when the connection has more to send than room. It is true when there is more room now.
func (r *room) full() bool {
	if !r.countedBusy.Load() {
		r.countedBusy.Store(true)
		r.busy.Add(1)
	}
	var info tcpip.TCPInfoOption
	if r.endpoint.GetSockOpt(&info) != nil {
		return false
	}
	options := r.endpoint.SocketOptions()
	before := options.GetSendBufferSize()
	// Twice the window, so that what replaces acknowledged data is there already.
	wanted := roomFor(2*int64(info.SndCwnd)*r.packetSize, r.busy.Load())
	if wanted != before {
		options.SetSendBufferSize(wanted, true)
	}
	return wanted > before
}

// rest is called when the connection has nothing to send.
func (r *room) rest() {
	if r.countedBusy.Load() {
		r.countedBusy.Store(false)
		r.busy.Add(-1)
	}
}

// roomFor bounds what a connection wants by its share of the lane.
func roomFor(wanted, busy int64) int64 {
	share := int64(roomAlone)
	if busy > 1 {
		share = roomShared / busy
	}
	return max(min(max(wanted, roomAtFirst), share), roomAtLeast)
}
