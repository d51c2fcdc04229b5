package bytestream

// numbers are those of openings that came: all below a first one, and some of the openingsAhead from there on. Whatever a
// peer leaves out, each costs the same.
type numbers struct {
	below uint64                      // all numbers from 1 to it have come; 0 is none
	ahead *[openingsAhead / 64]uint64 // bits, by the number modulo openingsAhead; nil where there are none
	count int                         // of bits
}

// holds tells whether a number has come.
func (n *numbers) holds(number uint64) bool {
	switch {
	case number == 0:
		return false
	case number <= n.below:
		return true
	case number > n.below+openingsAhead || n.ahead == nil:
		return false
	}
	return n.ahead[number%openingsAhead/64]&(1<<(number%64)) != 0
}

// add notes a number that has not come; it is false for one that is too far ahead.
func (n *numbers) add(number uint64) bool {
	if number > n.below+openingsAhead {
		return false
	}
	if number != n.below+1 {
		if n.ahead == nil {
			n.ahead = new([openingsAhead / 64]uint64)
		}
		n.ahead[number%openingsAhead/64] |= 1 << (number % 64)
		n.count++
		return true
	}
	n.below = number
	for n.count > 0 && n.holds(n.below+1) {
		n.below++
		n.ahead[n.below%openingsAhead/64] &^= 1 << (n.below % 64)
		n.count--
	}
	if n.count == 0 {
		n.ahead = nil
	}
	return true
}
