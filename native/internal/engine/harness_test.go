package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/hostset"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packetfilters"
	"slipway/native/internal/wire"
)

const patience = 20 * time.Second // for what must happen; never compared

// quick makes a second of the engine's life a twentieth of one.
var quick = Timing{
	Heartbeat: 100 * time.Millisecond, LaneSilence: 600 * time.Millisecond, SuspectAnswer: 300 * time.Millisecond,
	Renew: 500 * time.Millisecond, BackoffFirst: 10 * time.Millisecond, BackoffLast: 100 * time.Millisecond,
	Dial: 2 * time.Second, Establish: 10 * time.Second, HelperCall: 2 * time.Second, Credentials: 5 * time.Second,
	Release: 2 * time.Second, Reach: 200 * time.Millisecond, Probe: 500 * time.Millisecond, ClusterAnswer: 300 * time.Millisecond,
}

// fakeLaptop is a helper and the machine behind it: a TUN whose other side is a network stack.
type fakeLaptop struct {
	mutex     sync.Mutex
	calls     []string
	failing   map[string]error
	inForce   map[string]bool
	names     wire.NamesInput
	naming    func()          // before names are set
	kernel    *netstack.Stack // while the TUN is there
	device    *fakeTun
	changes   chan wire.HostInspection
	routes    chan wire.RouteDecisions
	decided   wire.RouteDecisions
	hosts     hostset.Set
	touches   chan wire.TunnelUpkeep
	lost      chan struct{}
	lostOnce  sync.Once
	tunOpened int
}

var _ Helper = (*fakeLaptop)(nil)

func newFakeLaptop() *fakeLaptop {
	return &fakeLaptop{
		failing: map[string]error{}, inForce: map[string]bool{},
		changes: make(chan wire.HostInspection, 4), routes: make(chan wire.RouteDecisions, 4), lost: make(chan struct{}),
		touches: make(chan wire.TunnelUpkeep, 4),
	}
}

func (laptop *fakeLaptop) note(call string) error {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	laptop.calls = append(laptop.calls, call)
	return laptop.failing[call]
}

func (laptop *fakeLaptop) set(what string) {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	laptop.inForce[what] = true
}

func (laptop *fakeLaptop) changed() []string {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	var left []string
	for what := range laptop.inForce {
		left = append(left, what)
	}
	slices.Sort(left)
	return left
}

func (laptop *fakeLaptop) called() []string {
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	return slices.Clone(laptop.calls)
}

func (laptop *fakeLaptop) undo() {
	laptop.mutex.Lock()
	kernel, device := laptop.kernel, laptop.device
	laptop.kernel, laptop.device = nil, nil
	clear(laptop.inForce)
	laptop.mutex.Unlock()
	if device != nil {
		device.Close()
		kernel.Close()
	}
}

func (laptop *fakeLaptop) Hello() wire.Hello {
	return wire.Hello{Protocol: wire.Protocol, Role: "helper"}
}

func (laptop *fakeLaptop) Inspect(context.Context) (wire.HostInspection, error) {
	return wire.HostInspection{ResolverMode: "resolv-conf", TunAvailable: true}, laptop.note("inspect")
}

func (laptop *fakeLaptop) Acquire(context.Context, wire.AcquireInput) (wire.Lease, error) {
	return wire.Lease{TimeoutMilliseconds: 10000}, laptop.note("acquire")
}

func (laptop *fakeLaptop) OpenTun(_ context.Context, input wire.OpenTunInput) (wire.TunOpened, tun.Device, error) {
	if err := laptop.note("openTun"); err != nil {
		return wire.TunOpened{}, nil, err
	}
	address := netip.MustParsePrefix(input.Addresses[0]).Addr()
	device := &fakeTun{packets: make(chan []byte, 1024), closed: make(chan struct{})}
	kernel, err := netstack.New(netstack.Config{MTU: input.MTU, Addresses: []netip.Addr{address}, Output: device.leave})
	if err != nil {
		return wire.TunOpened{}, nil, err
	}
	device.kernel = kernel
	laptop.mutex.Lock()
	laptop.kernel, laptop.device = kernel, device
	laptop.tunOpened++
	laptop.mutex.Unlock()
	laptop.set("tun")
	return wire.TunOpened{Interface: "slipway0", Index: 7}, device, nil
}

