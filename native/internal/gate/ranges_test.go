package gate

import (
	"net/netip"
	"slices"
	"testing"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

var laptop = netip.MustParseAddr("198.18.5.2")

// rangesOf makes the gate of a laptop with these ranges in force.
func rangesOf(prefixes ...string) *Gate {
	gate := New(packet.NewPerFamily(laptop))
	var inForce []netip.Prefix
	for _, prefix := range prefixes {
		inForce = append(inForce, netip.MustParsePrefix(prefix))
	}
	gate.SetRanges(Whole(inForce...))
	return gate
}

func send(gate *Gate, destination string, bytes int) bool {
	return gate.Outbound(&packet.Packet{
		Flow: packet.Flow{Source: laptop, Destination: netip.MustParseAddr(destination)}, Raw: make([]byte, bytes),
	})
}

func TestBytesAreCountedByTheNarrowestRange(t *testing.T) {
	gate := rangesOf("10.96.0.0/16", "10.244.0.0/24", "10.96.7.0/24", "240.0.0.0/4", "fd00::/64", "fd00::7:0/112")
	for destination, mayLeave := range map[string]bool{
		"10.96.0.0": true, "10.96.255.255": true, "10.96.7.0": true, "10.96.7.255": true, "10.244.0.9": true, "255.255.255.255": true,
		"10.95.255.255": false, "10.97.0.0": false, "10.244.1.0": false, "0.0.0.0": false, "239.255.255.255": false,
		"fd00::": true, "fd00::ffff:ffff:ffff:ffff": true, "fd00::7:1": true, "fd00:0:0:1::": false, "::ffff:10.96.0.1": false,
	} {
		if send(gate, destination, 100) != mayLeave {
			t.Errorf("%s may leave: %v", destination, !mayLeave)
		}
	}
	expected := []wire.RangeCounters{
		{Prefix: "10.96.0.0/16", BytesUp: 200},
		{Prefix: "10.244.0.0/24", BytesUp: 100},
		{Prefix: "10.96.7.0/24", BytesUp: 200},
		{Prefix: "240.0.0.0/4", BytesUp: 100},
		{Prefix: "fd00::/64", BytesUp: 200},
		{Prefix: "fd00::7:0/112", BytesUp: 100},
	}
	if counted := gate.Counted(); !slices.Equal(counted, expected) {
		t.Errorf("counted %v, expected %v", counted, expected)
	}
	gate.SetRanges(Whole(netip.MustParsePrefix("10.96.0.0/16"), netip.MustParsePrefix("10.97.0.0/16")))
	send(gate, "10.96.7.1", 50)
	expected = []wire.RangeCounters{{Prefix: "10.96.0.0/16", BytesUp: 250}, {Prefix: "10.97.0.0/16"}}
	if counted := gate.Counted(); !slices.Equal(counted, expected) {
		t.Errorf("with other ranges: counted %v, expected %v", counted, expected)
	}
}

func TestNoRangeLetsNothingOut(t *testing.T) {
	gate := rangesOf()
	if send(gate, "10.96.0.1", 100) || len(gate.Counted()) != 0 {
		t.Errorf("counted %v", gate.Counted())
	}
}

func TestTheWholeSpaceIsARange(t *testing.T) {
	gate := rangesOf("0.0.0.0/0", "10.0.0.0/8", "::/0")
	send(gate, "255.255.255.255", 100)
	send(gate, "10.1.1.1", 50)
	send(gate, "2001:db8::1", 25)
	expected := []wire.RangeCounters{
		{Prefix: "0.0.0.0/0", BytesUp: 100}, {Prefix: "10.0.0.0/8", BytesUp: 50}, {Prefix: "::/0", BytesUp: 25},
	}
	if counted := gate.Counted(); !slices.Equal(counted, expected) {
		t.Errorf("counted %v, expected %v", counted, expected)
	}
}

// A VPN keeps what is not a host of the cluster's, and the LAN what was cut out.
func TestPartsOfARangeCountTogether(t *testing.T) {
	gate := New(packet.NewPerFamily(laptop))
	parts := func(texts ...string) (prefixes []netip.Prefix) {
		for _, text := range texts {
			prefixes = append(prefixes, netip.MustParsePrefix(text))
		}
		return prefixes
	}
	gate.SetRanges([]Range{
		{netip.MustParsePrefix("10.96.0.0/16"), parts("10.96.0.1/32", "10.96.0.4/31", "10.96.255.255/32")},
		{netip.MustParsePrefix("192.168.0.0/16"), parts("192.168.0.0/24", "192.168.2.0/23")},
		{netip.MustParsePrefix("::/0"), parts("::/0")},
	})
	for destination, mayLeave := range map[string]bool{
		"10.96.0.0": false, "10.96.0.1": true, "10.96.0.2": false, "10.96.0.3": false, "10.96.0.4": true, "10.96.0.5": true,
		"10.96.0.6": false, "10.96.255.254": false, "10.96.255.255": true, "10.97.0.0": false,
		"192.168.0.255": true, "192.168.1.0": false, "192.168.1.255": false, "192.168.3.255": true, "192.168.4.0": false,
		"255.255.255.255": false, "2001:db8::1": true, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": true, "::": true,
	} {
		if send(gate, destination, 100) != mayLeave {
			t.Errorf("%s may leave: %v", destination, !mayLeave)
		}
	}
	expected := []wire.RangeCounters{
		{Prefix: "10.96.0.0/16", BytesUp: 400}, {Prefix: "192.168.0.0/16", BytesUp: 200}, {Prefix: "::/0", BytesUp: 300},
	}
	if counted := gate.Counted(); !slices.Equal(counted, expected) {
		t.Errorf("counted %v, expected %v", counted, expected)
	}
}
