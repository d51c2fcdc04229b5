package tunnel

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// budget is an outlet that lets a number of bytes pass, and small packets always.
type budget struct {
	bytes int
	dead  bool
}

func (b *budget) reserve(bytes int, small bool) bool {
	if small && bytes < smallPacket {
		return true
	}
	if bytes > b.bytes {
		return false
	}
	b.bytes -= bytes
	return true
}

func (b *budget) isLive() bool { return !b.dead }

const quantumOfTest = 1500

func newTestQueue(outlet *budget, limit int) *queue {
	q := newQueue(outlet, limit, quantumOfTest)
	q.refresh()
	return q
}

// drain takes what may leave.
func drain(q *queue) (packets [][]byte) {
	q.lock.Lock()
	defer q.lock.Unlock()
	for b := q.next(); b != nil; b = q.next() {
		packets = append(packets, bytes.Clone(b.bytes[:b.size]))
		b.release()
	}
	return packets
}

func data(port uint16, sequence uint32, size int) []byte {
	return tcpPacket(laptopPort(port), podPort(80), sequence, header.TCPFlagAck, size-40)
}

func TestFlowsTakeTurnsByBytes(t *testing.T) {
	outlet := &budget{}
	q := newTestQueue(outlet, 1<<20)
	for n := range uint32(200) {
		q.put(parse(data(1, n, 1500)), true)
	}
	for n := range uint32(200) {
		q.put(parse(data(2, n, 500)), true)
	}
	outlet.bytes = 60_000
	share := map[uint16]int{}
	for _, raw := range drain(q) {
		share[uint16(raw[20])<<8|uint16(raw[21])] += len(raw)
	}
	if difference := share[1] - share[2]; difference < -2*quantumOfTest || difference > 2*quantumOfTest {
		t.Errorf("shares of 60000 bytes: %v", share)
	}
}

func TestOnlyPureAcknowledgementsOvertakeWithinAFlow(t *testing.T) {
	outlet := &budget{}
	q := newTestQueue(outlet, 1<<20)
	var inOrder [][]byte
	put := func(raw []byte) {
		inOrder = append(inOrder, raw)
		q.put(parse(raw), true)
	}
	for n := range uint32(20) {
		put(data(1, n, 1500))
		put(data(1, 100+n, 60)) // small, with data
	}
	put(tcpPacket(laptopPort(1), podPort(80), 200, header.TCPFlagAck|header.TCPFlagFin, 0))
	put(tcpPacket(laptopPort(1), podPort(80), 201, header.TCPFlagRst, 0))
	acknowledgement := tcpPacket(laptopPort(1), podPort(80), 300, header.TCPFlagAck, 0)
	q.put(parse(acknowledgement), true)
	got := drain(q)
	if len(got) != 1 || !bytes.Equal(got[0], acknowledgement) {
		t.Fatalf("with the window closed %d packets passed, not the acknowledgement alone", len(got))
	}
	outlet.bytes = 1 << 20
	got = drain(q)
	if len(got) != len(inOrder) {
		t.Fatalf("%d of %d packets", len(got), len(inOrder))
	}
	for i := range inOrder {
		if !bytes.Equal(got[i], inOrder[i]) {
			t.Fatalf("packet %d is out of its order", i)
		}
	}
}

func TestIdleFlowsGoFirst(t *testing.T) {
	outlet := &budget{}
	q := newTestQueue(outlet, 1<<20)
	for n := range uint32(100) {
		q.put(parse(data(1, n, 1500)), true)
	}
	outlet.bytes = 1500 * 3
	drain(q) // the flow used its first turn
	first := data(2, 7, 1400)
	q.put(parse(first), true)
	outlet.bytes = 1400
	if got := drain(q); len(got) != 1 || !bytes.Equal(got[0], first) {
		t.Errorf("the first packet of a new flow waits behind a backlog")
	}
}

func TestOfferDropsOfTheFullestFlowOnly(t *testing.T) {
	outlet := &budget{}
	q := newTestQueue(outlet, 100_000)
	for n := range uint32(10) {
		q.put(parse(data(2, n, 1000)), false)
	}
	for n := range uint32(500) {
		q.put(parse(data(1, n, 1000)), false)
	}
	outlet.bytes = 1 << 20
	kept := map[uint16][]byte{}
	counts := map[uint16]int{}
	for _, raw := range drain(q) {
		port := uint16(raw[20])<<8 | uint16(raw[21])
		kept[port] = raw
		counts[port]++
	}
	if counts[2] != 10 || counts[1] < 85 || counts[1] > 90 {
		t.Errorf("kept %d of 10 of the small flow and %d of the full one", counts[2], counts[1])
	}
	if !bytes.Equal(kept[1], data(1, 499, 1000)) {
		t.Error("the newest packet was dropped, not the oldest")
	}
	if stats := q.stats(); stats.QueuedBytes != 0 || stats.Dropped != uint64(500-counts[1]) {
		t.Errorf("stats: %+v", stats)
	}
}

func TestDeadLaneDropsAtOnce(t *testing.T) {
	outlet := &budget{}
	q := newTestQueue(outlet, 10_000)
	q.put(parse(data(1, 1, 1500)), true)
	outlet.dead = true
	q.refresh()
	for n := range uint32(100) {
		q.put(parse(data(1, n, 1500)), true)
	}
	outlet.dead = false
	q.refresh()
	outlet.bytes = 1 << 20
	if got := drain(q); len(got) != 0 {
		t.Errorf("%d packets of a dead lane came out", len(got))
	}
	q.put(parse(data(1, 1, 1500)), true)
	if got := drain(q); len(got) != 1 {
		t.Errorf("%d packets after the lane came back", len(got))
	}
	q.close()
	if _, err := q.take([][]byte{make([]byte, 2000)}, []int{0}, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("take after close: %v", err)
	}
}

func TestWhatIsTooLargeIsDropped(t *testing.T) {
	q := newTestQueue(&budget{bytes: 1 << 20}, 1<<20)
	for size, want := range map[int]int{MaxPacket: 1, MaxPacket + 1: 0} {
		raw := make([]byte, size)
		fillIPv4(raw, packet.UDP, laptop, pod)
		q.put(parse(raw), true)
		if got := drain(q); len(got) != want {
			t.Errorf("of %d bytes %d packets came through", size, len(got))
		}
	}
}
