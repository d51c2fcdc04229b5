//go:build linux

package engine

import (
	"context"
	"io/fs"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// fakeKernel is that of a fake laptop: its interface is there for as long as the laptop's TUN is, and has every way.
type fakeKernel struct {
	laptop *fakeLaptop
	probe  func(ctx context.Context) error
}

func (kernel *fakeKernel) Interface(int) (InterfaceState, error) {
	if !slices.Contains(kernel.laptop.changed(), "tun") {
		return InterfaceState{}, fs.ErrNotExist
	}
	return InterfaceState{Name: "slipway0", IsUp: true, Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.10")}}, nil
}

func (*fakeKernel) Way(netip.Addr) (routelookup.Way, error) {
	return routelookup.Way{Index: 7, Interface: "slipway0"}, nil
}
func (*fakeKernel) Tables(netip.Addr) (tables routelookup.Tables, err error) { return tables, nil }
func (*fakeKernel) Connections() ([]packet.Flow, error)                      { return nil, nil }
func (*fakeKernel) User() uint32                                             { return 0 }
func (kernel *fakeKernel) Probe(ctx context.Context, _ string, _ netip.AddrPort, _ func(uint16)) error {
	return kernel.probe(ctx)
}

// Stop in the middle of connect's first reach check: it does not wait for the check, and connect has not succeeded.
func TestStopEndsTheFirstReachCheckAndNothingIsReady(t *testing.T) {
	for name, isDeaf := range map[string]bool{"a check that can be ended": false, "one that ended well just now": true} {
		t.Run(name, func(t *testing.T) {
			laptop, cluster := newFakeLaptop(), newFakeCluster(t)
			config := configOf(laptop, cluster)
			config.Timing = quick
			config.Timing.Probe = 2 * patience
			probed, goOn := make(chan struct{}, 100), make(chan struct{})
			config.Kernel = &fakeKernel{laptop, func(ctx context.Context) error {
				probed <- struct{}{}
				if isDeaf {
					<-goOn
					return syscall.ECONNREFUSED
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			core := startEngine(t, config)
			core.hello()
			core.prepare("10.96.0.0/16")
			core.connect()
			<-probed
			core.send(wire.EngineCommand{Command: wire.CommandStop})
			close(goOn)
			core.await(wire.EventStopped)
			if err := core.end(); err != nil {
				t.Errorf("the engine ended with %v", err)
			}
			for _, told := range []string{wire.EventReady, wire.EventReach, wire.EventFailed} {
				if slices.Contains(core.seen, told) {
					t.Errorf("after stop it told %v", core.seen)
				}
			}
			if left := laptop.changed(); left != nil {
				t.Errorf("in force: %v", left)
			}
		})
	}
}

// A goodbye that takes its time, while the helper has undone everything: that is no finding of the reach check.
func TestWhatStopUndoesIsNotToldAsLost(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	config := configOf(laptop, cluster)
	config.Kernel = &fakeKernel{laptop, func(context.Context) error { return syscall.EPERM }}
	core := startEngine(t, config)
	core.connected()
	cluster.stall()
	core.send(wire.EngineCommand{Command: wire.CommandStop})
	blamed := false
	for event := range core.events {
		for _, check := range checksOf(event) {
			blamed = blamed || check.Check == wire.ReachInterface && check.Problem != nil
		}
	}
	if err := core.end(); err != nil || blamed {
		t.Errorf("the engine ended with %v, and the interface was blamed: %v", err, blamed)
	}
}

func checksOf(event wire.EngineEvent) []wire.ReachCheck {
	if event.Reach == nil {
		return nil
	}
	return event.Reach.Checks
}
