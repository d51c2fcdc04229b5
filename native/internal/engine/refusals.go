package engine

import (
	"log/slog"
	"maps"
)

// refusalsEvery is how many seconds at least are between two lines about packets that were refused: an agent that sends
// them without end must not fill the disk.
const refusalsEvery = 60

// refusals tells the log, now and then, what the gates refused.
type refusals struct {
	seconds       int
	laptop, stack map[string]uint64 // as told last
}

// tick is called once a second.
func (refusals *refusals) tick(log *slog.Logger, path *path) {
	if refusals.seconds++; refusals.seconds%refusalsEvery != 0 {
		return
	}
	laptop, stack := path.gate.Refused(), path.stackGate.Refused()
	if maps.Equal(laptop, refusals.laptop) && maps.Equal(stack, refusals.stack) {
		return
	}
	refusals.laptop, refusals.stack = laptop, stack
	log.Info("packets were refused", "laptop", laptop, "resolver", stack)
}
