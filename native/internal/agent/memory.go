package agent

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cgroupFiles hold the memory limit of the container: cgroup v2, then v1.
var cgroupFiles = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// MemoryLimit is the container's memory limit in bytes, or 0 where there is none.
func MemoryLimit() int64 {
	for _, file := range cgroupFiles {
		if text, err := os.ReadFile(file); err == nil {
			return parseMemoryLimit(string(text))
		}
	}
	return 0
}

// parseMemoryLimit reads "max" or a number. cgroup v1 writes "no limit" as a number near the largest.
func parseMemoryLimit(text string) int64 {
	limit, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || limit <= 0 || limit > 1<<50 {
		return 0
	}
	return limit
}

// MemoryGauge tells when memory is short. Its zero value never does.
type MemoryGauge struct {
	limit   uint64
	mu      sync.Mutex
	checked time.Time
	full    bool
}

// NewMemoryGauge makes a gauge for a limit in bytes on what lives on the heap; 0 is no limit.
func NewMemoryGauge(limit int64) *MemoryGauge { return &MemoryGauge{limit: uint64(max(limit, 0))} }

// Full tells whether new flows must wait. It looks at most ten times a second.
func (g *MemoryGauge) Full() bool {
	if g.limit == 0 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.checked) > 100*time.Millisecond {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		g.checked, g.full = now, sample[0].Value.Uint64() > g.limit
	}
	return g.full
}
