//go:build linux

package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

func configOf(laptop *fakeLaptop, cluster *fakeCluster) Config {
	return Config{
		Build:      "test",
		DialHelper: func(context.Context, string) (Helper, error) { return laptop, laptop.note("dial") },
		Carriers:   []carrier.New{cluster.carrier},
		SystemDial: laptop.dial,
	}
}

// expectEcho proves that a connection of the laptop carries bytes both ways.
func expectEcho(t *testing.T, socket net.Conn, word string) {
	t.Helper()
	_ = socket.SetDeadline(time.Now().Add(patience))
	if _, err := socket.Write([]byte(word)); err != nil {
		t.Fatalf("write %q: %v", word, err)
	}
	answer := make([]byte, len(word))
	if _, err := io.ReadFull(socket, answer); err != nil || string(answer) != word {
		t.Fatalf("read %q after %q: %v", answer, word, err)
	}
}

func dialPod(t *testing.T, laptop *fakeLaptop) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	socket, err := laptop.dial(ctx, "tcp", "10.244.0.5:80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return socket
}

func TestConnectTakesItsStepsInOrderAndStopUndoesThem(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	ready := core.connected()

	wanted := []string{"dial", "inspect", "checkRoutes", "acquire", "openTun", "setRoutes", "setNames"}
	if called := laptop.called(); !slices.Equal(called, wanted) {
		t.Errorf("helper was asked %v, want %v", called, wanted)
	}
	if steps := strings.Join(core.seen, ", "); !strings.Contains(steps, "step tunnel, step routes, step names, step verify, ready, tunnel up") {
		t.Errorf("events: %s", steps)
	}
	if ready.Interface != "slipway0" || ready.MTU != interfaceMTU || len(ready.Routes) != 2 || ready.Agent.ClusterDomain != "cluster.test" {
		t.Errorf("ready: %+v", ready)
	}
	names := laptop.names
	if names.Resolver != "198.18.0.11" || slices.Contains(names.Domains, "dev") ||
		!slices.Contains(names.Domains, "webshop") || !slices.Contains(names.Domains, "svc") ||
		!slices.Equal(names.Search, []string{"webshop.svc.cluster.test", "svc.cluster.test"}) ||
		!slices.Equal(names.Reverse, []string{"96.10.in-addr.arpa", "0.244.10.in-addr.arpa"}) {
		t.Errorf("names: %+v", names)
	}
	expectEcho(t, dialPod(t, laptop), "through the tunnel")

	core.send(wire.EngineCommand{Command: wire.CommandStop})
	if stopped := core.await(wire.EventStopped).Stopped; stopped.LeftOver != 0 {
		t.Errorf("%d left over", stopped.LeftOver)
	}
	if err := core.end(); err != nil {
		t.Errorf("the engine ended with %v", err)
	}
	if left := laptop.changed(); left != nil {
		t.Errorf("in force after stop: %v", left)
	}
	agent := cluster.agents[firstAgent.Pod]
	agent.mutex.Lock()
	defer agent.mutex.Unlock()
	if agent.left != 1 {
		t.Error("the engine did not leave the agent")
	}
	if agent.owner != ownerSecret {
		t.Error("the agent cannot tell whose engine it was")
	}
}

// TestAnEngineInPlaceOfAnotherHasItsAddresses follows what the core hands from one engine to the next.
func TestAnEngineInPlaceOfAnotherHasItsAddresses(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.wanted = []wire.SessionAddresses{
		{Laptop: "198.18.7.2", Engine: "198.18.7.3"}, {Laptop: "fd34:8a0f:448:7::2", Engine: "fd34:8a0f:448:7::3"},
	}
	if ready := core.connected(); !slices.Equal(ready.Addresses, core.wanted) {
		t.Errorf("it has %v, and should have %v", ready.Addresses, core.wanted)
	}
}

