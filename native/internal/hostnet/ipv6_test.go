package hostnet

import (
	"testing"

	"slipway/native/internal/wire"
)

// TestWithoutAnAddressOfIPv6IPv4Goes: an administrator's sysctl, a container whose /proc/sys is read-only.
func TestWithoutAnAddressOfIPv6IPv4Goes(t *testing.T) {
	laptop := newMemory()
	laptop.failing["repair"] = errBroken
	host := laptop.host(t)
	lease, err := host.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	tunnel := wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.4.2/32", "fd34:8a0f:448:1::2/128"}}
	if _, _, err := host.OpenTun(lease, tunnel); err != nil {
		t.Fatal(err)
	}
	told, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "fd00:10:96::/112")})
	if err != nil {
		t.Fatal(err)
	}
	if told.Decisions[0].Decision != wire.DecisionRouted || told.Decisions[1].Reason != "ipv6" {
		t.Errorf("%+v", told.Decisions)
	}
}
