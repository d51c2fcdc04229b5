package packet

import "net/netip"

// PerFamily is at most one address of each family.
type PerFamily struct{ four, six netip.Addr }

// NewPerFamily takes one address of each family; of several the first.
func NewPerFamily(addresses ...netip.Addr) (both PerFamily) {
	for _, address := range addresses {
		place := &both.four
		if address.Is6() {
			place = &both.six
		}
		if !place.IsValid() {
			*place = address
		}
	}
	return both
}

// Like returns the address of the family of another; it is not valid where there is none.
func (both *PerFamily) Like(other netip.Addr) netip.Addr {
	if other.Is4() {
		return both.four
	}
	return both.six
}

// Has tells whether an address is one of them.
func (both *PerFamily) Has(address netip.Addr) bool {
	return both.Like(address) == address && address.IsValid()
}

// All are those that there are, IPv4 first.
func (both *PerFamily) All() (all []netip.Addr) {
	for _, address := range []netip.Addr{both.four, both.six} {
		if address.IsValid() {
			all = append(all, address)
		}
	}
	return all
}
