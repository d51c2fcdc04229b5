package hostnet

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/wire"
)

// What both plans route is never without a route: flows that need not move would lose their way.
func TestWhatStaysRoutedIsNeverWithoutARoute(t *testing.T) {
	laptop := newMemory()
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Undo(lease)
	if _, err := host.SetHosts(lease, wire.HostsInput{Add: []string{"10.96.0.10"}}); err != nil {
		t.Fatal(err)
	}
	laptop.set(func() {
		laptop.calls = nil
		laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("10.96.0.0/12"), Interface: "vpn0"}}
	})
	host.settle(false, false)
	if wanted := []string{"add 10.96.0.10/32", "remove 10.96.0.0/16"}; !slices.Equal(laptop.calls, wanted) {
		t.Errorf("a VPN comes: %q", laptop.calls)
	}
	laptop.set(func() { laptop.calls, laptop.own.Routes = nil, nil })
	host.settle(false, false)
	if wanted := []string{"add 10.96.0.0/16", "remove 10.96.0.10/32"}; !slices.Equal(laptop.calls, wanted) {
		t.Errorf("a VPN goes: %q", laptop.calls)
	}
}

func TestHostsAreInStep(t *testing.T) {
	laptop := newMemory()
	laptop.own.Routes = []routes.Place{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Interface: "vpn0"}}
	host := laptop.host(t)
	lease, err := bringUp(host)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Undo(lease)
	for _, step := range []struct {
		change  wire.HostsInput
		inForce string
		hosts   int // of Services
	}{
		{wire.HostsInput{Whole: true, Add: []string{"10.96.0.10", "10.96.0.13"}}, "10.96.0.10/32 10.96.0.13/32", 2},
		{wire.HostsInput{Add: []string{"10.96.0.12", "192.168.1.7", "fd00::1"}}, "10.96.0.10/32 10.96.0.12/31", 3},
		{wire.HostsInput{Add: []string{"10.96.0.20"}, More: true}, "10.96.0.10/32 10.96.0.12/31", 3},
		{wire.HostsInput{Remove: []string{"10.96.0.10", "10.96.0.12"}}, "10.96.0.13/32 10.96.0.20/32", 2},
		{wire.HostsInput{Whole: true}, "", 0},
	} {
		decided, err := host.SetHosts(lease, step.change)
		if err != nil {
			t.Fatal(err)
		}
		if wanted := strings.Join(strings.Fields("tun "+step.inForce+" 198.18.0.3/32, names"), " "); laptop.inForce() != wanted || decided.Decisions[0].Hosts != step.hosts {
			t.Errorf("%+v: %s, told %+v", step.change, laptop.inForce(), decided.Decisions[0])
		}
		if told := newsOf(host, lease); told != "-" {
			t.Errorf("%+v is told twice: %s", step.change, told)
		}
	}
	var many wire.HostsInput
	for index := range wire.HostsAtOnce + 1 {
		many.Add = append(many.Add, netip.AddrFrom4([4]byte{10, 96, byte(index >> 8), byte(index)}).String())
	}
	for name, input := range map[string]wire.HostsInput{"a name": {Add: []string{"orders"}}, "a prefix": {Add: []string{"10.96.0.0/16"}}, "too many": many} {
		if _, err := host.SetHosts(lease, input); codeOf(err) != wire.CodeMessageMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
