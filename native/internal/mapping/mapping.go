// Package mapping gives ranges of a cluster other addresses on the laptop: a virtual range of the same length stands for
// each, one address for one address (the stateless translation of RFC 6145 section 3.2 within one family). Programs know
// virtual addresses only, the cluster real ones only. It must never decide which ranges are mapped or what a packet may
// do, keep a flow, or allocate for a packet.
package mapping

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"slipway/native/internal/wire"
)

// PairsAtMost bounds a table; a cluster needs a handful, one whose nodes' pod ranges are mapped one by one some hundred.
const PairsAtMost = 4096

// Pair is a range of the cluster and the one that stands for it on the laptop: of one family and length.
type Pair struct {
	Real, Virtual netip.Prefix
	// Retired is a pair that names are no longer told by. It stays for connections that began with it; its real range may
	// have another pair by now, or be routed as it is.
	Retired bool
}

// Table holds pairs. It never changes; nil is one without pairs. A packet's address is found in O(log n).
type Table struct {
	pairs     []Pair
	byVirtual []entry
	byReal    []entry // without retired pairs: real ranges of these are disjoint
	retired   []entry // by real range, in no order that matters: there are few
}

// entry is one pair, found by one of its ranges. Both are masked, so that the difference of their first addresses turns
// each address of one into its counterpart.
type entry struct {
	from        netip.Prefix
	high, low   uint64 // the difference
	isContended bool   // an address of from may also be meant otherwise: by a retired pair, or literally
}