func TestEachFailingStepUndoesEverythingAndTheEngineStaysUsable(t *testing.T) {
	for _, example := range []struct{ call, during, code string }{
		{"openTun", "routes", wire.CodeTunUnavailable},
		{"setRoutes", "routes", wire.CodeJournalUnwritable},
		{"dial tunnel", "tunnel", wire.CodeForbidden},
		{"verify", "verify", wire.CodeTunnelSilent},
	} {
		t.Run(example.call, func(t *testing.T) {
			laptop, cluster := newFakeLaptop(), newFakeCluster(t)
			config := configOf(laptop, cluster)
			broken := true
			config.SystemDial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if example.call == "verify" && broken {
					return nil, errors.New("network is unreachable")
				}
				return laptop.dial(ctx, network, address)
			}
			laptop.failing[example.call] = &wire.Problem{Code: example.code, Cause: "test"}
			if example.call == "dial tunnel" {
				cluster.refuse(&wire.Problem{Code: example.code, Cause: "test"})
			}
			core := startEngine(t, config)
			core.hello()
			core.prepare("10.96.0.0/16")
			core.connect()
			failed := core.await(wire.EventFailed).Failed
			if failed.During != example.during || failed.Problem.Code != example.code || failed.LeftOver != 0 {
				t.Errorf("failed: %+v", failed)
			}
			if left := laptop.changed(); left != nil {
				t.Errorf("in force after the failure: %v", left)
			}
			cluster.refuse(nil)
			laptop.mutex.Lock()
			clear(laptop.failing)
			broken = false
			laptop.mutex.Unlock()
			core.prepare("10.96.0.0/16")
			core.connect()
			core.await(wire.EventReady)
			expectEcho(t, dialPod(t, laptop), "second try")
		})
	}
}

func TestNamesThatCannotBeSetDegradeTheConnection(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	laptop.failing["setNames"] = &wire.Problem{Code: wire.CodeInternal, Cause: "resolv.conf: read-only file system"}
	core := startEngine(t, configOf(laptop, cluster))
	ready := core.connected()
	if ready.Names == nil || ready.Names.Mode != "off" || ready.Names.Problem == nil || ready.Names.Problem.Code != wire.CodeResolverUnset {
		t.Errorf("names: %+v", ready.Names)
	}
	expectEcho(t, dialPod(t, laptop), "addresses work")
}

func TestPrepareChangesNothingAndTellsWhoRefuses(t *testing.T) {
	for call, problem := range map[string]*wire.Problem{
		"dial":    {Code: wire.CodeHelperMissing, Cause: "no socket"},
		"acquire": {Code: wire.CodeHelperBusy, Cause: "another lease"},
	} {
		laptop, cluster := newFakeLaptop(), newFakeCluster(t)
		laptop.failing[call] = problem
		core := startEngine(t, configOf(laptop, cluster))
		core.hello()
		core.send(wire.EngineCommand{Command: wire.CommandPrepare, Prepare: &wire.PrepareCommand{}})
		failed := core.await(wire.EventFailed).Failed
		if failed.During != "prepare" || !reflect.DeepEqual(&failed.Problem, problem) {
			t.Errorf("%s: %+v", call, failed)
		}
		if left := laptop.changed(); left != nil {
			t.Errorf("%s: in force: %v", call, left)
		}
	}
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.hello()
	prepared := core.prepare("10.96.0.0/16", "192.168.0.0/16")
	if prepared.Decisions[1].IsRouted() || prepared.Decisions[1].Interface != "eth0" {
		t.Errorf("decisions: %+v", prepared.Decisions)
	}
}

func TestTheEndOfTheCoreReleasesEverything(t *testing.T) {
	for name, connected := range map[string]bool{"while connected": true, "while connecting": false} {
		t.Run(name, func(t *testing.T) {
			laptop, cluster := newFakeLaptop(), newFakeCluster(t)
			core := startEngine(t, configOf(laptop, cluster))
			if connected {
				core.connected()
			} else {
				cluster.refuse(&wire.Problem{Code: wire.CodeAPIUnreachable, Cause: "test"})
				core.hello()
				core.prepare("10.96.0.0/16")
				core.connect()
				core.await(wire.EventStep)
			}
			core.input.Close()
			if err := core.end(); err != nil {
				t.Errorf("the engine ended with %v", err)
			}
			if left := laptop.changed(); left != nil || !slices.Contains(laptop.called(), "release") {
				t.Errorf("in force: %v, asked: %v", left, laptop.called())
			}
		})
	}
}

