package carrier

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/conn"
)

// forgiveAfter is when bytes that went into wireguard-go and did not come out are taken for dropped there (no
// session yet, or a peer that stopped). Encryption takes microseconds, so nothing alive is that late.
const forgiveAfter = 250 * time.Millisecond

// Bind carries WireGuard messages over at most one live stream. Without a stream Send drops and the receive function
// waits. It is safe for concurrent use.
type Bind struct {
	options Options

	lock     sync.Mutex
	changed  sync.Cond // a stream came or went, or the Bind opened or closed
	current  *stream
	isOpen   bool
	opening  uint64 // counts Open, so that receive functions of earlier ones end
	inside   int    // reserved bytes that wireguard-go has not handed to Send yet
	insideAt time.Time
	forgive  *time.Timer
	refused  bool // Reserve refused since the last OnRoom

	sentBefore, receivedBefore uint64 // bytes over streams that ended
	attached                   uint64
}

var _ conn.Bind = (*Bind)(nil)

// NewBind makes a Bind without a stream.
func NewBind(options Options) *Bind {
	b := &Bind{options: options.withDefaults()}
	b.changed.L = &b.lock
	b.forgive = time.AfterFunc(time.Hour, b.forgiveInside)
	b.forgive.Stop()
	return b
}

// Attach makes stream the one that carries, and closes the one before. The channel delivers why the stream ended,
// once, and is closed after that: an error of the stream, of its far end's frames, ErrReplaced, ErrClosed or the
// reason given to Detach.
func (b *Bind) Attach(transport io.ReadWriteCloser) (lost <-chan error) {
	next := newStream(transport, b.options, b.makeRoom)
	b.lock.Lock()
	before := b.current
	b.retireLocked(before)
	b.current = next
	b.inside = 0
	b.attached++
	b.changed.Broadcast()
	b.lock.Unlock()

	if before != nil {
		before.end(ErrReplaced)
	} else {
		b.options.OnLive()
	}
	go func() { b.drop(next, next.write()) }()
	b.makeRoom()
	return next.lost
}

// Detach ends the live stream, if there is one.
func (b *Bind) Detach(reason error) {
	b.lock.Lock()
	current := b.current
	b.lock.Unlock()
	if current != nil {
		b.drop(current, reason)
	}
}

// Live tells whether there is a stream.
func (b *Bind) Live() bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.current != nil
}

// Reserve asks whether bytes more of plaintext may go to wireguard-go now. Packets under 256 bytes are let past the
// window when small is set. After a refusal OnRoom tells when to ask again.
func (b *Bind) Reserve(bytes int, small bool) bool {
	message := bytes + padding(bytes, b.options.MTU) + transportOverhead
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.current != nil && !b.hasRoomLocked(message, small && bytes < smallMessage) {
		b.refused = true
		if b.inside > 0 {
			b.forgive.Reset(forgiveAfter)
		}
		return false
	}
	if b.inside == 0 {
		b.insideAt = time.Now()
	}
	b.inside += message
	return true
}

func (b *Bind) hasRoomLocked(message int, small bool) bool {
	s := b.current
	s.lock.Lock()
	defer s.lock.Unlock()
	unwritten := b.inside + len(s.pending) + s.writing
	outstanding := b.inside + s.window.outstanding()
	if small {
		return unwritten+message <= b.options.Credit+smallAllowance && outstanding+message <= s.window.limit+smallAllowance
	}
	if outstanding > 0 && outstanding+message > s.window.limit {
		s.window.holdBack()
		return false
	}
	return unwritten == 0 || unwritten+message <= b.options.Credit
}

// makeRoom passes on that room may have come, if anybody asked in vain.
func (b *Bind) makeRoom() {
	b.lock.Lock()
	refused := b.refused
	b.refused = false
	b.lock.Unlock()
	if refused {
		b.options.OnRoom()
	}
}

func (b *Bind) forgiveInside() {
	b.lock.Lock()
	if late := forgiveAfter - time.Since(b.insideAt); late > 0 && b.inside > 0 {
		b.forgive.Reset(late)
	} else {
		b.inside = 0
	}
	b.lock.Unlock()
	b.makeRoom()
}

// Send writes messages to the stream, or drops them when there is none. It waits while the stream takes nothing and
// much is pending, and never fails: what is lost, WireGuard's user repeats.
func (b *Bind) Send(messages [][]byte, _ conn.Endpoint) error {
	b.lock.Lock()
	current := b.current
	b.settleLocked(messages)
	b.lock.Unlock()
	if current == nil {
		return nil
	}
	current.queue(messages, b.options.Credit+smallAllowance)
	b.makeRoom()
	return nil
}

