package bytestream

import "slices"

// span is a range of offsets, without its end.
type span struct{ start, end uint64 }

// spans are sorted, disjoint, and do not touch.
type spans []span

// add joins a range with those that it touches.
func (s *spans) add(start, end uint64) {
	if start >= end {
		return
	}
	list := *s
	// Most ranges follow the last one.
	first := len(list)
	for first > 0 && list[first-1].end >= start {
		first--
	}
	last := first
	for last < len(list) && list[last].start <= end {
		last++
	}
	if first == last {
		*s = slices.Insert(list, first, span{start, end})
		return
	}
	list[first] = span{min(start, list[first].start), max(end, list[last-1].end)}
	*s = slices.Delete(list, first+1, last)
}

// cut takes a range out.
func (s *spans) cut(start, end uint64) {
	if start >= end {
		return
	}
	list := *s
	for i := 0; i < len(list); i++ {
		one := list[i]
		switch {
		case one.end <= start:
			continue
		case one.start >= end:
			*s = list
			return
		case one.start < start && one.end > end:
			list[i].end = start
			*s = slices.Insert(list, i+1, span{end, one.end})
			return
		case one.start < start:
			list[i].end = start
		case one.end > end:
			list[i].start = end
		default:
			list = slices.Delete(list, i, i+1)
			i--
		}
	}
	*s = list
}

// takeFirst removes up to most bytes from the front.
func (s *spans) takeFirst(most int) span {
	list := *s
	taken := list[0]
	if taken.end-taken.start > uint64(most) {
		taken.end = taken.start + uint64(most)
		list[0].start = taken.end
		return taken
	}
	*s = slices.Delete(list, 0, 1)
	if len(*s) == 0 {
		*s = nil
	}
	return taken
}

// bytes is how many they are.
func (s spans) bytes() (sum uint64) {
	for _, one := range s {
		sum += one.end - one.start
	}
	return sum
}
