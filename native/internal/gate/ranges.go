package gate

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"sync/atomic"

	"slipway/native/internal/wire"
)

// Ranges are those in force, and count the bytes of each. An address that two ranges hold belongs to the narrower one,
// as the kernel routes. They are made once for each set and never change but for their counts.
type Ranges struct {
	prefixes []netip.Prefix
	// starts holds, in order, the first address of each stretch of addresses that one range owns (or none); owners
	// says which: an index into prefixes, or -1.
	starts  []position
	owners  []int32
	carried []*traffic // of each prefix
}

// traffic counts bytes.
type traffic struct{ up, down atomic.Uint64 }

// position is an address as a number; IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2).
type position struct{ high, low uint64 }

func positionOf(address netip.Addr) position {
	bytes := address.As16()
	return position{binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])}
}

func (at position) isBefore(other position) bool {
	return at.high < other.high || at.high == other.high && at.low < other.low
}

func (at position) compare(other position) int {
	switch {
	case at.isBefore(other):
		return -1
	case other.isBefore(at):
		return 1
	}
	return 0
}

// mapped is the stretch of positions that are IPv4's.
var mapped = struct{ first, end position }{position{0, 0xffff << 32}, position{0, 0x10000 << 32}}

// newRanges makes a set of ranges; those that the set before had too go on counting.
func newRanges(inForce []netip.Prefix, before *Ranges) *Ranges {
	ranges := &Ranges{prefixes: slices.Clone(inForce)}
	edges := []position{{}, mapped.first, mapped.end}
	for _, prefix := range inForce {
		first, last := boundsOf(prefix)
		edges = append(edges, first)
		if last.low++; last.low == 0 {
			last.high++
		}
		if last != (position{}) {
			edges = append(edges, last)
		}
	}
	slices.SortFunc(edges, position.compare)
	ranges.starts = slices.Compact(edges)
	for _, start := range ranges.starts {
		ranges.owners = append(ranges.owners, ranges.narrowest(start))
	}
	for _, prefix := range ranges.prefixes {
		carried := &traffic{}
		if before != nil {
			if known := slices.Index(before.prefixes, prefix); known >= 0 {
				carried = before.carried[known]
			}
		}
		ranges.carried = append(ranges.carried, carried)
	}
	return ranges
}

func (ranges *Ranges) narrowest(at position) int32 {
	owner, isIPv4 := int32(-1), !at.isBefore(mapped.first) && at.isBefore(mapped.end)
	for index, prefix := range ranges.prefixes {
		first, last := boundsOf(prefix)
		if prefix.Addr().Is4() == isIPv4 && !at.isBefore(first) && !last.isBefore(at) && (owner < 0 || prefix.Bits() > ranges.prefixes[owner].Bits()) {
			owner = int32(index)
		}
	}
	return owner
}

// boundsOf answers the first and the last address of a prefix.
func boundsOf(prefix netip.Prefix) (first, last position) {
	first = positionOf(prefix.Masked().Addr())
	length := prefix.Bits()
	if prefix.Addr().Is4() {
		length += 96
	}
	last = first
	if length < 64 {
		last.high |= math.MaxUint64 >> length
		last.low = math.MaxUint64
	} else {
		last.low |= math.MaxUint64 >> (length - 64) // Go shifts by 64 to zero
	}
	return first, last
}

// ownerOf answers the index of the range that holds an address, -1 where none does.
func (ranges *Ranges) ownerOf(address netip.Addr) int32 {
	if address.Is4In6() {
		return -1 // on the wire an IPv6 address like any other, and no host's
	}
	wanted := positionOf(address)
	low, high := 0, len(ranges.starts) // starts[0] is 0: there always is one at or below
	for high-low > 1 {
		middle := int(uint(low+high) >> 1)
		if wanted.isBefore(ranges.starts[middle]) {
			high = middle
		} else {
			low = middle
		}
	}
	return ranges.owners[low]
}

func (ranges *Ranges) addDown(owner int32, bytes uint64) {
	if owner >= 0 && bytes > 0 {
		ranges.carried[owner].down.Add(bytes)
	}
}

func (ranges *Ranges) counted() []wire.RangeCounters {
	counted := make([]wire.RangeCounters, len(ranges.prefixes))
	for index, prefix := range ranges.prefixes {
		counted[index] = wire.RangeCounters{
			Prefix: prefix.String(), BytesUp: ranges.carried[index].up.Load(), BytesDown: ranges.carried[index].down.Load(),
		}
	}
	return counted
}
