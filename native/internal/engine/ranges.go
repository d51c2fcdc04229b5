package engine

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"sync/atomic"

	"slipway/native/internal/wire"
)

// rangeCounters counts bytes by routed range. An address that two ranges hold counts for the narrower one, as the
// kernel routes. It is made once for each set of routes and never changes but for its counts.
type rangeCounters struct {
	prefixes []netip.Prefix
	// starts holds, in order, the first address of each stretch of addresses that one range owns (or none); owners
	// says which: an index into prefixes, or -1.
	starts   []uint32
	owners   []int32
	up, down []atomic.Uint64
}

func newRangeCounters(routed []netip.Prefix) *rangeCounters {
	counters := &rangeCounters{}
	edges := []uint32{0}
	for _, prefix := range routed {
		if !prefix.Addr().Is4() {
			continue
		}
		first, last := boundsOf(prefix)
		counters.prefixes = append(counters.prefixes, prefix)
		edges = append(edges, first)
		if last != math.MaxUint32 {
			edges = append(edges, last+1)
		}
	}
	slices.Sort(edges)
	counters.starts = slices.Compact(edges)
	for _, start := range counters.starts {
		counters.owners = append(counters.owners, counters.narrowest(start))
	}
	counters.up = make([]atomic.Uint64, len(counters.prefixes))
	counters.down = make([]atomic.Uint64, len(counters.prefixes))
	return counters
}

func (counters *rangeCounters) narrowest(address uint32) int32 {
	owner := int32(-1)
	for index, prefix := range counters.prefixes {
		first, last := boundsOf(prefix)
		if address >= first && address <= last && (owner < 0 || prefix.Bits() > counters.prefixes[owner].Bits()) {
			owner = int32(index)
		}
	}
	return owner
}

// boundsOf answers the first and the last address of an IPv4 prefix.
func boundsOf(prefix netip.Prefix) (first, last uint32) {
	address := prefix.Masked().Addr().As4()
	first = binary.BigEndian.Uint32(address[:])
	return first, first | uint32(uint64(math.MaxUint32)>>prefix.Bits())
}

// ownerOf answers the index of the range that counts the four bytes of an address, -1 where none does.
func (counters *rangeCounters) ownerOf(address []byte) int32 {
	wanted := binary.BigEndian.Uint32(address)
	low, high := 0, len(counters.starts) // starts[0] is 0: there always is one at or below
	for high-low > 1 {
		middle := int(uint(low+high) >> 1)
		if counters.starts[middle] <= wanted {
			low = middle
		} else {
			high = middle
		}
	}
	return counters.owners[low]
}

// outbound counts one packet to a range, as ownerOf answered.
func (counters *rangeCounters) outbound(owner int32, bytes int) {
	if owner >= 0 {
		counters.up[owner].Add(uint64(bytes))
	}
}

// inbound counts the packets of a batch that are not nil, by their sources: neighbours mostly have the same one.
func (counters *rangeCounters) inbound(packets [][]byte) {
	owner, bytes := int32(-1), uint64(0)
	for _, packet := range packets {
		if packet == nil {
			continue
		}
		if next := counters.ownerOf(packet[12:16]); next != owner {
			counters.addDown(owner, bytes)
			owner, bytes = next, 0
		}
		bytes += uint64(len(packet))
	}
	counters.addDown(owner, bytes)
}

func (counters *rangeCounters) addDown(owner int32, bytes uint64) {
	if owner >= 0 {
		counters.down[owner].Add(bytes)
	}
}

func (counters *rangeCounters) counted() []wire.RangeCounters {
	counted := make([]wire.RangeCounters, len(counters.prefixes))
	for index, prefix := range counters.prefixes {
		counted[index] = wire.RangeCounters{
			Prefix: prefix.String(), BytesUp: counters.up[index].Load(), BytesDown: counters.down[index].Load(),
		}
	}
	return counted
}
