package portforward

import (
	"io"
	"sync"
)

// leftLimit is how many bytes may be left for whoever writes.
const leftLimit = 4 << 10

// turn lets one write at a time.
type turn struct {
	to      io.Writer
	writing sync.Mutex // held while to is written to

	lock sync.Mutex
	left []byte
}

// write writes a message, after others.
func (t *turn) write(message []byte) error {
	t.writing.Lock()
	_, err := t.to.Write(message)
	t.writing.Unlock()
	if err != nil {
		return err
	}
	return t.flush()
}

// post never waits for another write: where one is under way, it leaves the message to it. Where much is left because the
// other end takes nothing, it drops the message.
func (t *turn) post(message []byte) error {
	t.lock.Lock()
	if len(t.left)+len(message) <= leftLimit {
		t.left = append(t.left, message...)
	}
	t.lock.Unlock()
	return t.flush()
}

// flush writes what was left. Whoever left something while another wrote finds the turn taken, so that one looks again
// after it gave the turn back.
func (t *turn) flush() error {
	for t.hasLeft() && t.writing.TryLock() {
		t.lock.Lock()
		left := t.left
		t.left = nil
		t.lock.Unlock()
		_, err := t.to.Write(left)
		t.writing.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) hasLeft() bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	return len(t.left) > 0
}
