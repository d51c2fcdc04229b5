package agent

import (
	"container/list"
	"net"
)

// arrivals are the streams that belong to no session yet: they have not said what they are for, or are control streams
// that have not registered. All come from the pod's own loopback, so that nobody can tell whose they are. When there
// are too many, the one that has been there longest makes way: whoever means it has said so within a few round trips.
// Its zero value is not usable; it is not safe for concurrent use.
type arrivals struct {
	atMost int
	order  *list.List // of net.Conn, the oldest first
	places map[net.Conn]*list.Element
}

func newArrivals(atMost int) *arrivals {
	return &arrivals{atMost: atMost, order: list.New(), places: map[net.Conn]*list.Element{}}
}

// add returns the stream that makes way, or nil.
func (a *arrivals) add(stream net.Conn) (oldest net.Conn) {
	if a.order.Len() >= a.atMost {
		oldest = a.order.Front().Value.(net.Conn)
		a.remove(oldest)
	}
	a.places[stream] = a.order.PushBack(stream)
	return oldest
}

func (a *arrivals) remove(stream net.Conn) {
	if place := a.places[stream]; place != nil {
		a.order.Remove(place)
		delete(a.places, stream)
	}
}