// settleLocked takes messages that came out of wireguard-go off what is inside it.
func (b *Bind) settleLocked(messages [][]byte) {
	for _, message := range messages {
		if len(message) < transportOverhead || message[0] != messageTransport {
			continue
		}
		if len(message) > transportOverhead {
			b.inside -= len(message)
		}
		// wireguard-go drops packets only while it has no session key. The first message of a new key (its counter is
		// the 8 bytes at offset 8) is where such losses end, so nothing older is inside any more.
		if binary.LittleEndian.Uint64(message[8:]) == 0 {
			b.inside = 0
		}
	}
	b.inside = max(b.inside, 0)
	b.insideAt = time.Now()
}

// padding is how many bytes wireguard-go adds to a packet (calculatePaddingSize in its device/send.go).
func padding(size, mtu int) int {
	if mtu > 0 && size > mtu {
		size %= mtu
	}
	padded := (size + 15) &^ 15
	if mtu > 0 {
		padded = min(padded, mtu)
	}
	return padded - size
}

// Open implements conn.Bind; the port means nothing here.
func (b *Bind) Open(uint16) ([]conn.ReceiveFunc, uint16, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.isOpen {
		return nil, 0, conn.ErrBindAlreadyOpen
	}
	b.isOpen = true
	b.opening++
	opening := b.opening
	receive := func(packets [][]byte, sizes []int, endpoints []conn.Endpoint) (int, error) {
		return b.receive(opening, packets, sizes, endpoints)
	}
	return []conn.ReceiveFunc{receive}, 0, nil
}

// Close implements conn.Bind: it ends the live stream and lets the receive function return net.ErrClosed.
func (b *Bind) Close() error {
	b.lock.Lock()
	wasOpen := b.isOpen
	b.isOpen = false
	current := b.current
	b.changed.Broadcast()
	b.lock.Unlock()
	if wasOpen && current != nil {
		b.drop(current, ErrClosed)
	}
	return nil
}

// receive returns as many messages as are there, and waits for the first.
func (b *Bind) receive(opening uint64, packets [][]byte, sizes []int, endpoints []conn.Endpoint) (int, error) {
	for {
		current := b.waitForStream(opening)
		if current == nil {
			return 0, net.ErrClosed
		}
		n, err := b.receiveFrom(current, packets, sizes)
		if err != nil {
			b.drop(current, err)
		}
		if n > 0 {
			for i := range n {
				endpoints[i] = endpoint{}
			}
			return n, nil
		}
	}
}

func (b *Bind) waitForStream(opening uint64) *stream {
	b.lock.Lock()
	defer b.lock.Unlock()
	for b.isOpen && b.opening == opening && b.current == nil {
		b.changed.Wait()
	}
	if !b.isOpen || b.opening != opening {
		return nil
	}
	return b.current
}

func (b *Bind) receiveFrom(s *stream, packets [][]byte, sizes []int) (count int, err error) {
	bytes := 0
	for count < len(packets) {
		payload, err := s.decoder.next()
		if err != nil {
			return count, err
		}
		switch {
		case payload == nil && count > 0:
			s.count(bytes, true)
			return count, nil
		case payload == nil:
			if err := s.decoder.fill(s.transport); err != nil {
				return 0, err
			}
		case payload[0] == messageWindowReport:
			if err := b.takeReport(s, binary.BigEndian.Uint64(payload[1:])); err != nil {
				return count, err
			}
		default:
			if len(payload) > len(packets[count]) {
				return count, fmt.Errorf("message of %d bytes: %w", len(payload), io.ErrShortBuffer)
			}
			sizes[count] = copy(packets[count], payload)
			bytes += len(payload)
			count++
		}
	}
	s.count(bytes, false)
	return count, nil
}

func (b *Bind) takeReport(s *stream, received uint64) error {
	s.lock.Lock()
	err := s.window.report(received, time.Now())
	s.lock.Unlock()
	if err == nil {
		b.makeRoom()
	}
	return err
}

// drop ends s and, if it is still the live stream, leaves the Bind without one.
func (b *Bind) drop(s *stream, reason error) {
	if reason == nil {
		reason = ErrClosed
	}
	b.lock.Lock()
	wasCurrent := b.current == s
	if wasCurrent {
		b.retireLocked(s)
		b.current = nil
	}
	b.lock.Unlock()
	s.end(reason)
	if wasCurrent {
		b.options.Log.Debug("carrier stream ended", "reason", reason)
		b.options.OnLive()
		b.makeRoom()
	}
}

func (b *Bind) retireLocked(s *stream) {
	if s == nil {
		return
	}
	s.lock.Lock()
	b.sentBefore += s.window.sent
	b.receivedBefore += s.received
	s.lock.Unlock()
}
