package gate

import (
	"cmp"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"sync/atomic"

	"slipway/native/internal/wire"
)

// Range is one in force: its parts are routed, and counted under its name.
type Range struct {
	Prefix netip.Prefix
	Parts  []netip.Prefix
}

// Whole are ranges of which everything is routed.
func Whole(prefixes ...netip.Prefix) []Range {
	ranges := make([]Range, 0, len(prefixes))
	for _, prefix := range prefixes {
		ranges = append(ranges, Range{prefix, []netip.Prefix{prefix}})
	}
	return ranges
}

// Ranges are those in force, and count the bytes of each. An address that two ranges hold belongs to the one with the
// narrower part, as the kernel routes. They are made once for each set and never change but for their counts.
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

// next is the position after at; that of the last one is zero.
func (at position) next() position {
	if at.low++; at.low == 0 {
		at.high++
	}
	return at
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

// allOfIPv4 is where positions are IPv4's: no IPv6 range holds them.
var allOfIPv4 = netip.MustParsePrefix("0.0.0.0/0")

// stretch is what a part covers. Two of them are apart, or one holds the other.
type stretch struct {
	first, last position
	owner       int32 // an index into prefixes, or -1
}

// newRanges makes a set of ranges; those that the set before had too go on counting.
func newRanges(inForce []Range, before *Ranges) *Ranges {
	ranges := &Ranges{}
	known := map[netip.Prefix]*traffic{}
	if before != nil {
		for index, prefix := range before.prefixes {
			known[prefix] = before.carried[index]
		}
	}
	first, last := boundsOf(allOfIPv4)
	stretches := []stretch{{first, last, -1}}
	for index, one := range inForce {
		for _, part := range one.Parts {
			first, last := boundsOf(part)
			stretches = append(stretches, stretch{first, last, int32(index)})
		}
		carried := known[one.Prefix]
		if carried == nil {
			carried = &traffic{}
		}
		ranges.prefixes, ranges.carried = append(ranges.prefixes, one.Prefix), append(ranges.carried, carried)
	}
	// Wide ones first where several begin: then what is open always holds what comes.
	slices.SortStableFunc(stretches, func(one, other stretch) int {
		return cmp.Or(one.first.compare(other.first), other.last.compare(one.last))
	})
	ranges.owns(position{}, -1)
	open := []stretch{{owner: -1}} // all addresses, which never close
	close := func() {
		top := open[len(open)-1]
		open = open[:len(open)-1]
		if end := top.last.next(); end != (position{}) {
			ranges.owns(end, open[len(open)-1].owner)
		}
	}
	for _, next := range stretches {
		for len(open) > 1 && open[len(open)-1].last.isBefore(next.first) {
			close()
		}
		open = append(open, next)
		ranges.owns(next.first, next.owner)
	}
	for len(open) > 1 {
		close()
	}
	return ranges
}

// owns notes who has the addresses from one on, until that is noted of a later one.
func (ranges *Ranges) owns(from position, owner int32) {
	last := len(ranges.starts) - 1
	if last >= 0 && ranges.starts[last] == from {
		ranges.owners[last] = owner
		return
	}
	ranges.starts, ranges.owners = append(ranges.starts, from), append(ranges.owners, owner)
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
