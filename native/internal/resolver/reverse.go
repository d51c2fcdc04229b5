package resolver

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// reversePrefix reads the address or the prefix that a name of in-addr.arpa or ip6.arpa is about. Labels before the
// numbers (RFC 6763 browsing names) are allowed.
func reversePrefix(name string) (netip.Prefix, bool) {
	var digits, bits int
	var base int
	switch {
	case strings.HasSuffix(name, ".in-addr.arpa."):
		name, digits, bits, base = strings.TrimSuffix(name, ".in-addr.arpa."), 4, 8, 10
	case strings.HasSuffix(name, ".ip6.arpa."):
		name, digits, bits, base = strings.TrimSuffix(name, ".ip6.arpa."), 32, 4, 16
	default:
		return netip.Prefix{}, false
	}
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	var bytes [16]byte
	count := 0
	for _, label := range labels {
		value, err := strconv.ParseUint(label, base, bits)
		if err != nil || count == digits || len(label) > 1 && (label[0] == '0' || base == 16) {
			break
		}
		if base == 10 {
			bytes[count] = byte(value)
		} else {
			bytes[count/2] |= byte(value) << (4 * (1 - count%2))
		}
		count++
	}
	if count == 0 {
		return netip.Prefix{}, false
	}
	address := netip.AddrFrom16(bytes)
	if base == 10 {
		address = netip.AddrFrom4([4]byte(bytes[:4]))
	}
	return netip.PrefixFrom(address, count*bits), true
}
