package forward

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	// FlowBytes is what a flow that waits costs the agent's process; 11,209 of them took 13 to 15 KiB each (ADR 29).
	FlowBytes = 14 << 10

	// stuckAfter is when a write to the cluster's side counts as one that is not taken.
	stuckAfter = 200 * time.Millisecond
)

// Usage is about what a session holds of what all share: an estimate from sizes that can be read without waiting for
// a connection that waits.
type Usage struct {
	Flows int // sockets
	Bytes int64
}

// relays are a session's TCP connections that are established.
type relays struct {
	mu  sync.Mutex
	set map[*tcpRelay]struct{}
}

func (r *relays) init() { r.set = map[*tcpRelay]struct{}{} }

func (r *relays) add(relay *tcpRelay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set[relay] = struct{}{}
}

func (r *relays) remove(relay *tcpRelay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.set, relay)
}

// heldFlow is a flow with what it holds.
type heldFlow struct {
	bytes  int64
	forget func() // so that it is ended once
	end    func()
}

func (r *relays) held(now time.Time) []heldFlow {
	r.mu.Lock()
	defer r.mu.Unlock()
	flows := make([]heldFlow, 0, len(r.set))
	for relay := range r.set {
		flows = append(flows, heldFlow{relay.bytes(now), func() { r.remove(relay) }, relay.reset})
	}
	return flows
}

// bytes is FlowBytes and the buffers that are full: towards the laptop when it has more to send than room, from it when
// the cluster's side does not take what came.
func (r *tcpRelay) bytes(now time.Time) int64 {
	bytes := int64(FlowBytes)
	options := r.endpoint.SocketOptions()
	if r.room.countedBusy.Load() {
		bytes += options.GetSendBufferSize()
	}
	if since := r.writing.Load(); since != 0 && now.Sub(time.Unix(0, since)) > stuckAfter {
		bytes += options.GetReceiveBufferSize()/2 + copySize // gVisor's window is half of the buffer
	}
	return bytes
}

func (f *Forwarder) held(now time.Time) []heldFlow {
	flows := f.relays.held(now)
	for _, datagrams := range f.flows.list() {
		flows = append(flows, heldFlow{FlowBytes, func() { f.flows.remove(datagrams) }, datagrams.close})
	}
	return flows
}

// Flows counts the sockets that the session has or dials.
func (f *Forwarder) Flows() int { return int(f.tcpFlows.Load()) + f.flows.count() }

// Usage tells what the session holds. It waits for nothing.
func (f *Forwarder) Usage() Usage {
	usage := Usage{Flows: f.Flows()}
	for _, flow := range f.held(time.Now()) {
		usage.Bytes += flow.bytes
	}
	return usage
}

// Shed ends flows, those that hold most first, until so many bytes and flows are given back. Connections are reset on
// both sides. It tells how many it ended, and does not wait for their end.
func (f *Forwarder) Shed(bytes int64, flows int) (ended int) {
	held := f.held(time.Now())
	slices.SortFunc(held, func(left, right heldFlow) int { return cmp.Compare(right.bytes, left.bytes) })
	for _, flow := range held {
		if bytes <= 0 && ended >= flows {
			break
		}
		bytes -= flow.bytes
		ended++
		flow.forget()
		go flow.end() // the lock of a connection whose lane is full is held for long
	}
	return ended
}
