package carrier

import (
	"encoding/binary"
	"time"
)

// load is what is under way somewhere.
type load struct{ messages, bytes int }

// Reserve asks whether bytes more of plaintext may go to wireguard-go now. Packets under 256 bytes are let past the
// window when small is set. After a refusal OnRoom tells when to ask again.
func (b *Bind) Reserve(bytes int, small bool) bool {
	message := bytes + padding(bytes, b.options.MTU) + transportOverhead
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.current != nil && !b.hasRoomLocked(message, small && bytes < smallMessage) {
		b.refused = true
		if b.inside.messages > 0 {
			b.forgive.Reset(forgiveAfter)
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

func (b *Bind) hasRoomLocked(message int, small bool) bool {
	s := b.current
	s.lock.Lock()
	defer s.lock.Unlock()
	if b.inside.messages >= insideBatches*b.options.BatchSize {
		return false
	}
	unwritten := b.inside.bytes + len(s.pending) + s.writing
	outstanding := b.inside.bytes + s.window.outstanding()
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
	if b.sending > 0 {
		// What is behind it waits too, and is not lost.
		b.forgive.Reset(forgiveAfter)
	} else if late := forgiveAfter - time.Since(b.insideAt); late > 0 && b.inside.messages > 0 {
		b.forgive.Reset(late)
	} else {
		b.inside = load{}
	}
	b.lock.Unlock()
	b.makeRoom()
}

// settleLocked takes messages that came out of wireguard-go off what is inside it.
func (b *Bind) settleLocked(messages [][]byte) {
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
