// Package turn lets at most one goroutine at a time do work that many may ask for, none of them waiting: whoever asks
// while it is being done has it done once more.
package turn

import "sync/atomic"

const (
	idle int32 = iota
	taken
	askedAgain
)

// Turn guards one piece of work. Its zero value is idle.
type Turn struct{ state atomic.Int32 }

// Take asks for the work. It is true for who has to do it, and to call Done after each round.
func (t *Turn) Take() bool {
	for {
		switch t.state.Load() {
		case idle:
			if t.state.CompareAndSwap(idle, taken) {
				return true
			}
		case taken:
			if t.state.CompareAndSwap(taken, askedAgain) {
				return false
			}
		default:
			return false
		}
	}
}

// Done ends a round. It is false where somebody has asked since it began: then another round is due.
func (t *Turn) Done() bool {
	if t.state.CompareAndSwap(taken, idle) {
		return true
	}
	t.state.Store(taken)
	return false
}

// Run does the work until nobody asks any more, where nobody else is doing it.
func (t *Turn) Run(work func()) {
	if !t.Take() {
		return
	}
	for {
		work()
		if t.Done() {
			return
		}
	}
}

// Start is Run on a goroutine of its own.
func (t *Turn) Start(work func()) {
	if !t.Take() {
		return
	}
	go func() {
		for {
			work()
			if t.Done() {
				return
			}
		}
	}()
}