func (laptop *fakeLaptop) SetNames(_ context.Context, input wire.NamesInput) (wire.NamesInForce, error) {
	if err := laptop.note("setNames"); err != nil {
		return wire.NamesInForce{}, err
	}
	laptop.set("names")
	laptop.mutex.Lock()
	naming := laptop.naming
	laptop.mutex.Unlock()
	if naming != nil {
		naming()
	}
	laptop.mutex.Lock()
	defer laptop.mutex.Unlock()
	laptop.names = input
	return wire.NamesInForce{Mode: "resolv-conf", Upstreams: []string{}, Search: input.Search}, nil
}

func (laptop *fakeLaptop) Filters(context.Context) (wire.Filters, error) {
	chains, err := packetfilters.Dropping()
	return wire.Filters{Chains: chains}, err
}

func (laptop *fakeLaptop) FlushNames(context.Context) error { return laptop.note("flushNames") }

func (laptop *fakeLaptop) Release(context.Context) (wire.Released, error) {
	err := laptop.note("release")
	laptop.undo()
	return wire.Released{}, err
}

func (laptop *fakeLaptop) HostChanged() <-chan wire.HostInspection   { return laptop.changes }
func (laptop *fakeLaptop) RoutesChanged() <-chan wire.RouteDecisions { return laptop.routes }
func (laptop *fakeLaptop) NetworkTouched() <-chan wire.TunnelUpkeep  { return laptop.touches }
func (laptop *fakeLaptop) Lost() <-chan struct{}                     { return laptop.lost }
func (laptop *fakeLaptop) Err() error                                { return &wire.Problem{Code: wire.CodeLeaseLost, Cause: "test"} }

func (laptop *fakeLaptop) Close() error {
	laptop.undo()
	return nil
}

func (laptop *fakeLaptop) lose() { laptop.lostOnce.Do(func() { close(laptop.lost) }) }

// dial is a socket of a program on the laptop.
func (laptop *fakeLaptop) dial(ctx context.Context, network, address string) (net.Conn, error) {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	laptop.mutex.Lock()
	kernel := laptop.kernel
	laptop.mutex.Unlock()
	if kernel == nil {
		return nil, errors.New("network is unreachable")
	}
	if network == "udp" {
		return kernel.DialUDP(target)
	}
	return kernel.DialTCP(ctx, target)
}

// fakeTun is a TUN whose kernel is a network stack.
type fakeTun struct {
	packets chan []byte
	closed  chan struct{}
	once    sync.Once
	kernel  *netstack.Stack
}

func (device *fakeTun) leave(packet []byte) {
	select {
	case device.packets <- slices.Clone(packet):
	case <-device.closed:
	}
}

func (device *fakeTun) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	select {
	case packet := <-device.packets:
		sizes[0] = copy(buffers[0][offset:], packet)
		return 1, nil
	case <-device.closed:
		return 0, os.ErrClosed
	}
}

func (device *fakeTun) Write(buffers [][]byte, offset int) (int, error) {
	for _, buffer := range buffers {
		device.kernel.Input(buffer[offset:])
	}
	return len(buffers), nil
}

func (device *fakeTun) Close() error {
	device.once.Do(func() { close(device.closed) })
	return nil
}

func (device *fakeTun) File() *os.File           { return nil }
func (device *fakeTun) MTU() (int, error)        { return 16000, nil }
func (device *fakeTun) Name() (string, error)    { return "slipway0", nil }
func (device *fakeTun) Events() <-chan tun.Event { return nil }
func (device *fakeTun) BatchSize() int           { return 8 }

// fakeCore drives an engine as the core does.
type fakeCore struct {
	t      *testing.T
	input  *io.PipeWriter
	events chan wire.EngineEvent
	ended  chan error
	seen   []string
	wanted []wire.SessionAddresses // of the engine before
}

