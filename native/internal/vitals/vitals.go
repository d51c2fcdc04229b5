// Package vitals tells what a process holds, for whoever looks for a leak: memory that is resident goes up and down with the
// collector, what is left after a collection only grows where something is kept.
package vitals

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// kept names what of a process's memory is told, in bytes, by the classes of runtime/metrics. Of `unused` the runtime holds on to
// whole spans for some live objects each: that is fragmentation, not a leak.
var kept = []struct{ name, class string }{
	{"heap", "/gc/heap/live:bytes"},
	{"unused", "/memory/classes/heap/unused:bytes"},
	{"free", "/memory/classes/heap/free:bytes"},
	{"stacks", "/memory/classes/heap/stacks:bytes"},
	{"spans", "/memory/classes/metadata/mspan/inuse:bytes"},
	{"runtime", "/memory/classes/metadata/other:bytes"},
}

// Say collects garbage, gives what is free back to the kernel, so that resident memory tells what is kept, and logs what is left:
// bytes by `kept`, and goroutines.
func Say(log *slog.Logger) {
	runtime.GC()
	debug.FreeOSMemory() // collects once more: what the first one's finalizers and pools held
	samples := make([]metrics.Sample, len(kept))
	for i, each := range kept {
		samples[i].Name = each.class
	}
	metrics.Read(samples)
	said := []any{"goroutines", runtime.NumGoroutine()}
	for i, each := range kept {
		said = append(said, each.name, samples[i].Value.Uint64())
	}
	log.Info("vitals", said...)
}
