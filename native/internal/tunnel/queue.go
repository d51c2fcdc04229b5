package tunnel

import (
	"os"
	"sync"
	"time"

	"slipway/native/internal/packet"
)

// DefaultQueueBytes is how much waits before encryption in a lane. At 100 Mbit/s it is 84 ms, and only of the flow
// that fills it: the others pass.
const DefaultQueueBytes = 1 << 20

const (
	// flowCount is how many flows a lane tells apart; others share by hash, as in RFC 8290 section 5.2.
	flowCount = 512

	// batchBytes keeps a batch small enough that several are encrypted side by side, and that a small packet never
	// waits behind much.
	batchBytes = 64 << 10
)

// outlet says whether a packet may leave the queue now; it is the lane's bind.
type outlet interface {
	reserve(bytes int, small bool) bool
	isLive() bool
}

// queue keeps a lane's packets apart by flow until the carrier can take them. Flows take turns by bytes, flows that
// were idle go first (deficit round robin with sparse flows first, RFC 8290 section 4), and pure acknowledgements
// pass everything. Within a flow nothing overtakes anything but a pure acknowledgement.
type queue struct {
	outlet  outlet
	limit   int // bytes
	quantum int // bytes that a flow may send in its turn

	lock            sync.Mutex
	ready           sync.Cond // something came, room came, or the queue closed
	space           sync.Cond // something left
	flows           [flowCount]flow
	fresh, rotation flowList // flows that just became busy, and those that used their first turn
	acknowledgement acknowledgements
	bytes           int // in flows
	live, closed    bool
	waiting         int // calls of put

	packets, octets, dropped uint64
}

type flow struct {
	fifo
	deficit int
	next    *flow
	listed  bool
}

func newQueue(outlet outlet, limit, quantum int) *queue {
	q := &queue{outlet: outlet, limit: limit, quantum: quantum}
	q.ready.L, q.space.L = &q.lock, &q.lock
	q.acknowledgement.alarm = time.AfterFunc(time.Hour, q.wake)
	q.acknowledgement.alarm.Stop()
	return q
}

// put queues a copy of parsed. While the queue is full it waits, or, if it may not, drops of the fullest flow.
func (q *queue) put(parsed *packet.Packet, mayWait bool) {
	size := len(parsed.Raw)
	if size > MaxPacket {
		q.lock.Lock()
		q.dropped++
		q.lock.Unlock()
		return
	}
	isPureACK, number := isPureACK(parsed), int(parsed.FlowHash()%flowCount)
	flow := &q.flows[number]
	q.lock.Lock()
	defer q.lock.Unlock()
	for mayWait && q.live && !q.closed && !q.fits(flow, size, isPureACK) {
		q.waiting++
		q.space.Wait()
		q.waiting--
	}
	if !q.live || q.closed || isPureACK && !q.fits(flow, size, true) {
		q.dropped++
		return
	}
	if isPureACK {
		q.acknowledgement.add(parsed, number)
	} else {
		b := copyToBuffer(parsed.Raw)
		flow.push(b)
		q.bytes += b.size
		if !flow.listed {
			flow.listed, flow.deficit = true, q.quantum
			q.fresh.push(flow)
		}
		for !mayWait && q.bytes > q.limit && q.dropOfFullest() {
			continue
		}
	}
	q.ready.Signal()
}

// fits tells whether a packet may join now. A flow that has less than a turn waiting may go a quarter over the limit,
// so that it does not wait for the flow that filled the queue.
func (q *queue) fits(flow *flow, size int, isPureACK bool) bool {
	switch {
	case isPureACK:
		return q.acknowledgement.bytes+size <= acknowledgementBytes
	case flow.bytes < q.quantum:
		return q.bytes == 0 || q.bytes+size <= q.limit+q.limit/4
	}
	return q.bytes+size <= q.limit
}

func (q *queue) dropOfFullest() bool {
	var fullest *flow
	for _, list := range []*flowList{&q.fresh, &q.rotation} {
		for flow := list.head; flow != nil; flow = flow.next {
			if fullest == nil || flow.bytes > fullest.bytes {
				fullest = flow
			}
		}
	}
	// The last packet of a flow stays: nothing would be left to tell its sender.
	if fullest == nil || fullest.head == fullest.tail {
		return false
	}
	b := fullest.pop()
	q.bytes -= b.size
	q.dropped++
	b.release()
	return true
}

