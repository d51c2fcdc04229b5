// Package carriertest holds what every carrier.Packets must do, as tests, and one that lives in memory. No product code
// imports it.
package carriertest

import (
	"errors"
	"io"
	"sync"

	"slipway/native/internal/carrier"
)

// memoryWindow is how many bytes may be under way from one end to the other, and memorySmall how many small messages may
// add.
const (
	memoryWindow = 256 << 10
	memorySmall  = 64 << 10
)

// ErrCut is why both ends end after Cut.
var ErrCut = errors.New("cut by the test")

// Memory is one end of a carrier that is a queue in this process.
type Memory struct {
	lane *memoryLane
	far  *Memory

	onRoom   func()
	done     chan struct{}
	ended    error
	stalled  bool     // what this end sends does not arrive
	waiting  [][]byte // sent by the far end, not received yet
	underWay int      // bytes that this end sent and the far end did not receive
	sent     uint64
	received uint64
}

var _ carrier.Packets = (*Memory)(nil)

// memoryLane is what both ends share.
type memoryLane struct {
	lock    sync.Mutex
	changed sync.Cond
}

// Pair returns both ends of a carrier in memory.
func Pair() (left, right *Memory) {
	lane := &memoryLane{}
	lane.changed.L = &lane.lock
	left = &Memory{lane: lane, onRoom: func() {}, done: make(chan struct{})}
	right = &Memory{lane: lane, onRoom: func() {}, done: make(chan struct{}), far: left}
	left.far = right
	return left, right
}

// Stall holds up what this end sends, until Stall(false). Nothing is lost, and nobody is told.
func (m *Memory) Stall(stalled bool) {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	m.stalled = stalled
	m.lane.changed.Broadcast()
}

// Cut ends both ends at once and loses what is under way.
func (m *Memory) Cut() {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	m.endLocked(ErrCut)
	m.far.endLocked(ErrCut)
}

// Name implements carrier.Packets.
func (*Memory) Name() string { return "memory" }

// MaxMessage implements carrier.Packets.
func (*Memory) MaxMessage() int { return carrier.MaxMessage }

// Start implements carrier.Packets.
func (m *Memory) Start(onRoom func()) {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	m.onRoom = onRoom
}

// HasRoom implements carrier.Packets.
func (m *Memory) HasRoom(bytes, promised int, small bool) bool {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	under := m.underWay + promised
	if small {
		return under+bytes <= memoryWindow+memorySmall
	}
	return under == 0 || under+bytes <= memoryWindow
}

// Send implements carrier.Packets.
func (m *Memory) Send(messages [][]byte) {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	for _, message := range messages {
		if m.ended != nil || len(message) > carrier.MaxMessage {
			continue
		}
		m.far.waiting = append(m.far.waiting, append([]byte(nil), message...))
		m.underWay += len(message)
		m.sent += uint64(len(message))
	}
	m.lane.changed.Broadcast()
	for m.underWay > 2*memoryWindow && m.ended == nil {
		m.lane.changed.Wait()
	}
}

// Receive implements carrier.Packets.
func (m *Memory) Receive(into [][]byte, sizes []int) (int, error) {
	m.lane.lock.Lock()
	for m.ended == nil && (len(m.waiting) == 0 || m.far.stalled) {
		m.lane.changed.Wait()
	}
	if m.ended != nil {
		defer m.lane.lock.Unlock()
		return 0, m.ended
	}
	count, bytes := 0, 0
	for count < len(into) && len(m.waiting) > 0 {
		sizes[count] = copy(into[count], m.waiting[0])
		bytes += len(m.waiting[0])
		m.waiting = m.waiting[1:]
		count++
	}
	m.received += uint64(bytes)
	m.far.underWay -= bytes
	m.lane.changed.Broadcast()
	onRoom := m.far.onRoom
	m.lane.lock.Unlock()
	onRoom()
	return count, nil
}

// Done implements carrier.Packets.
func (m *Memory) Done() <-chan struct{} { return m.done }

// Err implements carrier.Packets.
func (m *Memory) Err() error {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	return m.ended
}

// Close implements carrier.Packets.
func (m *Memory) Close(reason error) {
	if reason == nil {
		reason = carrier.ErrClosed
	}
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	m.endLocked(reason)
	m.far.endLocked(io.EOF)
}

func (m *Memory) endLocked(reason error) {
	if m.ended != nil {
		return
	}
	m.ended = reason
	m.waiting = nil
	close(m.done)
	m.lane.changed.Broadcast()
}

// Stats implements carrier.Packets.
func (m *Memory) Stats() carrier.Stats {
	m.lane.lock.Lock()
	defer m.lane.lock.Unlock()
	return carrier.Stats{Sent: m.sent, Received: m.received, Outstanding: m.underWay, Window: memoryWindow}
}