// Parse reads pairs as the core says them.
func Parse(told []wire.Mapping) ([]Pair, *wire.Problem) {
	pairs := make([]Pair, 0, len(told))
	for _, each := range told {
		pair := Pair{Retired: each.Retired}
		var ok bool
		if pair.Real, ok = parsePrefix(each.Real); !ok {
			return nil, malformed(each)
		}
		if pair.Virtual, ok = parsePrefix(each.Virtual); !ok {
			return nil, malformed(each)
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

func malformed(told wire.Mapping) *wire.Problem {
	return refuse(wire.CauseMappingMalformed, told.Real, told.Virtual)
}

// parsePrefix takes a prefix in its one canonical form (RFC 4632, RFC 5952): host bits that are set hide what was meant,
// and so does an IPv4-mapped address.
func parsePrefix(text string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(text)
	return prefix, err == nil && prefix == prefix.Masked() && prefix.String() == text && !prefix.Addr().Is4In6()
}

// New makes a table. Routed are the ranges that go into the tunnel as they are: literal addresses of them stay reachable,
// beside virtual ones. What could be meant in two ways is refused with its cause: pairs of unequal lengths or families, and
// a virtual range that is none (wire.VirtualSpace), meets another one, a real one or a routed one.
func New(pairs []Pair, routed []netip.Prefix) (*Table, *wire.Problem) {
	if len(pairs) == 0 {
		return nil, nil
	}
	if len(pairs) > PairsAtMost {
		return nil, wire.CauseMappingTooMany.Problem(wire.CodeMappingRefused, "count", len(pairs), "most", PairsAtMost)
	}
	table := &Table{pairs: slices.Clone(pairs)}
	var contending []netip.Prefix // what real ranges are meant by otherwise
	for _, pair := range pairs {
		if pair.Real.Bits() != pair.Virtual.Bits() || pair.Real.Addr().Is4() != pair.Virtual.Addr().Is4() {
			return nil, refuse(wire.CauseMappingUnequal, pair.Real, pair.Virtual)
		}
		if !isVirtual(pair.Virtual) {
			return nil, refuse(wire.CauseMappingNotVirtual, pair.Real, pair.Virtual)
		}
		forward, back := entryOf(pair.Virtual, pair.Real), entryOf(pair.Real, pair.Virtual)
		table.byVirtual = append(table.byVirtual, forward)
		if pair.Retired {
			table.retired = append(table.retired, back)
			contending = append(contending, pair.Real)
		} else {
			table.byReal = append(table.byReal, back)
		}
	}
	sort(table.byVirtual)
	sort(table.byReal)
	if problem := table.disjoint(routed); problem != nil {
		return nil, problem
	}
	contending = disjointed(append(contending, routed...))
	for index := range table.byReal {
		table.byReal[index].isContended = meets(contending, table.byReal[index].from)
	}
	return table, nil
}

// Between makes the table for the moment between two plans: the pairs of the next one, and of the one before those that
// have no other meaning in it.
func Between(before, next []Pair) *Table {
	var taken, virtual []netip.Prefix
	for _, pair := range next {
		taken, virtual = append(taken, pair.Real, pair.Virtual), append(virtual, pair.Virtual)
	}
	taken, virtual = disjointed(taken), disjointed(virtual)
	both := slices.Clone(next)
	for _, pair := range before {
		if !meets(taken, pair.Virtual) && !meets(virtual, pair.Real) && len(both) < PairsAtMost {
			pair.Retired = true
			both = append(both, pair)
		}
	}
	table, _ := New(both, nil) // each plan was a table by itself
	return table
}

// disjoint refuses ranges that meet.
func (table *Table) disjoint(routed []netip.Prefix) *wire.Problem {
	for _, list := range [][]entry{table.byVirtual, table.byReal} {
		for index := 1; index < len(list); index++ {
			if list[index-1].from.Overlaps(list[index].from) {
				return wire.CauseMappingOverlaps.Problem(wire.CodeMappingRefused, "range", list[index].from, "other", list[index-1].from)
			}
		}
	}
	others := slices.Clone(routed)
	for _, pair := range table.pairs {
		others = append(others, pair.Real)
	}
	others = disjointed(others)
	for _, each := range table.byVirtual {
		if other, met := meeting(others, each.from); met {
			return wire.CauseMappingOverlaps.Problem(wire.CodeMappingRefused, "range", each.from, "other", other)
		}
	}
	return nil
}

func refuse(cause wire.Cause, real, virtual any) *wire.Problem {
	return cause.Problem(wire.CodeMappingRefused, "real", real, "virtual", virtual)
}

func isVirtual(prefix netip.Prefix) bool {
	return slices.ContainsFunc(wire.VirtualSpace, func(space netip.Prefix) bool {
		return space.Bits() <= prefix.Bits() && space.Contains(prefix.Addr())
	})
}

func entryOf(from, to netip.Prefix) entry {
	one, other := from.Addr().As16(), to.Addr().As16()
	return entry{
		from: from,
		high: binary.BigEndian.Uint64(one[:8]) ^ binary.BigEndian.Uint64(other[:8]),
		low:  binary.BigEndian.Uint64(one[8:]) ^ binary.BigEndian.Uint64(other[8:]),
	}
}

func sort(entries []entry) {
	slices.SortFunc(entries, func(one, other entry) int { return comparePrefixes(one.from, other.from) })
}

// comparePrefixes orders by first address, and wider ranges before those within them.
func comparePrefixes(one, other netip.Prefix) int {
	if by := one.Addr().Compare(other.Addr()); by != 0 {
		return by
	}
	return one.Bits() - other.Bits()
}

// disjointed sorts prefixes and leaves out those that lie within others.
func disjointed(prefixes []netip.Prefix) (apart []netip.Prefix) {
	slices.SortFunc(prefixes, comparePrefixes)
	for _, prefix := range prefixes {
		if len(apart) == 0 || !apart[len(apart)-1].Overlaps(prefix) {
			apart = append(apart, prefix)
		}
	}
	return apart
}

func meets(apart []netip.Prefix, prefix netip.Prefix) bool {
	_, met := meeting(apart, prefix)
	return met
}

// meeting finds one of several sorted disjoint prefixes that has addresses in common with another.
func meeting(apart []netip.Prefix, prefix netip.Prefix) (netip.Prefix, bool) {
	at, _ := slices.BinarySearchFunc(apart, prefix, comparePrefixes)
	for _, index := range [2]int{at - 1, at} {
		if index >= 0 && index < len(apart) && apart[index].Overlaps(prefix) {
			return apart[index], true
		}
	}
	return netip.Prefix{}, false
}

// Pairs are those of the table.
func (table *Table) Pairs() []Pair {
	if table == nil {
		return nil
	}
	return table.pairs
}

// Equal tells whether two tables have the same pairs in the same order.
func (table *Table) Equal(other *Table) bool { return slices.Equal(table.Pairs(), other.Pairs()) }

// Real answers the address of the cluster that a virtual one stands for; false where an address is none.
func (table *Table) Real(virtual netip.Addr) (netip.Addr, bool) {
	if table == nil {
		return virtual, false
	}
	return translated(find(table.byVirtual, virtual), virtual)
}

// Virtual answers the address by which programs reach a real one now; false where that has none.
func (table *Table) Virtual(real netip.Addr) (netip.Addr, bool) {
	if table == nil {
		return real, false
	}
	return translated(find(table.byReal, real), real)
}

func translated(found *entry, address netip.Addr) (netip.Addr, bool) {
	if found == nil {
		return address, false
	}
	return found.counterpart(address), true
}

// find returns the entry whose range holds an address, nil where none does. The entries are sorted and disjoint.
func find(entries []entry, address netip.Addr) *entry {
	low, high := 0, len(entries)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if address.Less(entries[middle].from.Addr()) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low == 0 || !entries[low-1].from.Contains(address) {
		return nil
	}
	return &entries[low-1]
}

func (entry *entry) counterpart(address netip.Addr) netip.Addr {
	bytes := address.As16()
	binary.BigEndian.PutUint64(bytes[:8], binary.BigEndian.Uint64(bytes[:8])^entry.high)
	binary.BigEndian.PutUint64(bytes[8:], binary.BigEndian.Uint64(bytes[8:])^entry.low)
	if address.Is4() {
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return netip.AddrFrom16(bytes)
}