// take waits for packets that may leave and copies them behind offset into buffers.
func (q *queue) take(buffers [][]byte, sizes []int, offset int) (count int, err error) {
	q.lock.Lock()
	defer q.lock.Unlock()
	for taken := 0; count < len(buffers) && taken < batchBytes; {
		if q.closed {
			return 0, os.ErrClosed
		}
		b := q.next()
		if b == nil && count > 0 {
			break
		}
		if b == nil {
			if q.acknowledgement.head != nil {
				if wait := q.acknowledgement.wait(time.Now()); wait > 0 {
					q.acknowledgement.alarm.Reset(wait)
				}
			}
			q.ready.Wait()
			continue
		}
		sizes[count] = copy(buffers[count][offset:], b.bytes[:b.size])
		taken += b.size
		q.packets++
		q.octets += uint64(b.size)
		b.release()
		count++
	}
	if q.waiting > 0 {
		q.space.Broadcast()
	}
	return count, nil
}

// next takes the packet whose turn it is, or returns nil if there is none that may leave.
func (q *queue) next() *buffer {
	if q.acknowledgement.head != nil {
		// With data that leaves anyway they go for nothing.
		now := time.Now()
		if (q.bytes > 0 || q.acknowledgement.wait(now) <= 0) && q.outlet.reserve(q.acknowledgement.head.size, true) {
			return q.acknowledgement.take(now)
		}
	}
	for {
		list := &q.fresh
		if list.head == nil {
			list = &q.rotation
		}
		flow := list.head
		switch {
		case flow == nil:
			return nil
		case flow.deficit <= 0:
			flow.deficit += q.quantum
			q.rotation.push(list.pop())
		case flow.head == nil && list == &q.fresh && q.rotation.head != nil:
			// One round behind the others, so that a flow does not stay first by sending a little at a time.
			q.rotation.push(list.pop())
		case flow.head == nil:
			list.pop().listed = false
		case q.outlet.reserve(flow.head.size, list == &q.fresh):
			return q.popOf(flow)
		default:
			return q.nextSmall(flow)
		}
	}
}

// nextSmall looks for a small packet that may go although refused, the flow before it, may not.
func (q *queue) nextSmall(refused *flow) *buffer {
	if q.fresh.head != refused {
		return nil
	}
	for flow := refused.next; flow != nil; flow = flow.next {
		if flow.head != nil && flow.deficit > 0 && flow.head.size < smallPacket {
			if q.outlet.reserve(flow.head.size, true) {
				return q.popOf(flow)
			}
			return nil
		}
	}
	return nil
}

func (q *queue) popOf(flow *flow) *buffer {
	b := flow.pop()
	flow.deficit -= b.size
	q.bytes -= b.size
	return b
}

// wake is called when the outlet may take what it refused.
func (q *queue) wake() {
	q.lock.Lock()
	defer q.lock.Unlock()
	q.ready.Signal()
}

// refresh is called when the outlet may have got or lost its carrier. Without one, what waits is dropped.
func (q *queue) refresh() {
	q.lock.Lock()
	defer q.lock.Unlock()
	q.live = q.outlet.isLive()
	if !q.live {
		q.dropAll()
	}
	q.space.Broadcast()
	q.ready.Signal()
}

func (q *queue) close() {
	q.lock.Lock()
	defer q.lock.Unlock()
	q.closed = true
	q.acknowledgement.alarm.Stop()
	q.dropAll()
	q.space.Broadcast()
	q.ready.Broadcast()
}

func (q *queue) dropAll() {
	for _, list := range []*flowList{&q.fresh, &q.rotation} {
		for list.head != nil {
			flow := list.pop()
			flow.listed = false
			q.dropFifo(&flow.fifo)
		}
	}
	q.dropFifo(&q.acknowledgement.fifo)
	clear(q.acknowledgement.newest[:])
	q.bytes = 0
}

func (q *queue) dropFifo(f *fifo) {
	for f.head != nil {
		f.pop().release()
		q.dropped++
	}
}

// smallPacket is the size in bytes under which a packet of an idle flow need not wait for the window.
const smallPacket = 256

// flowList is a list of flows in order of their turn.
type flowList struct{ head, tail *flow }

func (l *flowList) push(f *flow) {
	f.next = nil
	if l.tail == nil {
		l.head = f
	} else {
		l.tail.next = f
	}
	l.tail = f
}

func (l *flowList) pop() *flow {
	f := l.head
	l.head = f.next
	if l.head == nil {
		l.tail = nil
	}
	f.next = nil
	return f
}
