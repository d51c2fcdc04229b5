package engine

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

const (
	mappedPod     = "240.44.0.5"  // of the pod 10.244.0.5
	mappedService = "198.19.0.20" // of the Service 10.96.0.20
)

var mappings = []wire.Mapping{
	{Real: "10.96.0.0/16", Virtual: "198.19.0.0/16"}, {Real: "10.244.0.0/16", Virtual: "240.44.0.0/16"},
}

// plan has other ranges and mappings put in force.
func (world *world) plan(ranges []wire.WantedRange, mappings []wire.Mapping) *wire.RoutesEvent {
	world.core.send(wire.EngineCommand{Command: wire.CommandPlan, Plan: &wire.PlanCommand{Ranges: ranges, Mappings: mappings}})
	return world.core.await(wire.EventRoutes).Routes
}

// TestOrdinaryProgramsReachMappedRanges: the kernel's own checksums, offloads and fragments, and the real agent.
func TestOrdinaryProgramsReachMappedRanges(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	if told := world.plan(wire.WantRouted("198.19.0.0/16", "240.44.0.0/16"), mappings); told.Problem != nil || slices.ContainsFunc(told.Decisions, func(decision wire.RouteDecision) bool { return !decision.IsRouted() }) {
		t.Fatalf("told %+v", told)
	}
	for _, name := range []string{"orders", "orders.webshop.svc.cluster.test"} {
		waitFor(t, "the name "+name, func() bool {
			return strings.HasPrefix(laptoptest.Run(t, "getent", "ahostsv4", name), mappedService)
		})
	}
	for _, url := range []string{"http://" + mappedPod, "http://" + mappedService, "http://orders.webshop"} {
		if body, err := get(t.Context(), url); err != nil || body != "orders" {
			t.Errorf("GET %s: %q %v", url, body, err)
		}
	}
	expectPing(t, mappedPod)
	expectMappedDatagrams(t)
	if _, err := net.DialTimeout("tcp", mappedPod+":81", patience); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed port: %v", err)
	}
	closed, err := net.Dial("udp", mappedPod+":9") // the error of the pod's kernel quotes what this one sent
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	_, _ = closed.Write([]byte("anybody?"))
	_ = closed.SetReadDeadline(time.Now().Add(patience))
	if _, err := closed.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a datagram to a closed port: %v", err)
	}
	// Whoever writes the cluster's own address down is shown the one that works.
	world.core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{ID: 1, Host: "10.244.0.5", Port: 80}})
	tested := world.core.await(wire.EventTested).Tested
	for _, step := range tested.Steps {
		if step.Problem != nil || step.Step == "name" && step.Answer != mappedPod {
			t.Errorf("test step %+v", step)
		}
	}
	if tested.Times == nil {
		t.Error("the test's flow was not found")
	}
	open, err := net.Dial("tcp", mappedService+":80")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	world.core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{Watched: true}})
	world.core.awaitThat(wire.EventFlows, func(event wire.EngineEvent) bool {
		return slices.ContainsFunc(event.Flows.Changed, func(flow wire.Flow) bool {
			return flow.Destination == mappedService+":80" && flow.Real == "10.96.0.20:80" && flow.State == "open"
		})
	})
	world.core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{}})
}

// expectMappedDatagrams has datagrams echoed that fit, that go in fragments through the tunnel, and that do at the TUN.
func expectMappedDatagrams(t *testing.T) {
	t.Helper()
	socket, err := net.Dial("udp", mappedPod+":7")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, size := range []int{1, 1199, 1500, 9001, 20000, 65507} {
		sent, got := bytes.Repeat([]byte("slipway"), 10000)[:size], make([]byte, 65535)
		_ = socket.SetDeadline(time.Now().Add(patience))
		if _, err := socket.Write(sent); err != nil {
			t.Errorf("send %d bytes: %v", size, err)
			continue
		}
		if count, err := socket.Read(got); err != nil || !bytes.Equal(got[:count], sent) {
			t.Errorf("of %d bytes came %d: %v", size, count, err)
		}
	}
}

// TestWhatBeganBeforeAPlanGoesOn: a range that was mapped is routed as it is, and the other way round.
func TestWhatBeganBeforeAPlanGoesOn(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	both := wire.WantRouted("10.96.0.0/16", "10.244.0.0/16", "198.19.0.0/16", "240.44.0.0/16")
	world.plan(both, mappings)
	dial := func(network, address string) net.Conn {
		opened, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { opened.Close() })
		return opened
	}
	connections := map[string]net.Conn{"by the virtual address": dial("tcp", mappedPod+":80"), "by the real one": dial("tcp", "10.244.0.5:80")}
	datagrams := map[string]net.Conn{"by the virtual address": dial("udp", mappedPod+":7"), "by the real one": dial("udp", "10.244.0.5:7")}
	for how, socket := range datagrams {
		t.Run(how, func(t *testing.T) { expectEcho(t, socket, "before") })
	}
	retired := slices.Clone(mappings)
	for index := range retired {
		retired[index].Retired = true
	}
	for name, next := range map[string][]wire.Mapping{"retired": retired, "mapped again": mappings} {
		if told := world.plan(both, next); told.Problem != nil {
			t.Fatalf("%s: %v", name, told.Problem)
		}
		for how, socket := range datagrams {
			expectEcho(t, socket, name+" "+how)
		}
		want := mappedService
		if name == "retired" {
			want = "10.96.0.20"
		}
		waitFor(t, "names when "+name, func() bool { return strings.HasPrefix(laptoptest.Run(t, "getent", "ahostsv4", "orders"), want) })
	}
	for how, opened := range connections {
		_ = opened.SetDeadline(time.Now().Add(patience))
		if _, err := opened.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if count, err := opened.Read(make([]byte, 100)); count == 0 {
			t.Errorf("%s: %v", how, err)
		}
	}
}

func TestAMappingThatCannotBeIsRefusedAndNothingChanges(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	core.send(wire.EngineCommand{Command: wire.CommandPlan, Plan: &wire.PlanCommand{
		Ranges: wire.WantRouted("198.19.0.0/16"), Mappings: []wire.Mapping{{Real: "10.0.0.0/8", Virtual: "198.19.0.0/16"}},
	}})
	told := core.await(wire.EventRoutes).Routes
	if told.Problem == nil || told.Problem.Code != wire.CodeMappingRefused || len(told.Decisions) != 2 || !told.Decisions[0].IsRouted() {
		t.Errorf("told %+v", told)
	}
}