func startEngine(t *testing.T, config Config) *fakeCore {
	t.Helper()
	inputReader, inputWriter := io.Pipe()
	outputReader, outputWriter := io.Pipe()
	core := &fakeCore{t: t, input: inputWriter, events: make(chan wire.EngineEvent, 1024), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	if config.Timing == (Timing{}) {
		config.Timing = quick
	}
	go func() {
		core.ended <- Run(ctx, config, inputReader, outputWriter)
		outputWriter.Close()
	}()
	go func() {
		defer close(core.events)
		for {
			body, err := wire.ReadFrame(outputReader, wire.MaxEngineFrame)
			if err != nil {
				return
			}
			var event wire.EngineEvent
			if json.Unmarshal(body, &event) == nil && event.Event != wire.EventCounters {
				core.events <- event
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		inputWriter.Close()
		for range core.events { // until the engine has ended
		}
	})
	return core
}

func (core *fakeCore) send(command wire.EngineCommand) {
	core.t.Helper()
	if err := wire.WriteFrame(core.input, command, wire.MaxEngineFrame); err != nil {
		core.t.Fatal(err)
	}
}

// await returns the next event of a name; others before it are only noted.
func (core *fakeCore) await(name string) wire.EngineEvent {
	core.t.Helper()
	return core.awaitThat(name, func(wire.EngineEvent) bool { return true })
}

func (core *fakeCore) awaitThat(name string, fits func(wire.EngineEvent) bool) wire.EngineEvent {
	core.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case event, ok := <-core.events:
			if !ok {
				core.t.Fatalf("the engine ended before event %s; seen: %v", name, core.seen)
			}
			core.seen = append(core.seen, label(event))
			if event.Event == name && fits(event) {
				return event
			}
			if event.Event == wire.EventFailed {
				core.t.Fatalf("failed during %s while waiting for %s: %v", event.Failed.During, name, &event.Failed.Problem)
			}
		case <-deadline:
			core.t.Fatalf("no event %s; seen: %v", name, core.seen)
		}
	}
}

func (core *fakeCore) hello() {
	core.t.Helper()
	core.send(wire.EngineCommand{Command: wire.CommandHello, Hello: &wire.Hello{Protocol: wire.Protocol, Role: "core"}})
	core.await(wire.EventHello)
}

func (core *fakeCore) prepare(ranges ...string) *wire.PreparedEvent {
	core.t.Helper()
	core.send(wire.EngineCommand{Command: wire.CommandPrepare, Prepare: &wire.PrepareCommand{Ranges: wire.WantRouted(ranges...)}})
	return core.await(wire.EventPrepared).Prepared
}

func (core *fakeCore) connect() {
	core.t.Helper()
	core.connectTo("10.96.0.0/16", "10.244.0.0/24")
}

func (core *fakeCore) connectTo(ranges ...string) {
	core.t.Helper()
	core.send(wire.EngineCommand{Command: wire.CommandConnect, Connect: &wire.ConnectCommand{
		Agent:       firstAgent,
		OwnerSecret: ownerSecret,
		Ranges:      wire.WantRouted(ranges...),
		Scope:       wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"dev", "infra", "webshop"}},
		Names:       true,

		WantedAddresses: core.wanted,
	}})
}

func (core *fakeCore) connected() *wire.ReadyEvent {
	core.t.Helper()
	core.hello()
	core.prepare("10.96.0.0/16", "10.244.0.0/24")
	core.connect()
	ready := core.await(wire.EventReady).Ready
	core.await(wire.EventTunnel)
	return ready
}

func (core *fakeCore) end() error {
	core.t.Helper()
	select {
	case err := <-core.ended:
		return err
	case <-time.After(patience):
		core.t.Fatal("the engine did not end")
		return nil
	}
}

// ownerSecret is what the core has its engines register with.
var ownerSecret = wire.Secret(strings.Repeat("5e", 32))

var firstAgent = wire.AgentTarget{Namespace: "webshop", Pod: "slipway-agent-1", Port: wire.AgentPort}
