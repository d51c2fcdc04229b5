// Package vitals tells what a process holds, for whoever looks for a leak: memory that is resident goes up and down with the
// collector, what is left after a collection only grows where something is kept.
package vitals

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Say collects garbage, gives what is free back to the kernel, so that resident memory tells what is kept, and logs what is left:
// bytes of live heap objects, and goroutines.
func Say(log *slog.Logger) {
	runtime.GC()
	debug.FreeOSMemory() // collects once more: what the first one's finalizers and pools held
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	log.Info("vitals", "heap", sample[0].Value.Uint64(), "goroutines", runtime.NumGoroutine())
}
