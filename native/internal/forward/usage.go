package forward

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"slipway/native/internal/bytestream"
)

// What a flow that waits costs the agent's container, in bytes: a connection with its socket in the kernel, which is most of
// it (docs/adr/0034), and a datagram flow with its two goroutines and its endpoint (ADR 29).
const (
	ConnectionBytes = 8 << 10
	DatagramsBytes  = 14 << 10
	DialBytes       = 14 << 10 // a connection while its goroutine dials
)

// Usage is about what a session holds of what all share: an estimate from sizes that can be read without waiting for
// a connection that waits.
type Usage struct {
	Flows int // sockets
	Bytes int64
}

// streams are a session's TCP connections that are established, and the flows of those whose socket has ended and whose last
// bytes the laptop has not got: an engine that takes nothing would make any number of them.
type streams struct {
	mu     sync.Mutex
	set    map[*stream]struct{}
	rests  map[*bytestream.Flow]struct{}
	closed bool
}

func (s *streams) init() {
	s.set, s.rests = map[*stream]struct{}{}, map[*bytestream.Flow]struct{}{}
}

// add is false once all were ended for good.
func (s *streams) add(opened *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.set[opened] = struct{}{}
	}
	return !s.closed
}

func (s *streams) remove(ended *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.set, ended)
	if ended.flow.Held() > 0 {
		s.rests[ended.flow] = struct{}{}
	}
}

// expire forgets what was delivered.
func (s *streams) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for flow := range s.rests {
		if flow.Held() == 0 {
			delete(s.rests, flow)
		}
	}
}

// close gives all that there are; none is added any more.
func (s *streams) close() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return slices.Collect(maps.Keys(s.set))
}

// heldFlow is a flow with what it holds.
type heldFlow struct {
	bytes  int64
	forget func() // so that it is ended once
	end    func()
}

func (s *streams) held() []heldFlow {
	s.mu.Lock()
	defer s.mu.Unlock()
	flows := make([]heldFlow, 0, len(s.set)+len(s.rests))
	for flow := range s.rests {
		flows = append(flows, heldFlow{int64(flow.Held()), func() {}, func() { flow.Reset(bytestream.Shed) }})
	}
	for opened := range s.set {
		flows = append(flows, heldFlow{
			int64(ConnectionBytes + opened.flow.Held()), func() { s.remove(opened) }, func() { opened.reset(bytestream.Shed) },
		})
	}
	return flows
}

func (f *Forwarder) held() []heldFlow {
	flows := f.streams.held()
	for _, datagrams := range f.flows.list() {
		flows = append(flows, heldFlow{DatagramsBytes, func() { f.flows.remove(datagrams) }, datagrams.close})
	}
	return flows
}

// Connections counts those that are open or being dialled.
func (f *Forwarder) Connections() int { return int(f.tcpFlows.Load()) }

// Weight counts flows by what each costs while it waits, in connections.
func (f *Forwarder) Weight() int {
	return f.Connections() + (f.flows.count()*DatagramsBytes+f.attempts.count()*(DialBytes-ConnectionBytes))/ConnectionBytes
}

// Flows counts the sockets that the session has or dials.
func (f *Forwarder) Flows() int { return f.Connections() + f.flows.count() }

// Usage tells what the session holds. It waits for nothing.
func (f *Forwarder) Usage() Usage {
	usage := Usage{Flows: f.Flows()}
	for _, flow := range f.held() {
		usage.Bytes += flow.bytes
	}
	return usage
}

// Shed ends flows, those that hold most first, until so many bytes and flows are given back. Connections are reset on
// both sides. It tells how many it ended, and does not wait for their end.
func (f *Forwarder) Shed(bytes int64, flows int) (ended int) {
	held := f.held()
	slices.SortFunc(held, func(left, right heldFlow) int { return cmp.Compare(right.bytes, left.bytes) })
	for _, flow := range held {
		if bytes <= 0 && ended >= flows {
			break
		}
		bytes -= flow.bytes
		ended++
		flow.forget()
		go flow.end()
	}
	return ended
}
