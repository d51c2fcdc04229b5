package routelookup

import (
	"net/netip"
	"strings"
	"testing"

	"slipway/native/internal/hostnet/laptoptest"
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

const ours = "tunnel0"

// laptop has a tunnel with 10.96.0.0/16, a LAN with the default route, and a VPN's interface.
func laptop(t *testing.T, commands ...string) {
	t.Helper()
	laptoptest.Reset(t)
	for _, name := range []string{ours, "vpn0"} {
		laptoptest.Run(t, "ip", "tuntap", "add", name, "mode", "tun")
		t.Cleanup(func() { laptoptest.Run(t, "ip", "link", "delete", name) })
		laptoptest.Run(t, "ip", "link", "set", name, "up")
	}
	laptoptest.Run(t, "ip", "address", "add", "198.18.0.2/32", "dev", ours)
	laptoptest.Run(t, "ip", "route", "add", "10.96.0.0/16", "dev", ours, "src", "198.18.0.2")
	for _, command := range commands {
		laptoptest.Run(t, "ip", strings.Fields(command)...)
	}
	t.Cleanup(func() { // rules, and routes to nowhere, outlive the interfaces
		for _, command := range commands {
			if strings.HasPrefix(command, "rule add") || strings.HasSuffix(command, "10.96.3.0/24") {
				laptoptest.Run(t, "ip", strings.Fields(strings.Replace(command, " add", " del", 1))...)
			}
		}
	})
}

func TestWhatTakesAPacketFromTheTunnelIsNamed(t *testing.T) {
	const uid = 1000
	address := netip.MustParseAddr("10.96.3.4")
	vpnTable := "route add default dev vpn0 table 100"
	for name, check := range map[string]struct {
		commands            []string
		leadsTo, nowhere    string
		table, route, ruled string
	}{
		"nobody": {leadsTo: ours, table: "main", route: "10.96.0.0/16"},
		"the route replaced": {
			commands: []string{"route replace 10.96.0.0/16 dev vpn0"}, leadsTo: "vpn0", table: "main", route: "10.96.0.0/16",
		},
		"half of it": {
			commands: []string{"route add 10.96.0.0/17 dev vpn0"}, leadsTo: "vpn0", table: "main", route: "10.96.0.0/17",
		},
		"a blackhole": {
			commands: []string{"route add blackhole 10.96.3.0/24"}, nowhere: "blackhole", table: "main", route: "10.96.3.0/24",
		},
		"unreachable": {
			commands: []string{"route add unreachable 10.96.3.0/24"}, nowhere: "unreachable", table: "main", route: "10.96.3.0/24",
		},
		"prohibit": {
			commands: []string{"route add prohibit 10.96.3.0/24"}, nowhere: "prohibit", table: "main", route: "10.96.3.0/24",
		},
		"the laptop's own address": {
			commands: []string{"address add 10.96.3.4/32 dev eth0"}, leadsTo: "lo", table: "local", route: "10.96.3.4/32",
		},
		"a rule for all": {
			commands: []string{vpnTable, "rule add from all lookup 100 pref 5000"},
			leadsTo:  "vpn0", table: "100", route: "0.0.0.0/0", ruled: "5000: from all lookup 100",
		},
		"a rule for the range": {
			commands: []string{vpnTable, "rule add to 10.96.0.0/16 lookup 100 pref 5000"},
			leadsTo:  "vpn0", table: "100", route: "0.0.0.0/0", ruled: "5000: from all to 10.96.0.0/16 lookup 100",
		},
		"a rule for the user": {
			commands: []string{vpnTable, "rule add uidrange 1000-1000 lookup 100 pref 5000"},
			leadsTo:  "vpn0", table: "100", route: "0.0.0.0/0", ruled: "5000: from all uidrange 1000-1000 lookup 100",
		},
		"a rule for another user": {
			commands: []string{vpnTable, "rule add uidrange 1001-1001 lookup 100 pref 5000"},
			leadsTo:  ours, table: "main", route: "10.96.0.0/16",
		},
		"a rule for what is not marked, as WireGuard's wg-quick has it": {
			commands: []string{vpnTable, "rule add not fwmark 0xca6c lookup 100 pref 5000"},
			leadsTo:  "vpn0", table: "100", route: "0.0.0.0/0", ruled: "5000: not from all fwmark 0xca6c lookup 100",
		},
		"a rule for what is marked": {
			commands: []string{vpnTable, "rule add fwmark 7 lookup 100 pref 5000"},
			leadsTo:  ours, table: "main", route: "10.96.0.0/16",
		},
		"a rule for the tunnel's own source": {
			commands: []string{vpnTable, "rule add from 198.18.0.2 lookup 100 pref 5000"},
			leadsTo:  "vpn0", table: "100", route: "0.0.0.0/0", ruled: "5000: from 198.18.0.2 lookup 100",
		},
		"main without its default route": {
			commands: []string{vpnTable, "rule add lookup main suppress_prefixlength 0 pref 4000", "rule add lookup 100 pref 5000"},
			leadsTo:  ours, table: "main", route: "10.96.0.0/16", ruled: "4000: from all lookup main suppress_prefixlength 0",
		},
		"a rule that refuses": {
			commands: []string{"rule add to 10.96.0.0/16 prohibit pref 5000"},
			nowhere:  "prohibit", ruled: "5000: from all to 10.96.0.0/16 prohibit",
		},
		"a rule that jumps over main": {
			commands: []string{
				"route add 10.0.0.0/8 dev vpn0 table 100", "rule add lookup 100 pref 40000", "rule add to 10.96.0.0/16 goto 40000 pref 5000",
			},
			leadsTo: "vpn0", table: "100", route: "10.0.0.0/8", ruled: "40000: from all lookup 100",
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptop(t, check.commands...)
			way, err := To(address, uid)
			if err != nil {
				t.Fatal(err)
			}
			if check.nowhere != "" {
				if way.Nowhere != check.nowhere {
					t.Errorf("it goes %+v", way)
				}
			} else if way.Interface != check.leadsTo || way.Nowhere != "" {
				t.Errorf("it goes %+v, want %s", way, check.leadsTo)
			}
			tables, err := Read(address)
			if err != nil {
				t.Fatal(err)
			}
			reason := tables.Why(address, uid, way)
			route := ""
			if reason.Route.IsValid() {
				route = reason.Route.String()
			}
			if reason.Table != check.table || route != check.route || reason.Rule != check.ruled {
				t.Errorf("because of %+v (%s)", reason, reason)
			}
		})
	}
}

