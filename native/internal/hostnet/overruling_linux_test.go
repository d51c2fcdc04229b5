package hostnet

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// ownRules are those that lead to a table of ours.
func ownRules(t *testing.T) (found []string) {
	t.Helper()
	for _, family := range []string{"-4", "-6"} {
		for line := range strings.Lines(laptoptest.Run(t, "ip", family, "rule")) {
			if strings.Contains(line, "lookup 19818") {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
}

// By a rule before main a VPN takes everything, and our routes with it. What the plan put in force stays in the tunnel; what a rule
// says of this network, this user or of nowhere is somebody's word, and stays theirs.
func TestARuleThatLeadsEverythingElsewhereIsOverruled(t *testing.T) {
	const vpnDefault = "route add default dev vpn0 table 100"
	for name, check := range map[string]struct {
		comes  []string
		isOurs bool
		rule   string // as it is told
		// Whether what is elsewhere than in our ranges goes to vpn0, as the rule says.
		isElsewhereTheirs bool
	}{
		"tailscale's exit node": {
			[]string{vpnDefault, "rule add from all lookup 100 pref 5270"}, true, "5270: from all lookup 100", true,
		},
		"all that is not marked": {
			[]string{vpnDefault, "rule add not fwmark 0xca6c lookup 100 pref 5000"}, true, "5000: not from all fwmark 0xca6c lookup 100", true,
		},
		"halves of everything": {
			[]string{"route add 0.0.0.0/1 dev vpn0 table 100", "route add 128.0.0.0/1 dev vpn0 table 100", "rule add lookup 100 pref 220"},
			true, "220: from all lookup 100", true,
		},
		"two, of which the first counts": {
			[]string{vpnDefault, "route add default dev vpn0 table 101", "rule add lookup 101 pref 6000", "rule add lookup 100 pref 5000"},
			true, "5000: from all lookup 100", true,
		},
		"one without room before it":  {[]string{vpnDefault, "rule add lookup 100 pref 1"}, false, "", true},
		"one for our services":        {[]string{vpnDefault, "rule add to 10.96.0.0/16 lookup 100 pref 5000"}, false, "", false},
		"one for this user":           {[]string{vpnDefault, "rule add uidrange 0-0 lookup 100 pref 5000"}, false, "", true},
		"one for the tunnel's source": {[]string{vpnDefault, "rule add from 198.18.0.2 lookup 100 pref 5000"}, false, "", false},
		"a default route to nowhere":  {[]string{"route add blackhole default table 100", "rule add lookup 100 pref 5000"}, false, "", false},
		"one that refuses":            {[]string{"rule add prohibit pref 5000"}, false, "", false},
		"main without its default route, as wg-quick has it": {
			[]string{vpnDefault, "rule add lookup main suppress_prefixlength 0 pref 4000", "rule add not fwmark 0xca6c lookup 100 pref 5000"},
			true, "", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := roam(t)
			before := laptoptest.Run(t, "ip", "rule")
			for _, command := range check.comes {
				laptoptest.Run(t, "ip", strings.Fields(command)...)
			}
			taken := func(change string) {
				for _, command := range slices.Backward(check.comes) {
					laptoptest.Run(t, "ip", strings.Fields(strings.Replace(command, " add ", " "+change+" ", 1))...)
				}
			}
			if check.isOurs {
				laptop.eventually("in the tunnel", func() bool {
					return laptop.inTunnel("10.96.0.1") && laptop.inTunnel("10.244.0.1") && laptop.inTunnel("198.18.0.3")
				})
			}
			if check.rule != "" {
				decision := laptop.decided("rule", "rule", "cut protected")[0]
				if decision.Conflict != check.rule || decision.Interface != "vpn0" || decision.Decision != wire.DecisionRouted {
					t.Errorf("told %+v", decision)
				}
			} else {
				laptop.touched(func([]string) bool { return true })
			}
			if rules := ownRules(t); len(rules) > 0 != (check.rule != "") {
				t.Errorf("our rules are %q", rules)
			}
			way, err := linux{}.wayTo(netip.MustParseAddr("203.0.113.9"), 0)
			if err == nil && (way.Interface == "vpn0") != check.isElsewhereTheirs {
				t.Errorf("what is elsewhere goes %+v", way)
			}
			laptop.expectRouted("10.99.0.7", false) // what the laptop needs, of a range in force

			taken("del")
			if check.rule != "" {
				laptop.decided("", "", "cut protected")
			}
			laptop.eventually("as before", func() bool { return laptop.inTunnel("10.96.0.1") && len(ownRules(t)) == 0 })
			if after := laptoptest.Run(t, "ip", "rule"); after != before {
				t.Errorf("rules are\n%s", after)
			}
		})
	}
}

func TestAnOverrulingFollowsTheRangesAndAnotherRule(t *testing.T) {
	laptop := roam(t)
	laptoptest.Run(t, "ip", "route", "add", "default", "dev", "vpn0", "table", "100")
	for _, priority := range []string{"5000", "300"} {
		laptoptest.Run(t, "ip", "rule", "add", "lookup", "100", "pref", priority)
		defer laptoptest.Run(t, "ip", "rule", "del", "lookup", "100", "pref", priority)
		laptop.eventually("in the tunnel", func() bool { return laptop.inTunnel("10.96.0.1") })
	}
	if rules := ownRules(t); len(rules) != 2 || !strings.HasPrefix(rules[0], "299:") {
		t.Errorf("our rules are %q", rules)
	}
	decided, err := laptop.host.SetRoutes(laptop.lease, wire.RoutesInput{Ranges: wire.WantRouted("10.97.0.0/16")})
	if err != nil || len(decided.Decisions) != 1 || decided.Decisions[0].Reason != "rule" {
		t.Errorf("%+v, %v", decided, err)
	}
	laptop.expectRouted("10.97.0.1", true)
	laptop.expectRouted("10.96.0.1", false)

	// A VPN that has a broader route there as well: single addresses are ours, the rest is the VPN's.
	laptoptest.Run(t, "ip", "route", "add", "10.0.0.0/8", "dev", "vpn0", "table", "100")
	if _, err := laptop.host.SetRoutes(laptop.lease, wire.RoutesInput{Ranges: wire.WantRouted(services)}); err != nil {
		t.Fatal(err)
	}
	laptop.eventually("narrowed", func() bool { return laptop.inTunnel(serviceHost) && !laptop.inTunnel("10.96.0.99") })
}

func TestRulesOfAKilledHelperGo(t *testing.T) {
	laptop := roam(t)
	before := laptoptest.Run(t, "ip", "rule")
	laptoptest.Run(t, "ip", "route", "add", "default", "dev", "vpn0", "table", "100")
	laptoptest.Run(t, "ip", "rule", "add", "lookup", "100", "pref", "5000")
	laptop.eventually("in the tunnel", func() bool { return laptop.inTunnel("10.96.0.1") })
	crash(laptop.host)
	laptoptest.Run(t, "ip", "rule", "del", "pref", "5000")
	if left, err := Recover(testOptions(t, 0)); left != 0 || err != nil {
		t.Errorf("%d left over, %v", left, err)
	}
	if after := laptoptest.Run(t, "ip", "rule"); after != before {
		t.Errorf("rules are\n%s", after)
	}
}

func TestWhoKeepsTakingOurRuleGetsTheirWay(t *testing.T) {
	laptop := roam(t)
	laptoptest.Run(t, "ip", "route", "add", "default", "dev", "vpn0", "table", "100")
	laptoptest.Run(t, "ip", "rule", "add", "lookup", "100", "pref", "5000")
	defer laptoptest.Run(t, "ip", "rule", "del", "pref", "5000")
	for range maxRepairs + 1 {
		laptop.eventually("one for each family", func() bool { return len(ownRules(t)) == 2 })
		for _, family := range []string{"-4", "-6"} {
			laptoptest.Run(t, "ip", family, "rule", "del", "pref", "4999")
		}
	}
	laptop.eventually("theirs", func() bool {
		laptop.host.mu.Lock()
		defer laptop.host.mu.Unlock()
		return !laptop.host.leases[laptop.lease].overruling.truceUntil.IsZero()
	})
	if rules := ownRules(t); len(rules) > 0 {
		t.Errorf("our rules are %q", rules)
	}
	// After the truce it is tried again, though nothing else changed.
	laptop.host.mu.Lock()
	laptop.host.leases[laptop.lease].overruling.truceUntil = time.Now().Add(-time.Second)
	laptop.host.mu.Unlock()
	laptop.eventually("ours again", func() bool { return len(ownRules(t)) == 2 && laptop.inTunnel("10.96.0.1") })
}
