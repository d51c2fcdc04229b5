package engine

import (
	"net/netip"
	"strings"
	"testing"

	"slipway/native/internal/wire"
)

// What answers by IPv4 says nothing of IPv6.
func TestTheOtherFamilyIsJudgedByItself(t *testing.T) {
	const six, four = "[fd00:10:96::7]:80", "10.96.0.7:80"
	tried := func(target string) answer { return answer{tried: []string{target}, subject: target} }
	open := func(target string) answer {
		one := tried(target)
		one.isOpen = true
		return one
	}
	fine := nameAnswer{"kubernetes", []netip.AddrPort{netip.MustParseAddrPort("10.96.0.10:53")}, true, nil}
	for name, check := range map[string]struct {
		first, second answers
		failed        string
	}{
		"both answer":          {answers{open(four), open(four), answer{}}, answers{open(six), open(six), answer{}}, ""},
		"one family":           {answers{open(four), open(four), answer{}}, answers{}, ""},
		"Services are silent":  {answers{open(four), open(four), answer{}}, answers{tried(six), open(six), answer{}}, "service services-unreachable " + six},
		"pods are silent":      {answers{open(four), open(four), answer{}}, answers{open(six), tried(six), answer{}}, "pod pods-unreachable " + six},
		"local pods are":       {answers{open(four), open(four), answer{}}, answers{open(six), open(six), tried(six)}, "pod pods-unreachable " + six},
		"IPv4 fails by itself": {answers{tried(four), open(four), answer{}}, answers{tried(six), open(six), answer{}}, "service services-unreachable " + four},
		"only it has pods":     {answers{open(four), answer{}, answer{}}, answers{open(six), open(six), answer{}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			checks := judgeOther("webshop", judge("webshop", fine, check.first.services, check.first.pods, check.first.local), check.second)
			var failed []string
			for _, each := range checks {
				if each.Problem != nil {
					failed = append(failed, each.Check+" "+each.Problem.Code+" "+each.Problem.Said.Values["targets"])
				}
			}
			if told := strings.Join(failed, ", "); told != check.failed {
				t.Errorf("it fails: %s", told)
			}
			if name == "only it has pods" && checks[2].State != wire.ReachPassed {
				t.Errorf("pods are %+v", checks[2])
			}
		})
	}
}
