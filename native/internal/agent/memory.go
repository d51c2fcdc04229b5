package agent

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/forward"
)

// cgroupFiles hold the memory limit of the container: cgroup v2, then v1.
var cgroupFiles = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// Parts of the container's memory: for the buffers of sessions that carry, for flows by what each costs while it waits,
// for what one session's flows hold unread (their windows may be four times that), for what lives on the heap before flows
// are refused, and before some are ended. The Go runtime gets 0.75, the kernel's socket buffers the rest.
const (
	sessionsPart  = 0.3
	unreadPart    = 0.125
	flowsPart     = 0.6
	fullPart      = 0.45
	dangerousPart = 0.6

	// sessionBytes is what a session holds that carries: measured, 3 MiB at rest (one lane of packets with its WireGuard
	// device, four of flows), and as much again for what is under way.
	sessionBytes   = 6 << 20
	sessionsAtMost = 64

	// unreadAtLeast lets a few connections be as fast as the path.
	unreadAtLeast = 4 << 20
)

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

// SessionsFor is how many sessions a container with so many bytes of memory can hold: each that carries holds its lanes'
// buffers, whatever it does. 0 bytes is no limit.
func SessionsFor(limit int64) int {
	if limit == 0 {
		return sessionsAtMost
	}
	return int(min(max(int64(float64(limit)*sessionsPart)/sessionBytes, 2), sessionsAtMost))
}

// UnreadFor is how many bytes that no pod reads a session may hold in a container with so many bytes of memory. They come
// faster than the heap is measured. 0 bytes is no limit.
func UnreadFor(limit int64) int64 {
	if limit == 0 {
		return bytestream.UnreadAtMost
	}
	return min(max(int64(float64(limit)*unreadPart), unreadAtLeast), bytestream.UnreadAtMost)
}

// LimitsFor are the limits of a session in a container with so many bytes of memory; 0 is no limit. A burst is over before
// the heap has been measured, so that flows are counted by what each costs. Half of them may wait for an answer.
func LimitsFor(limit int64) forward.Limits {
	limits := forward.DefaultLimits
	if limit == 0 {
		return limits
	}
	affordable := func(each int) int { return max(int(float64(limit)*flowsPart)/each, 64) }
	limits.TCPFlows, limits.UDPFlows = affordable(forward.ConnectionBytes), affordable(forward.DatagramsBytes)
	limits.HalfOpen = min(limits.HalfOpen, affordable(forward.DialBytes)/2)
	limits.HalfOpenEach = min(limits.HalfOpenEach, max(limits.HalfOpen/4, 1))
	limits.Unanswered = min(limits.Unanswered, limits.UDPFlows/2)
	return limits
}

// MemoryGauge tells when memory is short, by what lives on the heap. Its zero value never does.
type MemoryGauge struct {
	full, dangerous uint64 // bytes
	mu              sync.Mutex
	checked         time.Time
	live            uint64
}

// NewMemoryGauge makes a gauge for a container with so many bytes of memory; 0 is no limit.
func NewMemoryGauge(limit int64) *MemoryGauge {
	return &MemoryGauge{full: uint64(float64(limit) * fullPart), dangerous: uint64(float64(limit) * dangerousPart)}
}

// Full implements Memory. It looks at most ten times a second.
func (g *MemoryGauge) Full() bool { return g.full > 0 && g.look(100*time.Millisecond) > g.full }

// Excess implements Memory.
func (g *MemoryGauge) Excess() int64 {
	if g.full == 0 {
		return 0
	}
	if live := g.look(0); live > g.dangerous {
		return int64(live - g.full)
	}
	return 0
}

func (g *MemoryGauge) look(lifetime time.Duration) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.checked) > lifetime {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		g.checked, g.live = now, sample[0].Value.Uint64()
	}
	return g.live
}
