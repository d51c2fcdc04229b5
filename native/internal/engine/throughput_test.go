//go:build linux

package engine

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/native/internal/hostnet/laptoptest"
)

// TestThroughput measures the data path without API server and network: laptop, agent and pod share this machine's
// processors. It is a measurement and runs only when SLIPWAY_ENGINE_TEST_THROUGHPUT names the seconds for each arm.
func TestThroughput(t *testing.T) {
	seconds, err := strconv.ParseFloat(os.Getenv("SLIPWAY_ENGINE_TEST_THROUGHPUT"), 64)
	if err != nil {
		t.Log("not asked for: SLIPWAY_ENGINE_TEST_THROUGHPUT is not set")
		return
	}
	world := newWorld(t)
	waitFor(t, "the helper", func() bool {
		_, err := os.Stat("/run/slipway/0/helper.sock")
		return err == nil
	})
	world.connect(t)
	agent := agentProcess(t, world)
	t.Logf("at rest: engine %s, agent %s", memoryOf(world.engine.command.Process.Pid), memoryOf(agent))
	for _, arm := range []struct {
		name  string
		flows int
		carry func(context.Context, int64) error
	}{
		{"up", 1, upload}, {"down", 1, download}, {"up", 8, upload}, {"down", 8, download},
	} {
		const block = 32 << 20
		deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
		total := make(chan int64, arm.flows)
		started := time.Now()
		var group errgroup.Group
		before := [2]time.Duration{processorTime(world.engine.command.Process.Pid), processorTime(agent)}
		for range arm.flows {
			group.Go(func() error {
				var carried int64
				for time.Now().Before(deadline) {
					if err := arm.carry(t.Context(), block); err != nil {
						return err
					}
					carried += block
				}
				total <- carried
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		elapsed := time.Since(started)
		close(total)
		var bytes int64
		for carried := range total {
			bytes += carried
		}
		t.Logf("%s, %d flows: %.2f Gbit/s; processor: engine %.0f %%, agent %.0f %%; memory: engine %s, agent %s", arm.name, arm.flows,
			float64(bytes)*8/elapsed.Seconds()/1e9,
			100*(processorTime(world.engine.command.Process.Pid)-before[0]).Seconds()/elapsed.Seconds(),
			100*(processorTime(agent)-before[1]).Seconds()/elapsed.Seconds(),
			memoryOf(world.engine.command.Process.Pid), memoryOf(agent))
	}
	if path := os.Getenv("SLIPWAY_ENGINE_TEST_ROUTES"); path != "" {
		t.Log(laptoptest.Run(t, "ip", "-s", "link", "show", world.ready.Interface))
	}
	world.engine.end(syscall.SIGTERM)
}

// agentProcess finds the agent behind nsenter, which replaces itself by it.
func agentProcess(t *testing.T, world *world) int {
	t.Helper()
	return world.agent.command.Process.Pid
}

func memoryOf(process int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, _ := strconv.Atoi(strings.Fields(value)[0])
			return fmt.Sprintf("%d MiB", kilobytes/1024)
		}
	}
	return "unknown"
}

func processorTime(process int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}
