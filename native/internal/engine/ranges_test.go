package engine

import (
	"net/netip"
	"slices"
	"testing"

	"slipway/native/internal/wire"
)

func packetOf(source, destination string, size int) []byte {
	packet := make([]byte, size)
	packet[0] = 0x45
	from, to := netip.MustParseAddr(source).As4(), netip.MustParseAddr(destination).As4()
	copy(packet[12:], from[:])
	copy(packet[16:], to[:])
	return packet
}

func send(counters *rangeCounters, destination string, bytes int) {
	counters.outbound(counters.ownerOf(packetOf("10.0.0.1", destination, bytes)[16:20]), bytes)
}

func countersOf(prefixes ...string) *rangeCounters {
	var routed []netip.Prefix
	for _, prefix := range prefixes {
		routed = append(routed, netip.MustParsePrefix(prefix))
	}
	return newRangeCounters(routed)
}

func TestBytesAreCountedByTheNarrowestRange(t *testing.T) {
	counters := countersOf("10.96.0.0/16", "10.244.0.0/24", "10.96.7.0/24", "255.255.255.0/24", "fd00::/64")
	for _, destination := range []string{
		"10.96.0.0", "10.96.255.255", "10.96.7.0", "10.96.7.255", "10.244.0.9", "255.255.255.255",
		"10.95.255.255", "10.97.0.0", "10.244.1.0", "0.0.0.0", "255.255.254.255",
	} {
		send(counters, destination, 100)
	}
	counters.inbound([][]byte{
		packetOf("10.96.0.1", "10.0.0.1", 40), nil, packetOf("10.96.0.2", "10.0.0.1", 60),
		packetOf("192.0.2.1", "10.0.0.1", 1000), packetOf("10.244.0.1", "10.0.0.1", 20), packetOf("10.96.0.1", "10.0.0.1", 30),
	})
	expected := []wire.RangeCounters{
		{Prefix: "10.96.0.0/16", BytesUp: 200, BytesDown: 130},
		{Prefix: "10.244.0.0/24", BytesUp: 100, BytesDown: 20},
		{Prefix: "10.96.7.0/24", BytesUp: 200},
		{Prefix: "255.255.255.0/24", BytesUp: 100},
	}
	if counted := counters.counted(); !slices.Equal(counted, expected) {
		t.Errorf("counted %v, expected %v", counted, expected)
	}
}

func TestNoRangeCountsNothing(t *testing.T) {
	counters := countersOf()
	send(counters, "10.96.0.1", 100)
	counters.inbound([][]byte{packetOf("10.96.0.1", "10.0.0.1", 100), nil})
	if counted := counters.counted(); len(counted) != 0 {
		t.Errorf("counted %v", counted)
	}
}

func TestTheWholeSpaceIsARange(t *testing.T) {
	counters := countersOf("0.0.0.0/0", "10.0.0.0/8")
	send(counters, "255.255.255.255", 100)
	send(counters, "10.1.1.1", 50)
	expected := []wire.RangeCounters{{Prefix: "0.0.0.0/0", BytesUp: 100}, {Prefix: "10.0.0.0/8", BytesUp: 50}}
	if counted := counters.counted(); !slices.Equal(counted, expected) {
		t.Errorf("counted %v, expected %v", counted, expected)
	}
}

func BenchmarkRangeCounters(b *testing.B) {
	prefixes := []string{"10.96.0.0/16"}
	for node := range 16 {
		prefixes = append(prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(node), 0}), 24).String())
	}
	counters := countersOf(prefixes...)
	packet := packetOf("10.244.7.9", "10.96.3.4", 1400)
	batch := slices.Repeat([][]byte{packet}, 64)
	b.Run("one up", func(b *testing.B) {
		for b.Loop() {
			counters.outbound(counters.ownerOf(packet[16:20]), len(packet))
		}
	})
	b.Run("64 down", func(b *testing.B) {
		for b.Loop() {
			counters.inbound(batch)
		}
	})
}
