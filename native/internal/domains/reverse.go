package domains

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxReverseZones bounds how many zones one prefix may need; of IPv4, wider ones than /9 are no cluster's.
const maxReverseZones = 128

// tree is one of the two trees of reverse names: RFC 1035 section 3.5 and RFC 3596 section 2.5.
type tree struct {
	suffix string
	labels int // of a whole address
	bits   int // of one label
	base   int
}

var (
	tree4 = tree{suffix: ".in-addr.arpa", labels: 4, bits: 8, base: 10}
	tree6 = tree{suffix: ".ip6.arpa", labels: 32, bits: 4, base: 16}
)

// ReversePrefix reads the address or the prefix that a lower-case name of in-addr.arpa or ip6.arpa is about, with or
// without a final dot. before counts the labels in front of the numbers (RFC 6763 browsing names).
func ReversePrefix(name string) (prefix netip.Prefix, before int, ok bool) {
	tree, numbers := tree4, ""
	name = strings.TrimSuffix(name, ".")
	if numbers, ok = strings.CutSuffix(name, tree.suffix); !ok {
		tree = tree6
		if numbers, ok = strings.CutSuffix(name, tree.suffix); !ok {
			return prefix, 0, false
		}
	}
	labels := strings.Split(numbers, ".")
	slices.Reverse(labels)
	var bytes [16]byte
	count := 0
	for _, label := range labels {
		value, err := strconv.ParseUint(label, tree.base, tree.bits)
		if err != nil || count == tree.labels || strconv.FormatUint(value, tree.base) != label {
			break
		}
		bytes[count*tree.bits/8] |= byte(value) << (8 - tree.bits - count*tree.bits%8)
		count++
	}
	if count == 0 {
		return prefix, 0, false
	}
	address := netip.AddrFrom16(bytes)
	if tree == tree4 {
		address = netip.AddrFrom4([4]byte(bytes[:4]))
	}
	return netip.PrefixFrom(address, count*tree.bits), len(labels) - count, true
}

// ReverseZones returns the zones that cover a prefix exactly, without final dots; none where it would take too many.
func ReverseZones(prefix netip.Prefix) (zones []string) {
	prefix = prefix.Masked()
	tree := tree6
	if prefix.Addr().Is4() {
		tree = tree4
	}
	labels := (prefix.Bits() + tree.bits - 1) / tree.bits
	count := 1 << (labels*tree.bits - prefix.Bits())
	if labels == 0 || count > maxReverseZones {
		return nil
	}
	bytes := prefix.Addr().AsSlice()
	at := func(label int) int {
		return int(bytes[label*tree.bits/8]) >> (8 - tree.bits - label*tree.bits%8) & (1<<tree.bits - 1)
	}
	for offset := range count {
		var zone strings.Builder
		fmt.Fprint(&zone, strconv.FormatInt(int64(at(labels-1)+offset), tree.base))
		for label := labels - 2; label >= 0; label-- {
			fmt.Fprint(&zone, ".", strconv.FormatInt(int64(at(label)), tree.base))
		}
		zones = append(zones, zone.String()+tree.suffix)
	}
	return zones
}
