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
	if t.Take() {
		t.goOn(work)
	}
}

// Start is Run on a goroutine of its own.
func (t *Turn) Start(work func()) {
	if t.Take() {
		go t.goOn(work)
	}
}

// Begin is Run for who has other work to do: it does a first piece, and where more is left, or somebody asks again, that goes on
// on a goroutine of its own.
func (t *Turn) Begin(first func() (isAll bool), work func()) {
	if t.Take() && !(first() && t.Done()) {
		go t.goOn(work)
	}
}

func (t *Turn) goOn(work func()) {
	for {
		work()
		if t.Done() {
			return
		}
	}
}
