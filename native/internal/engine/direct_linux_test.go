package engine

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// office puts the agent's pod into the laptop's network, as office networks with routed pods do.
func (world *world) office(t *testing.T) wire.DirectCandidate {
	t.Helper()
	laptoptest.Run(t, "ip", "link", "add", "office0", "type", "veth", "peer", "name", "office1", "netns", world.nodeID())
	t.Cleanup(func() { laptoptest.Run(t, "ip", "link", "delete", "office0") }) // with the node it goes only when the kernel finds time
	laptoptest.Run(t, "ip", "address", "add", "198.51.100.1/24", "dev", "office0")
	laptoptest.Run(t, "ip", "link", "set", "office0", "up")
	world.inNode(t, "ip", "address", "add", "198.51.100.2/24", "dev", "office1")
	world.inNode(t, "ip", "link", "set", "office1", "up")
	world.agent.end(9) // it looks for its addresses when it starts
	world.startAgent(t)
	return wire.DirectCandidate{Kind: "pod", Host: "198.51.100.2", Port: wire.AgentDirectPort}
}

func (world *world) nodeID() string { return strconv.Itoa(world.node.command.Process.Pid) }

func (world *world) inNode(t *testing.T, command ...string) {
	t.Helper()
	laptoptest.Run(t, "nsenter", append([]string{"-t", world.nodeID(), "-n"}, command...)...)
}

// block lets frames go to an address that nobody has: nothing breaks, nothing arrives.
func (world *world) block(t *testing.T, isBlocked bool) {
	t.Helper()
	if isBlocked {
		laptoptest.Run(t, "ip", "neigh", "replace", "198.51.100.2", "lladdr", "02:00:00:00:00:99", "dev", "office0", "nud", "permanent")
		return
	}
	laptoptest.Run(t, "ip", "neigh", "del", "198.51.100.2", "dev", "office0")
}

func (world *world) direct(candidates ...wire.DirectCandidate) {
	world.core.send(wire.EngineCommand{Command: wire.CommandDirect, Direct: &wire.DirectCandidates{Candidates: candidates}})
}

func isPath(path string) func(wire.EngineEvent) bool {
	return func(event wire.EngineEvent) bool { return event.Path.Path == path }
}

// outcome is what came of a candidate.
func outcome(event *wire.PathEvent, of wire.DirectCandidate) string {
	for _, tried := range event.Tried {
		if tried.Kind == of.Kind && tried.Host == of.Host && tried.Port == of.Port {
			return tried.Outcome
		}
	}
	return ""
}

// transfer is a download that goes on until it is stopped, whose every byte is compared.
type transfer struct {
	count  atomic.Int64
	failed chan error
	body   io.ReadCloser
	gap    atomic.Int64 // longest between two bytes, in nanoseconds
}

func startTransfer(t *testing.T) *transfer {
	t.Helper()
	response, err := http.Get(podURL + "/bytes?count=" + strconv.Itoa(1<<40))
	if err != nil {
		t.Fatal(err)
	}
	transfer := &transfer{body: response.Body, failed: make(chan error, 1)}
	t.Cleanup(func() { transfer.body.Close() })
	go func() { transfer.failed <- transfer.read() }()
	return transfer
}

func (transfer *transfer) read() error {
	buffer := make([]byte, 64<<10)
	last := time.Now()
	for position := int64(0); ; {
		count, err := transfer.body.Read(buffer)
		if err != nil {
			return err
		}
		transfer.gap.Store(max(transfer.gap.Load(), int64(time.Since(last))))
		last = time.Now()
		for index := range count {
			if buffer[index] != "0123456789abcdef"[(position+int64(index))%16] {
				return fmt.Errorf("byte %d is another one", position+int64(index))
			}
		}
		position += int64(count)
		transfer.count.Store(position)
		time.Sleep(time.Millisecond)
	}
}

// goesOn waits until something came that was not there at the call.
func (transfer *transfer) goesOn(t *testing.T, when string) {
	t.Helper()
	before := transfer.count.Load()
	waitFor(t, "bytes "+when, func() bool {
		select {
		case err := <-transfer.failed:
			t.Fatalf("the transfer ended %s: %v", when, err)
		default:
		}
		return transfer.count.Load() > before+1<<20
	})
}

func TestATransferMovesToTheDirectPathAndBack(t *testing.T) {
	world := newWorld(t)
	place := world.office(t)
	world.connect(t)
	if first := world.core.await(wire.EventPath).Path; first.Path != wire.PathAPIServer || len(first.Tried) != 0 {
		t.Errorf("first: %+v", first)
	}
	transfer := startTransfer(t)
	transfer.goesOn(t, "before")
	world.direct(place)
	taken := world.core.awaitThat(wire.EventPath, isPath(wire.PathDirect)).Path
	if taken.Candidate == nil || *taken.Candidate != place || taken.MTU != 1500 || taken.RoundTripMicroseconds <= 0 || outcome(taken, place) != wire.DirectWorks {
		t.Errorf("taken: %+v", taken)
	}
	transfer.goesOn(t, "over the direct path")
	for round := range 3 {
		transfer.gap.Store(0)
		world.block(t, true)
		left := world.core.awaitThat(wire.EventPath, isPath(wire.PathAPIServer)).Path
		if outcome(left, place) != wire.DirectLost {
			t.Errorf("left: %+v", left)
		}
		transfer.goesOn(t, "after the direct path was blocked")
		t.Logf("round %d: longest gap %v", round, time.Duration(transfer.gap.Load()))
		world.block(t, false)
		world.core.awaitThat(wire.EventPath, isPath(wire.PathDirect))
		transfer.goesOn(t, "over the direct path again")
	}
	world.direct()
	world.core.awaitThat(wire.EventPath, isPath(wire.PathAPIServer))
	transfer.goesOn(t, "after the direct path was switched off")
	for _, seen := range world.core.seen {
		if strings.HasPrefix(seen, wire.EventReach+" ") || strings.HasPrefix(seen, wire.EventTunnel+" down") {
			t.Errorf("told meanwhile: %s", seen)
		}
	}
}

