package tunnel

import (
	"net/netip"
	"runtime"
	"testing"
)

// An agent lives for weeks, and sessions come and go: what one held has to go with it. wireguard-go gives its queues
// finalizers that hold the device, so that one reference from there back to a queue keeps everything for good.
func TestWhatASessionHeldGoesWithIt(t *testing.T) {
	held := func() uint64 {
		for range 3 { // finalizers run between collections
			runtime.GC()
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	once := func() {
		t.Run("one", func(t *testing.T) { // its end closes both sides, and forgets them
			engine, agent := newSession(t, 1, 1400, nil)
			connect(engine, agent, 0, memory())
			engine.Send(0, parse(udpPacket(netip.AddrPortFrom(laptop, 4000), netip.AddrPortFrom(pod, 53), 1, 100)))
			agent.waitFor(t, "a packet", func(packets []received) bool { return len(packets) == 1 })
		})
	}
	once()
	before := held()
	const times = 50
	for range times {
		once()
	}
	if grown := int64(held()) - int64(before); grown > times*20<<10 {
		t.Errorf("%d sessions that ended hold %d KiB", 2*times, grown>>10)
	}
}
