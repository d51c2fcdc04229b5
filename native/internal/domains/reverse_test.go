package domains

import (
	"net/netip"
	"slices"
	"testing"
)

func TestReverseZonesCoverAPrefixOfEitherFamily(t *testing.T) {
	for text, want := range map[string][]string{
		"10.96.0.0/16":         {"96.10.in-addr.arpa"},
		"10.96.0.0/15":         {"96.10.in-addr.arpa", "97.10.in-addr.arpa"},
		"10.0.0.10/32":         {"10.0.0.10.in-addr.arpa"},
		"fd00:10:96::/112":     {"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa"},
		"fd00:10:9e::/47":      {"e.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa", "f.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa"},
		"10.0.0.0/0":           nil,
		"::/0":                 nil,
		"8000::/1":             {"8.ip6.arpa", "9.ip6.arpa", "a.ip6.arpa", "b.ip6.arpa", "c.ip6.arpa", "d.ip6.arpa", "e.ip6.arpa", "f.ip6.arpa"},
		"2001:db8::abcd:1/128": {"1.0.0.0.d.c.b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
	} {
		prefix := netip.MustParsePrefix(text)
		zones := ReverseZones(prefix)
		if !slices.Equal(zones, want) {
			t.Errorf("%s: %v", text, zones)
		}
		for _, zone := range zones {
			read, before, ok := ReversePrefix(zone + ".")
			if !ok || before != 0 || !prefix.Overlaps(read) || read.Bits() < prefix.Bits() {
				t.Errorf("%s reads as %v, %d, %v", zone, read, before, ok)
			}
		}
	}
	if zones := ReverseZones(netip.MustParsePrefix("128.0.0.0/1")); len(zones) != 128 {
		t.Errorf("%d zones", len(zones))
	}
	if prefix, before, ok := ReversePrefix("lb._dns-sd._udp.0.96.10.in-addr.arpa."); !ok || before != 3 || prefix.String() != "10.96.0.0/24" {
		t.Errorf("a browsing name reads as %v, %d, %v", prefix, before, ok)
	}
}
