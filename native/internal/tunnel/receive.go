package tunnel

import (
	"net"
	"time"

	"golang.zx2c4.com/wireguard/conn"

	"slipway/native/internal/carrier"
)

// receive returns as many messages as are there, and waits for the first.
func (b *bind) receive(opening uint64, packets [][]byte, sizes []int, endpoints []conn.Endpoint) (int, error) {
	for {
		current := b.waitToReceive(opening)
		if current == nil {
			return 0, net.ErrClosed
		}
		n, err := current.Receive(packets, sizes)
		if err != nil {
			b.drop(current)
		}
		if n > 0 {
			b.expectDelivery(packets[:n], sizes)
			for i := range n {
				endpoints[i] = endpoint{}
			}
			return n, nil
		}
	}
}

// waitToReceive returns the live carrier, once there is one and what it brought before was delivered.
func (b *bind) waitToReceive(opening uint64) carrier.Packets {
	b.lock.Lock()
	defer b.lock.Unlock()
	for b.isOpen && b.opening == opening {
		if b.current != nil && b.undelivered < insideBatches*batchSize {
			return b.current
		}
		b.waitForDelivery()
	}
	return nil
}

// waitForDelivery waits for a change. Messages that wireguard-go refused are never delivered; they are written off.
func (b *bind) waitForDelivery() {
	if b.undelivered == 0 || b.delivering {
		b.changed.Wait()
		return
	}
	late := lostAfter - time.Since(b.undeliveredAt)
	if late <= 0 {
		b.undelivered = 0
		return
	}
	timer := time.AfterFunc(late, func() {
		b.lock.Lock()
		defer b.lock.Unlock()
		b.changed.Broadcast()
	})
	b.changed.Wait()
	timer.Stop()
}

func (b *bind) expectDelivery(messages [][]byte, sizes []int) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.undelivered == 0 {
		b.undeliveredAt = time.Now()
	}
	for i, message := range messages {
		if sizes[i] > transportOverhead && message[0] == messageTransport {
			b.undelivered++
		}
	}
}

// deliver calls hand, which takes count received packets after their decryption. While they are not taken only a
// few more are read, so that a receiver that waits holds up its sender instead of filling memory. hand must not
// wait for anything to be sent on the same lane: the reports that make room for it would not be read.
func (b *bind) deliver(count int, hand func()) {
	b.lock.Lock()
	b.delivering = true
	b.lock.Unlock()

	hand()

	b.lock.Lock()
	defer b.lock.Unlock()
	b.delivering = false
	isAwaited := b.undelivered >= insideBatches*batchSize
	b.undelivered = max(b.undelivered-count, 0)
	b.undeliveredAt = time.Now()
	if isAwaited {
		b.changed.Broadcast()
	}
}
