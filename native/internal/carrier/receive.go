package carrier

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"golang.zx2c4.com/wireguard/conn"
)

// receive returns as many messages as are there, and waits for the first.
func (b *Bind) receive(opening uint64, packets [][]byte, sizes []int, endpoints []conn.Endpoint) (int, error) {
	for {
		current := b.waitToReceive(opening)
		if current == nil {
			return 0, net.ErrClosed
		}
		n, err := b.receiveFrom(current, packets, sizes)
		if err != nil {
			b.drop(current, err)
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

// waitToReceive returns the live stream, once there is one and what it brought before was delivered.
func (b *Bind) waitToReceive(opening uint64) *stream {
	b.lock.Lock()
	defer b.lock.Unlock()
	for b.isOpen && b.opening == opening {
		if b.current != nil && b.undelivered < insideBatches*b.options.BatchSize {
			return b.current
		}
		b.waitForDelivery()
	}
	return nil
}

// waitForDelivery waits for a change. Messages that wireguard-go refused are never delivered; they are forgiven.
func (b *Bind) waitForDelivery() {
	if b.undelivered == 0 || b.delivering {
		b.changed.Wait()
		return
	}
	late := forgiveAfter - time.Since(b.undeliveredAt)
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

func (b *Bind) expectDelivery(messages [][]byte, sizes []int) {
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

// Deliver calls deliver, which takes count received packets after their decryption. While they are not taken only a
// few more are read, so that a receiver that waits holds up its sender instead of filling memory. deliver must not
// wait for anything to be sent on the same Bind: the reports that make room for it would not be read.
func (b *Bind) Deliver(count int, deliver func()) {
	b.lock.Lock()
	b.delivering = true
	b.lock.Unlock()

	deliver()

	b.lock.Lock()
	defer b.lock.Unlock()
	b.delivering = false
	isAwaited := b.undelivered >= insideBatches*b.options.BatchSize
	b.undelivered = max(b.undelivered-count, 0)
	b.undeliveredAt = time.Now()
	if isAwaited {
		b.changed.Broadcast()
	}
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
