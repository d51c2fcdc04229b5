package carrier

import (
	"io"
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
	inside   load   // reserved, and not handed to Send by wireguard-go yet
	insideAt time.Time
	forgive  *time.Timer
	refused  bool // Reserve refused since the last OnRoom
	sending  int  // calls of Send that the stream may be holding up

	undelivered   int // messages received, and not delivered yet
	undeliveredAt time.Time
	delivering    bool

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
	b.inside = load{}
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

// Send writes messages to the stream, or drops them when there is none. It waits while the stream takes nothing and
// much is pending, and never fails: what is lost, WireGuard's user repeats.
func (b *Bind) Send(messages [][]byte, _ conn.Endpoint) error {
	b.lock.Lock()
	current := b.current
	b.settleLocked(messages)
	if current != nil {
		b.sending++
	}
	b.lock.Unlock()
	if current == nil {
		return nil
	}
	current.queue(messages, b.options.Credit+smallAllowance)
	b.lock.Lock()
	b.sending--
	b.insideAt = time.Now()
	b.lock.Unlock()
	b.makeRoom()
	return nil
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