// resetDirect ends the connections of the direct path as a network does that will have no more of them: new ones are refused
// at once.
func (world *world) resetDirect(t *testing.T) {
	t.Helper()
	laptoptest.Run(t, "ip", "route", "add", "unreachable", "198.51.100.2/32")
	t.Cleanup(func() { laptoptest.Run(t, "ip", "route", "delete", "unreachable", "198.51.100.2/32") })
	laptoptest.Run(t, "ss", "-K", "dst", "198.51.100.2")
}

// While the lanes of a direct path are dialled over the API server, flows only wait, and nobody need hear of it; where they
// cannot be dialled, or do not come, everybody must.
func TestAResetDirectPathIsALostTunnelOnlyWithoutTheAPIServer(t *testing.T) {
	for name, away := range map[string]string{"the API server is there": "", "it refuses": "refuses", "it is silent": awaySilent} {
		t.Run(name, func(t *testing.T) {
			world := newWorld(t)
			place := world.office(t)
			world.connect(t)
			world.direct(place)
			world.core.awaitThat(wire.EventPath, isPath(wire.PathDirect))
			transfer := startTransfer(t)
			waitFor(t, "the lanes to move", func() bool { return world.directLanes(t) >= wire.LaneCount+wire.FlowLaneCount })
			if away != "" {
				if err := os.WriteFile(world.away, []byte(away), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			world.resetDirect(t)
			if away != "" {
				world.core.awaitThat(wire.EventTunnel, isState("down"))
				if err := os.Remove(world.away); err != nil {
					t.Fatal(err)
				}
				world.core.awaitThat(wire.EventTunnel, isState("up"))
			} else {
				world.core.awaitThat(wire.EventPath, isPath(wire.PathAPIServer))
			}
			transfer.goesOn(t, "after the direct path was reset")
			wasDown := slices.ContainsFunc(world.core.seen, func(seen string) bool { return strings.HasPrefix(seen, wire.EventTunnel+" down") })
			if wasDown != (away != "") {
				t.Errorf("told: %v", world.core.seen)
			}
		})
	}
}

// A laptop that gets another address in the same network: what had the old one is made anew, and no byte is lost.
func TestATransferGoesOnFromAnotherAddress(t *testing.T) {
	world := newWorld(t)
	place := world.office(t)
	world.connect(t)
	world.direct(place)
	world.core.awaitThat(wire.EventPath, isPath(wire.PathDirect))
	transfer := startTransfer(t)
	waitFor(t, "the lanes to move", func() bool { return world.directLanes(t) >= wire.LaneCount+wire.FlowLaneCount })
	for _, move := range [][2]string{{"198.51.100.1", "198.51.100.3"}, {"198.51.100.3", "198.51.100.1"}} {
		laptoptest.Run(t, "ip", "address", "delete", move[0]+"/24", "dev", "office0")
		laptoptest.Run(t, "ip", "address", "add", move[1]+"/24", "dev", "office0")
		waitFor(t, "connections from "+move[1], func() bool {
			listed := laptoptest.Run(t, "ss", "-tnH", "state", "established", "src", move[1], "dport", "=", strconv.Itoa(wire.AgentDirectPort))
			return strings.Count(listed, "\n") >= wire.LaneCount+wire.FlowLaneCount
		})
		waitFor(t, "the end of those from "+move[0], func() bool {
			return strings.TrimSpace(laptoptest.Run(t, "ss", "-tnH", "state", "established", "src", move[0])) == ""
		})
		transfer.goesOn(t, "from "+move[1])
	}
}

func TestTheDirectPathCarriesWithoutTheAPIServer(t *testing.T) {
	world := newWorld(t)
	place := world.office(t)
	world.connect(t)
	world.direct(place)
	world.core.awaitThat(wire.EventPath, isPath(wire.PathDirect))
	transfer := startTransfer(t)
	transfer.goesOn(t, "before")
	waitFor(t, "the lanes to move", func() bool { return world.directLanes(t) >= wire.LaneCount+wire.FlowLaneCount })
	if err := os.WriteFile(world.away, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	transfer.goesOn(t, "without the API server")
	expectDatagramEcho(t, "10.244.0.5:7")
	if body, err := get(t.Context(), podURL); err != nil || body != "orders" {
		t.Errorf("a new connection: %q, %v", body, err)
	}
	if err := os.Remove(world.away); err != nil {
		t.Fatal(err)
	}
	world.block(t, true)
	world.core.awaitThat(wire.EventPath, isPath(wire.PathAPIServer))
	transfer.goesOn(t, "over the API server again")
}

// directLanes counts the connections to the agent's port.
func (world *world) directLanes(t *testing.T) int {
	t.Helper()
	listed := laptoptest.Run(t, "nsenter", "-t", world.nodeID(), "-n", "ss", "-tnH", "state", "established", "sport", "=", strconv.Itoa(wire.AgentDirectPort))
	return strings.Count(listed, "\n")
}
