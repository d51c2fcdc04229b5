package tunnel

import (
	"encoding/binary"
	"time"
)

// load is what is under way somewhere.
type load struct{ messages, bytes int }

// reserve asks whether bytes more of plaintext may go to wireguard-go now. Packets under 256 bytes may have more room
// when small is set. After a refusal onRoom tells when to ask again.
func (b *bind) reserve(bytes int, small bool) bool {
	message := bytes + padding(bytes, b.mtu) + transportOverhead
	b.lock.Lock()
	defer b.lock.Unlock()
	isRefused := b.current != nil && (b.inside.messages >= insideBatches*batchSize ||
		!b.current.HasRoom(message, b.inside.bytes, small && bytes < smallPacket))
	if isRefused {
		b.refused = true
		if b.inside.messages > 0 {
			b.lossTimer.Reset(lostAfter)
		}
		return false
	}
	if b.inside.messages == 0 {
		b.insideAt = time.Now()
	}
	b.inside.messages++
	b.inside.bytes += message
	return true
}

// makeRoom passes on that room may have come, if anybody asked in vain.
func (b *bind) makeRoom() {
	b.lock.Lock()
	refused := b.refused
	b.refused = false
	b.lock.Unlock()
	if refused {
		b.onRoom()
	}
}

func (b *bind) writeOffInside() {
	b.lock.Lock()
	if b.sending > 0 {
		// What is behind it waits too, and is not lost.
		b.lossTimer.Reset(lostAfter)
	} else if late := lostAfter - time.Since(b.insideAt); late > 0 && b.inside.messages > 0 {
		b.lossTimer.Reset(late)
	} else {
		b.inside = load{}
	}
	b.lock.Unlock()
	b.makeRoom()
}

// settleLocked takes messages that came out of wireguard-go off what is inside it.
func (b *bind) settleLocked(messages [][]byte) {
	for _, message := range messages {
		if len(message) < transportOverhead || message[0] != messageTransport {
			continue
		}
		if len(message) > transportOverhead {
			b.inside.messages--
			b.inside.bytes -= len(message)
		}
		// wireguard-go drops packets only while it has no session key. The first message of a new key (its counter is
		// the 8 bytes at offset 8) is where such losses end, so nothing older is inside any more.
		if b.inside.messages < 0 || binary.LittleEndian.Uint64(message[8:]) == 0 {
			b.inside = load{}
		}
	}
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
