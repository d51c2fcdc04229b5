package hostnet

import (
	"os"
	"strings"
	"testing"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// TestIPv6ComesWithItsRoutes: in the kernel, also where the laptop has IPv6 off on all its interfaces.
func TestIPv6ComesWithItsRoutes(t *testing.T) {
	for name, setting := range map[string]string{"on": "0", "off on all interfaces": "1"} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			for _, which := range []string{"all", "default"} {
				if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte(setting), 0); err != nil {
					t.Fatal(err)
				}
			}
			host := New(testOptions(t, 0))
			lease, err := host.Acquire()
			if err != nil {
				t.Fatal(err)
			}
			defer host.Undo(lease)
			tunnel := wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.4.2/32", "fd34:8a0f:448:1::2/128"}}
			opened, file, err := host.OpenTun(lease, tunnel)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			set := func(ranges ...string) string {
				t.Helper()
				told, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted(ranges...)})
				if err != nil {
					t.Fatal(err)
				}
				for _, decision := range told.Decisions {
					if !decision.IsRouted() {
						t.Errorf("%+v", decision)
					}
				}
				return laptoptest.Run(t, "ip", "-6", "address", "show", "dev", opened.Interface) +
					laptoptest.Run(t, "ip", "-6", "route", "show", "dev", opened.Interface)
			}
			if found := set("10.96.0.0/16"); strings.Contains(found, "inet6") {
				t.Errorf("IPv6 without a range of it: %s", found)
			}
			found := set("10.96.0.0/16", "fd00:10:96::/112")
			if !strings.Contains(found, "fd34:8a0f:448:1::2/128") || !strings.Contains(found, "fd00:10:96::/112") || strings.Contains(found, "fe80") {
				t.Errorf("with a range: %s", found)
			}
			way := laptoptest.Run(t, "ip", "route", "get", "fd00:10:96::a")
			if !strings.Contains(way, opened.Interface) || !strings.Contains(way, "src fd34:8a0f:448:1::2") {
				t.Errorf("the way: %s", way)
			}
			if lacking, err := host.lacking(host.leases[lease]); err != nil || len(lacking) > 0 {
				t.Errorf("lacking %v, %v", lacking, err)
			}
		})
	}
}
