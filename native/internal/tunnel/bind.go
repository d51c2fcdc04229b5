package tunnel

import (
	"log/slog"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/conn"

	"slipway/native/internal/carrier"
)

const (
	// batchSize is how many messages one call of Send or of the receive function handles. wireguard-go holds a buffer
	// of 64 KiB for each, twice, and one for every message that is inside it, whatever the message's size: so messages
	// are counted as well as bytes. Measurements are in docs/adr/0006.
	batchSize = 8

	// insideBatches is how many batches may be inside wireguard-go in one direction: one is worked on by each of two
	// workers, one waits.
	insideBatches = 3

	// A WireGuard transport message is 16 bytes of header, the packet padded to 16, and a tag of 16 bytes; an empty
	// one is a keepalive.
	transportOverhead = 32
	messageTransport  = 4
)

// lostAfter is when bytes that went into wireguard-go and did not come out are taken for dropped there (no
// session yet, or a peer that stopped). Encryption takes microseconds, so nothing alive is that late.
const lostAfter = 250 * time.Millisecond

// bind is a lane's conn.Bind: wireguard-go's messages go over at most one live carrier.Packets, which may be replaced
// at any time. Without one Send drops and the receive function waits. It is safe for concurrent use.
type bind struct {
	mtu    int    // bytes, that of the WireGuard device, which pads by it
	onRoom func() // reserve may succeed where it failed before
	onLive func() // isLive may have changed
	log    *slog.Logger

	lock      sync.Mutex
	changed   sync.Cond // a carrier came or went, or the bind opened or closed
	current   carrier.Packets
	isOpen    bool
	opening   uint64 // counts Open, so that receive functions of earlier ones end
	inside    load   // reserved, and not handed to Send by wireguard-go yet
	insideAt  time.Time
	lossTimer *time.Timer
	refused   bool // reserve refused since the last onRoom
	sending   int  // calls of Send that the carrier may be holding up

	undelivered   int // messages received, and not delivered yet
	undeliveredAt time.Time
	delivering    bool

	before   carrier.Stats // of carriers that ended: Sent and Received
	attached uint64
	name     string // of the last carrier
}

var _ conn.Bind = (*bind)(nil)

// newBind makes a bind without a carrier. Neither onRoom nor onLive is called with its lock held; both return soon.
func newBind(mtu int, onRoom, onLive func(), log *slog.Logger) *bind {
	b := &bind{mtu: mtu, onRoom: onRoom, onLive: onLive, log: log}
	b.changed.L = &b.lock
	b.lossTimer = time.AfterFunc(time.Hour, b.writeOffInside)
	b.lossTimer.Stop()
	return b
}

// attach makes next the carrier, and closes the one before. The channel delivers why next ended, once, and is closed
// after that: an error of the carrier, ErrReplaced, ErrClosed or the reason given to detach.
func (b *bind) attach(next carrier.Packets) (lost <-chan error) {
	next.Start(b.makeRoom)
	b.lock.Lock()
	before := b.current
	b.retireLocked()
	b.current, b.name = next, next.Name()
	b.inside = load{}
	b.attached++
	b.changed.Broadcast()
	b.lock.Unlock()

	if before != nil {
		before.Close(carrier.ErrReplaced)
	} else {
		b.onLive()
	}
	ended := make(chan error, 1)
	go func() {
		<-next.Done()
		b.drop(next)
		ended <- next.Err()
		close(ended)
	}()
	b.makeRoom()
	return ended
}

// detach ends the live carrier, if there is one.
func (b *bind) detach(reason error) {
	b.lock.Lock()
	current := b.current
	b.lock.Unlock()
	if current != nil {
		current.Close(reason)
		b.drop(current)
	}
}

// isLive tells whether there is a carrier.
func (b *bind) isLive() bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.current != nil
}

// Send gives messages to the carrier, or drops them when there is none. It waits while the carrier makes it wait, and
// never fails: what is lost, WireGuard's user repeats.
func (b *bind) Send(messages [][]byte, _ conn.Endpoint) error {
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
	current.Send(messages)
	b.lock.Lock()
	b.sending--
	b.insideAt = time.Now()
	b.lock.Unlock()
	b.makeRoom()
	return nil
}

// Open implements conn.Bind; the port means nothing here.
func (b *bind) Open(uint16) ([]conn.ReceiveFunc, uint16, error) {
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

// Close implements conn.Bind: it ends the live carrier and lets the receive function return net.ErrClosed.
func (b *bind) Close() error {
	b.lock.Lock()
	wasOpen := b.isOpen
	b.isOpen = false
	current := b.current
	b.changed.Broadcast()
	b.lock.Unlock()
	if wasOpen && current != nil {
		b.detach(carrier.ErrClosed)
	}
	return nil
}

// drop leaves the bind without ended, if that was still the live carrier.
func (b *bind) drop(ended carrier.Packets) {
	b.lock.Lock()
	wasCurrent := b.current == ended
	if wasCurrent {
		b.retireLocked()
	}
	b.lock.Unlock()
	if wasCurrent {
		b.log.Debug("carrier ended", "carrier", ended.Name(), "reason", ended.Err())
		b.onLive()
		b.makeRoom()
	}
}

func (b *bind) retireLocked() {
	if b.current == nil {
		return
	}
	last := b.current.Stats()
	b.before.Sent += last.Sent
	b.before.Received += last.Received
	b.current = nil
}

// stats returns a snapshot: bytes over all carriers so far, the rest of the live one.
func (b *bind) stats() CarrierStats {
	b.lock.Lock()
	defer b.lock.Unlock()
	stats := CarrierStats{Name: b.name, Live: b.current != nil, Attached: b.attached}
	if b.current != nil {
		stats.Stats = b.current.Stats()
	}
	stats.Sent += b.before.Sent
	stats.Received += b.before.Received
	return stats
}
