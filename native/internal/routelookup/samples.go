package routelookup

import "net/netip"

// Samples are addresses of a range to be looked up: the first, one in the middle and the last that hosts have.
func Samples(prefix netip.Prefix) []netip.Addr {
	first, last := FirstHost(prefix), lastHost(prefix)
	if first == last {
		return []netip.Addr{first}
	}
	if prefix.Bits() >= prefix.Addr().BitLen()-2 {
		return []netip.Addr{first, last}
	}
	upper := netip.PrefixFrom(withBit(prefix.Masked().Addr(), prefix.Bits()), prefix.Bits()+1)
	return []netip.Addr{first, FirstHost(upper), last}
}

// FirstHost is the lowest address of a prefix that a host has: the one after the network's own.
func FirstHost(prefix netip.Prefix) netip.Addr {
	address := prefix.Masked().Addr()
	if prefix.Bits() < address.BitLen()-1 {
		return address.Next()
	}
	return address
}

// lastHost is the highest one: before the broadcast address.
func lastHost(prefix netip.Prefix) netip.Addr {
	last := prefix.Masked().Addr()
	for bit := prefix.Bits(); bit < last.BitLen(); bit++ {
		last = withBit(last, bit)
	}
	if prefix.Bits() < last.BitLen()-1 {
		return last.Prev()
	}
	return last
}

// withBit sets one bit of an address, counted from the highest.
func withBit(address netip.Addr, bit int) netip.Addr {
	raw := address.AsSlice()
	raw[bit/8] |= 0x80 >> (bit % 8)
	changed, _ := netip.AddrFromSlice(raw)
	return changed
}
