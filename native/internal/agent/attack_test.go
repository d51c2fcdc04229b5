package agent

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

// What one user who may port-forward to the agent tries against another who may too.

func TestStreamsThatSayNothingKeepNobodyOut(t *testing.T) {
	hello := wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol, Role: "engine"}}
	for name, begin := range map[string]func(*testing.T, net.Conn){
		"silent":                        func(*testing.T, net.Conn) {},
		"half an opening":               func(_ *testing.T, stream net.Conn) { _, _ = stream.Write([]byte{0, 0}) },
		"a hello without registering":   func(t *testing.T, stream net.Conn) { send(t, stream, hello) },
		"a lane of nobody's session":    func(t *testing.T, stream net.Conn) { send(t, stream, wire.AgentOpening{Kind: "lane"}) },
		"a renewal of nobody's session": renewNothing,
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, Config{Dialer: echoServer(t)})
			for range 600 {
				begin(t, connect(t, server))
			}
			newEngine(t, server).carry()
			server.mu.Lock()
			waiting := server.arrivals.order.Len()
			server.mu.Unlock()
			if waiting > 256 {
				t.Errorf("%d streams of nobody are kept", waiting)
			}
		})
	}
}

func renewNothing(t *testing.T, stream net.Conn) {
	send(t, stream, wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol, Role: "engine"}})
	send(t, stream, wire.AgentRequest{Request: "renew", RenewOfKey: randomText(32)})
}

func TestRegistrationsWithoutTunnelsKeepNobodyOut(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t), SessionsAtMost: 8})
	before := newEngine(t, server)
	before.carry()
	for range 40 {
		newEngine(t, server).register(nil)
	}
	after := newEngine(t, server)
	after.carry()
	for range 40 {
		newEngine(t, server).register(nil)
	}
	for name, engine := range map[string]*engine{"before": before, "in between": after} {
		if reply := engine.renew(); reply.Renewed == nil {
			t.Errorf("who registered %s lost the session: %+v", name, reply.Problem)
		}
		if err := engine.echo("10.0.0.1:80"); err != nil {
			t.Errorf("who registered %s: %v", name, err)
		}
	}
}

// All of it at once, and it goes on while another comes.
func TestOneWhoOpensEverythingKeepsNobodyOut(t *testing.T) {
	memory := &shortMemory{}
	server := serve(t, Config{Dialer: echoServer(t), SessionsAtMost: 8, DescriptorsAtMost: 120, Memory: memory})
	greedy := newEngine(t, server)
	greedy.carry()
	for range 60 {
		greedy.open(20 * time.Second)
	}
	memory.full.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener, stream.Accept)
	flooding.Go(func() {
		var open []net.Conn
		for ; ctx.Err() == nil; time.Sleep(time.Millisecond) { // a thousand each second, as no API server would pass on
			silent, err := net.Dial("tcp4", listener.Addr().String())
			if err == nil {
				open = append(open, silent)
			}
		}
		for _, silent := range open {
			silent.Close()
		}
	})
	defer flooding.Wait()
	defer listener.Close()
	defer cancel()
	for range 20 {
		newEngine(t, server).register(nil)
	}
	newEngine(t, server).carry()
}

// Forty registrations took 240 MB, and the container's limit ended the agent for all.
func TestARegistrationAloneHoldsLittle(t *testing.T) {
	server := serve(t, Config{})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 40 {
		newEngine(t, server).register(nil)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 40<<20 {
		t.Errorf("40 registrations hold %d MiB", held>>20)
	}
}

func TestAStreamRegistersOneSession(t *testing.T) {
	server := serve(t, Config{})
	engine := newEngine(t, server)
	engine.register(nil)
	engine.public = randomText(32)
	if reply := engine.register(nil); reply.Problem == nil || reply.Problem.Code != wire.CodeMessageMalformed {
		t.Errorf("a second session over the same stream: %+v", reply)
	}
}

// Whose places are all used by sessions that carry has to be refused: the agent cannot tell whose they are. Those that
// were there first lose nothing.
func TestSessionsThatCarryAreNotDisplaced(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t), SessionsAtMost: 2})
	first, second := newEngine(t, server), newEngine(t, server)
	first.carry()
	second.carry()
	if reply := newEngine(t, server).register(nil); reply.Problem == nil || reply.Problem.Code != wire.CodeAgentUnreachable {
		t.Errorf("a third session: %+v", reply)
	}
	if err := first.echo("10.0.0.1:80"); err != nil {
		t.Error(err)
	}
}

