package bytestream

// flight is a frame that the far end has not reported.
type flight struct {
	until uint64 // what a report says when it arrived
	kind  frameKinds
	flow  *Flow
	sent  span // of data
}

// flights are those of a lane, in the order of sending.
type flights struct {
	list  []flight
	first int
}

func (l *flights) add(one flight) { l.list = append(l.list, one) }

func (l *flights) count() int { return len(l.list) - l.first }

// takeUntil removes the first, if a report of so many bytes is of it too.
func (l *flights) takeUntil(bytes uint64) (one flight, ok bool) {
	if l.first == len(l.list) || l.list[l.first].until > bytes {
		return flight{}, false
	}
	one = l.list[l.first]
	l.list[l.first] = flight{}
	l.first++
	switch {
	case l.first == len(l.list):
		l.list, l.first = l.list[:0], 0
	case l.first > 64 && l.first > len(l.list)/2:
		n := copy(l.list, l.list[l.first:])
		clear(l.list[n:])
		l.list, l.first = l.list[:n], 0
	}
	return one, true
}

func (l *flights) takeAll() []flight {
	all := l.list[l.first:]
	*l = flights{}
	return all
}
