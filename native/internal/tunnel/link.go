package tunnel

import (
	"os"
	"sync"

	"golang.zx2c4.com/wireguard/tun"
)

// link is what a wireguard-go device takes for its TUN: it reads from the lane's queue and writes to the receiver.
type link struct {
	lane    int
	mtu     int
	queue   *queue
	bind    *bind
	receive func(lane int, packets [][]byte)
	packets [][]byte // of the Write under way; wireguard-go writes from one goroutine per peer
	events  chan tun.Event
	close   sync.Once
}

var _ tun.Device = (*link)(nil)

func newLink(lane, mtu int, queue *queue, bind *bind, receive func(int, [][]byte)) *link {
	return &link{
		lane: lane, mtu: mtu, queue: queue, bind: bind, receive: receive,
		packets: make([][]byte, 0, batchSize),
		events:  make(chan tun.Event),
	}
}

// Read hands over packets that may be encrypted now.
func (l *link) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	return l.queue.take(buffers, sizes, offset)
}

// Write takes packets that were decrypted.
func (l *link) Write(buffers [][]byte, offset int) (int, error) {
	l.packets = l.packets[:0]
	for _, buffer := range buffers {
		l.packets = append(l.packets, buffer[offset:])
	}
	l.bind.deliver(len(buffers), func() { l.receive(l.lane, l.packets) })
	return len(buffers), nil
}

// Close ends Read.
func (l *link) Close() error {
	l.close.Do(func() {
		l.queue.close()
		close(l.events)
	})
	return nil
}

func (*link) BatchSize() int             { return batchSize }
func (l *link) MTU() (int, error)        { return l.mtu, nil }
func (l *link) Name() (string, error)    { return "lane", nil }
func (l *link) File() *os.File           { return nil }
func (l *link) Events() <-chan tun.Event { return l.events }