func TestASessionThatFellSilentMakesWay(t *testing.T) {
	server := serve(t, Config{Dialer: echoServer(t), SessionsAtMost: 2})
	silent, busy := newEngine(t, server), newEngine(t, server)
	silent.carry()
	busy.carry()
	silent.lanes.Close()
	silent.flows.Close(bytestream.Ended)
	left := server.byKey[decodedKey(t, silent.public)]
	eventually(t, "its lanes are still there", func() bool { return len(left.flows.Stats().Lanes) == 0 })
	left.heardAt.Store(time.Now().Add(-silentAfter - time.Second).UnixNano())
	newEngine(t, server).carry()
	if !isClosed(t, silent.control) {
		t.Error("the silent session is still there")
	}
	if reply := busy.renew(); reply.Renewed == nil {
		t.Errorf("the busy session is gone: %+v", reply.Problem)
	}
}

// shortMemory is a Memory that a test decides on.
type shortMemory struct {
	full   atomic.Bool
	excess func() int64
}

func (m *shortMemory) Full() bool { return m.full.Load() }

func (m *shortMemory) Excess() int64 {
	if m.excess == nil {
		return 0
	}
	return m.excess()
}

func TestWhoHoldsMostIsRefusedFirst(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		short  func(*shortMemory)
	}{
		"memory":      {Config{}, func(memory *shortMemory) { memory.full.Store(true) }},
		"descriptors": {Config{DescriptorsAtMost: 20}, func(*shortMemory) {}},
	} {
		t.Run(name, func(t *testing.T) {
			memory := &shortMemory{}
			test.config.Dialer, test.config.Memory = echoServer(t), memory
			server := serve(t, test.config)
			greedy, other := newEngine(t, server), newEngine(t, server)
			greedy.carry()
			other.carry()
			eventually(t, "what proved the tunnels is still counted", func() bool { flows, _ := server.shares.flows(); return flows == 0 })
			for range 16 {
				if greedy.open(20*time.Second) == nil {
					break
				}
			}
			test.short(memory)
			eventually(t, "the flows are not counted", func() bool { flows, _ := server.shares.flows(); return flows >= 16 })
			time.Sleep(2 * usageLifetime)
			if greedy.open(1500*time.Millisecond) != nil {
				t.Error("who holds most got more")
			}
			if other.open(20*time.Second) == nil {
				t.Error("who holds nothing was refused")
			}
			newcomer := newEngine(t, server)
			newcomer.carry()
		})
	}
}

func TestWhoHoldsMostLosesFlowsBeforeAllLoseTheAgent(t *testing.T) {
	const kept = 6
	var endangering atomic.Pointer[session]
	memory := &shortMemory{excess: func() int64 {
		if session := endangering.Load(); session != nil && session.forwarder.Flows() > kept {
			return 1 << 20
		}
		return 0
	}}
	server := serve(t, Config{Dialer: echoServer(t), Memory: memory})
	greedy, other := newEngine(t, server), newEngine(t, server)
	greedy.carry()
	other.carry()
	var opened []net.Conn
	for range 24 {
		opened = append(opened, greedy.open(20*time.Second))
	}
	mine := other.open(20 * time.Second)
	greedySession := server.byKey[decodedKey(t, greedy.public)]
	endangering.Store(greedySession)
	eventually(t, "nothing was taken from who holds most", func() bool { return greedySession.forwarder.Flows() <= kept })
	reset := 0
	for _, connection := range opened {
		connection.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if isClosed(t, connection) {
			reset++
		}
	}
	if reset == 0 {
		t.Error("no connection of the greedy laptop was reset")
	}
	mine.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := mine.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Read(make([]byte, 1)); err != nil {
		t.Errorf("the other's connection: %v", err)
	}
}