func TestPartsOfARangeThatOthersHaveAreFound(t *testing.T) {
	laptop(t, "route add 10.96.7.0/24 dev vpn0 table 100", "rule add to 10.96.9.9 lookup 100 pref 5000", "route add 10.97.0.0/16 dev vpn0")
	tables, err := Read(netip.MustParseAddr("10.96.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, address := range tables.Within(netip.MustParsePrefix("10.96.0.0/16"), laptoptest.Index(t, ours), 8) {
		found = append(found, address.String())
	}
	if strings.Join(found, " ") != "10.96.9.9 10.96.7.1" {
		t.Errorf("found %v", found)
	}
}

func TestSamplesAreHosts(t *testing.T) {
	for text, want := range map[string]string{
		"10.96.0.0/16": "10.96.0.1 10.96.128.1 10.96.255.254", "10.96.0.0/29": "10.96.0.1 10.96.0.5 10.96.0.6",
		"10.96.0.4/31": "10.96.0.4 10.96.0.5", "10.96.0.7/32": "10.96.0.7", "fd00::/64": "fd00::1 fd00::8000:0:0:1 fd00::ffff:ffff:ffff:fffe",
	} {
		var got []string
		for _, address := range Samples(netip.MustParsePrefix(text)) {
			got = append(got, address.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("of %s they are %v", text, got)
		}
	}
}
