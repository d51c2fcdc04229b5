package engine

import "runtime/debug"

const (
	// memoryLimit in bytes is where the collector begins to work harder: live memory is far under it even with all
	// queues full.
	memoryLimit = 192 << 20

	// collectAt makes the collector run when the heap has grown by so many percent. The packet path allocates next to
	// nothing, so that running it early costs little and keeps what the process holds small.
	collectAt = 50
)

// Tune sets the process's garbage collector for an engine.
func Tune() {
	debug.SetGCPercent(collectAt)
	debug.SetMemoryLimit(memoryLimit)
}