func TestACoreOfAnotherProtocolIsToldSo(t *testing.T) {
	core := startEngine(t, configOf(newFakeLaptop(), newFakeCluster(t)))
	core.send(wire.EngineCommand{Command: wire.CommandHello, Hello: &wire.Hello{Protocol: wire.Protocol + 1, Role: "core"}})
	core.await(wire.EventHello)
	if failed := core.await(wire.EventFailed).Failed; failed.Problem.Code != wire.CodeEngineVersion {
		t.Errorf("failed: %+v", failed)
	}
	if err := core.end(); !errors.Is(err, ErrCoreVersion) {
		t.Errorf("ended with %v", err)
	}
}

func TestALostLeaseEndsTheEngine(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	laptop.lose()
	if lost := core.await(wire.EventHelperLost); lost.Problem.Code != wire.CodeLeaseLost {
		t.Errorf("problem: %v", lost.Problem)
	}
	if err := core.end(); !errors.Is(err, ErrHelperLost) {
		t.Errorf("ended with %v", err)
	}
}

func TestATestGoesTheWayOfAProgram(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{ID: 9, Host: "10.244.0.5", Port: 80}})
	tested := core.await(wire.EventTested).Tested
	var steps []string
	for _, step := range tested.Steps {
		if step.Problem != nil {
			t.Errorf("%s: %v", step.Step, step.Problem)
		}
		steps = append(steps, step.Step)
	}
	if tested.ID != 9 || !slices.Equal(steps, []string{"name", "route", "tunnel", "connection"}) {
		t.Errorf("tested: %+v", tested)
	}
}

func TestATestOfPort0DialsNothing(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{ID: 10, Host: "10.244.0.5"}})
	tested := core.await(wire.EventTested).Tested
	var steps []string
	for _, step := range tested.Steps {
		steps = append(steps, step.Step)
	}
	if !slices.Equal(steps, []string{"name", "route", "tunnel"}) {
		t.Errorf("tested: %+v", tested)
	}
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add([]byte(`{"command":"hello","hello":{"protocol":2,"build":"x","role":"core"}}`))
	f.Add([]byte(`{"command":"stop"}`))
	f.Add([]byte(`{"command":"connect"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		command, err := decodeCommand(body)
		if err == nil && command.Command != wire.CommandStop && bytes.Equal(bytes.TrimSpace(body), []byte("{}")) {
			t.Error("a command without a name was taken")
		}
	})
}

// A carrier that cannot reach the agent costs nothing but its try; what carries is what is told.
func TestTheCheapestCarrierThatReachesTheAgentIsTakenAndNamed(t *testing.T) {
	for name, test := range map[string]struct {
		reaches bool
		want    string
	}{
		"the direct one reaches it":     {true, "direct"},
		"the direct one cannot be used": {false, "fake"},
	} {
		t.Run(name, func(t *testing.T) {
			laptop, cluster := newFakeLaptop(), newFakeCluster(t)
			config := configOf(laptop, cluster)
			config.Carriers = append(config.Carriers, func(wire.ClusterAddress, carrier.CredentialSource) (carrier.Carrier, error) {
				return &directCarrier{fakeCluster: cluster, reaches: test.reaches}, nil
			})
			core := startEngine(t, config)
			core.hello()
			core.prepare("10.96.0.0/16")
			core.connect()
			core.await(wire.EventReady)
			if tunnel := core.await(wire.EventTunnel).Tunnel; tunnel.State != "up" || tunnel.Path != test.want {
				t.Errorf("the tunnel is %s through %q", tunnel.State, tunnel.Path)
			}
		})
	}
}

// directCarrier is a cheaper way to the same cluster.
type directCarrier struct {
	*fakeCluster
	reaches bool
}

func (*directCarrier) Name() string       { return "direct" }
func (*directCarrier) Cost() carrier.Cost { return carrier.Cost{} }
func (*directCarrier) Packets(opened carrier.Stream) carrier.Packets {
	return stream.New("direct", opened)
}

func (direct *directCarrier) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	if !direct.reaches {
		return nil, errors.New("no route to the node")
	}
	return direct.fakeCluster.Dial(ctx, target)
}
