package hostset

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"slipway/native/internal/wire"
)

func textOf(set *Set) string {
	var texts []string
	for address := range set.All() {
		texts = append(texts, address.String())
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

func TestChangesCountWhole(t *testing.T) {
	var set Set
	for _, check := range []struct {
		name       string
		part       wire.HostsInput
		isComplete bool
		isBad      bool
		known      string
	}{
		{"the first", wire.HostsInput{Whole: true, Add: []string{"10.96.0.1", "10.96.0.2"}}, true, false, "10.96.0.1 10.96.0.2"},
		{"a change", wire.HostsInput{Add: []string{"::ffff:10.96.0.3"}, Remove: []string{"10.96.0.1", "10.9.9.9"}}, true, false, "10.96.0.2 10.96.0.3"},
		{"a part", wire.HostsInput{Add: []string{"10.96.0.4"}, More: true}, false, false, "10.96.0.2 10.96.0.3"},
		{"and its rest", wire.HostsInput{Remove: []string{"10.96.0.2"}}, true, false, "10.96.0.3 10.96.0.4"},
		{"a name", wire.HostsInput{Add: []string{"10.96.0.9", "orders"}}, false, true, "10.96.0.3 10.96.0.4"},
		{"a zone", wire.HostsInput{Add: []string{"fe80::1%eth0"}}, false, true, "10.96.0.3 10.96.0.4"},
		{"a part that is void", wire.HostsInput{Add: []string{"10.96.0.7"}, More: true}, false, false, "10.96.0.3 10.96.0.4"},
		{"because the next is bad", wire.HostsInput{Remove: []string{"x"}}, false, true, "10.96.0.3 10.96.0.4"},
		{"nothing of it counts later", wire.HostsInput{Add: []string{"10.96.0.8"}}, true, false, "10.96.0.3 10.96.0.4 10.96.0.8"},
		{"another whole", wire.HostsInput{Whole: true}, true, false, ""},
	} {
		isComplete, err := set.Take(check.part)
		if isComplete != check.isComplete || (err != nil) != check.isBad || textOf(&set) != check.known {
			t.Errorf("%s: %v, %v, %s", check.name, isComplete, err, textOf(&set))
		}
	}
}

func TestHostsAreBounded(t *testing.T) {
	var set Set
	var before map[netip.Addr]struct{}
	for part := 0; ; part++ {
		input := wire.HostsInput{More: part%2 == 0} // parts of a change count together
		for index := range 1000 {
			input.Add = append(input.Add, fmt.Sprintf("10.%d.%d.%d", part, index/200, index%200))
		}
		if _, err := set.Take(input); err != nil {
			break
		}
		if before = set.All(); part > 20 {
			t.Fatal("it takes any number")
		}
	}
	if len(before) > wire.MaxHosts || len(set.All()) != len(before) {
		t.Errorf("%d hosts, then %d", len(before), len(set.All()))
	}
}
