package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/gate"
	"slipway/native/internal/wire"
)

// What is silent together tells what is likely to be the matter.
func TestWhatIsSilentTogetherIsJudged(t *testing.T) {
	open := func(target string) answer { return answer{tried: []string{target}, subject: target, isOpen: true} }
	silent := func(target string) answer { return answer{tried: []string{target}, subject: target} }
	refused := func(target string) answer { return answer{tried: []string{target}, subject: target, refused: true} }
	const service, pod, local = "10.96.0.1:443", "10.244.1.5:53", "10.244.0.5:53"
	server := []netip.AddrPort{netip.MustParseAddrPort("10.96.0.10:53")}
	silentDNS := nameAnswer{"kubernetes", server, false, wire.CauseClusterDNSSilent.Problem(wire.CodeClusterDNSSilent)}
	failingDNS := nameAnswer{"kubernetes", server, true, wire.CauseClusterDNSAnswered.Problem(wire.CodeClusterDNSFailing)}
	fine := nameAnswer{"kubernetes", server, true, nil}
	for name, check := range map[string]struct {
		asked                 nameAnswer
		services, pods, local answer
		failed, states        string
		cause                 string
	}{
		"all is well": {fine, open(service), open(pod), open(local), "", "passed passed passed", ""},
		"nothing answers": {
			silentDNS, silent(service), silent(pod), silent(local),
			"resolver agent-egress-blocked, service agent-egress-blocked, pod agent-egress-blocked", "failed failed failed", "way to the agent itself works",
		},
		"everything is refused": {
			silentDNS, refused(service), refused(pod), refused(local),
			"resolver agent-egress-blocked, service agent-egress-blocked, pod agent-egress-blocked", "failed failed failed", "",
		},
		"DNS alone is silent":         {silentDNS, open(service), open(pod), answer{}, "resolver cluster-dns-silent", "failed passed passed", ""},
		"DNS alone fails":             {failingDNS, open(service), open(pod), answer{}, "resolver cluster-dns-failing", "failed passed passed", ""},
		"DNS fails, all else is dead": {failingDNS, silent(service), silent(pod), answer{}, "resolver cluster-dns-failing, service services-unreachable, pod pods-unreachable", "failed failed failed", ""},
		"Services alone are silent":   {fine, silent(service), open(pod), answer{}, "service services-unreachable", "passed failed passed", "while pods do"},
		"other nodes are silent":      {fine, open(service), silent(pod), open(local), "pod agent-node-cut-off", "passed passed failed", "own node do"},
		"other nodes and Services":    {fine, silent(service), silent(pod), open(local), "service agent-node-cut-off, pod agent-node-cut-off", "passed failed failed", "own node do"},
		"all but the agent's own node": {
			silentDNS, silent(service), silent(pod), open(local),
			"resolver agent-node-cut-off, service agent-node-cut-off, pod agent-node-cut-off", "failed failed failed", "own node do",
		},
		"cut off, and DNS has an error": {failingDNS, open(service), silent(pod), open(local), "resolver cluster-dns-failing, pod agent-node-cut-off", "failed passed failed", ""},
		"the agent's node is silent":    {fine, open(service), open(pod), silent(local), "pod pods-unreachable", "passed passed failed", local},
		"only the agent's node has one": {fine, open(service), answer{}, silent(local), "pod pods-unreachable", "passed passed failed", local},
		"one refuses":                   {fine, refused(service), open(pod), answer{}, "", "passed passed passed", ""},
		"nothing is known to dial":      {fine, answer{}, answer{}, answer{}, "", "passed notRun notRun", ""},
		"DNS is silent, nothing known":  {silentDNS, answer{}, answer{}, answer{}, "resolver cluster-dns-silent", "failed notRun notRun", ""},
		"no DNS to ask":                 {nameAnswer{name: "kubernetes"}, open(service), open(pod), answer{}, "", "notRun passed passed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			checks := judge("webshop", check.asked, check.services, check.pods, check.local)
			var failed, states []string
			for _, each := range checks {
				states = append(states, each.State)
				if each.Problem != nil {
					failed = append(failed, each.Check+" "+each.Problem.Code)
					if each.Problem.Facts["namespace"] != "webshop" {
						t.Errorf("the namespace is not named: %v", each.Problem.Facts)
					}
				}
			}
			if got := strings.Join(failed, ", "); got != check.failed {
				t.Errorf("it fails: %s", got)
			}
			if got := strings.Join(states, " "); got != check.states {
				t.Errorf("it is %s", got)
			}
			if check.cause != "" && !strings.Contains(firstProblem(checks).Cause, check.cause) {
				t.Errorf("it says %q", firstProblem(checks).Cause)
			}
		})
	}
}

func TestRangesAreProbedInTurnsWhereProgramsGo(t *testing.T) {
	var ranges []netip.Prefix
	for third := range 20 {
		ranges = append(ranges, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 96, byte(third), 0}), 24))
	}
	laptop := &reachLaptop{}
	seen := map[netip.AddrPort]bool{}
	for range 3 {
		chosen := laptop.toProbe(gate.Whole(ranges...), wire.ReachTargets{Services: []string{"10.96.3.7:5432", "not an address"}})
		if len(chosen) > maxProbes {
			t.Fatalf("%d at once", len(chosen))
		}
		for _, each := range chosen {
			seen[each.target] = true
		}
	}
	if len(seen) != len(ranges) || !seen[netip.MustParseAddrPort("10.96.3.7:5432")] || !seen[netip.MustParseAddrPort("10.96.4.1:443")] {
		t.Errorf("probed: %v", seen)
	}
	if chosen := laptop.toProbe(nil, reachOf("10.96.3.7:5432")); len(chosen) != 0 {
		t.Errorf("without a range: %v", chosen)
	}
}

func reachOf(services ...string) wire.ReachTargets { return wire.ReachTargets{Services: services} }

func TestAVerdictIsNewsWhereStateOrProblemDiffer(t *testing.T) {
	passed := []wire.ReachCheck{verdictOn(wire.ReachRoute, "10.96.0.0/16", nil), verdictOn(wire.ReachPod, "10.244.0.5:53", nil)}
	for name, check := range map[string]struct {
		other  []wire.ReachCheck
		isSame bool
	}{
		"the same":        {slices.Clone(passed), true},
		"another pod":     {[]wire.ReachCheck{passed[0], verdictOn(wire.ReachPod, "10.244.1.5:53", nil)}, true},
		"another range":   {[]wire.ReachCheck{verdictOn(wire.ReachRoute, "10.97.0.0/16", nil), passed[1]}, false},
		"a problem":       {[]wire.ReachCheck{passed[0], verdictOn(wire.ReachPod, "10.244.0.5:53", problemSilent)}, false},
		"one less":        {passed[:1], false},
		"one did not run": {[]wire.ReachCheck{passed[0], notRun(wire.ReachPod, "10.244.0.5:53")}, false},
	} {
		if isSameVerdict(passed, check.other) != check.isSame {
			t.Errorf("%s: %v", name, !check.isSame)
		}
	}
}
