package direct

import (
	"net"
	"net/netip"
	"slices"
)

// strangers are connections that have not proved themselves, the oldest first. It is not safe for concurrent use.
type strangers struct {
	all   []net.Conn
	count map[netip.Addr]int
}

func sourceOf(conn net.Conn) netip.Addr {
	if address, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return address.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// add returns the connection that makes way, or nil: the oldest of the address that has most.
func (s *strangers) add(conn net.Conn) (makesWay net.Conn) {
	if len(s.all) >= strangersAtMost {
		most := sourceOf(s.all[0])
		for source, count := range s.count {
			if count > s.count[most] {
				most = source
			}
		}
		makesWay = s.all[slices.IndexFunc(s.all, func(one net.Conn) bool { return sourceOf(one) == most })]
		s.remove(makesWay)
	}
	if s.count == nil {
		s.count = map[netip.Addr]int{}
	}
	s.all = append(s.all, conn)
	s.count[sourceOf(conn)]++
	return makesWay
}

func (s *strangers) remove(conn net.Conn) {
	place := slices.Index(s.all, conn)
	if place < 0 {
		return
	}
	s.all = slices.Delete(s.all, place, place+1)
	source := sourceOf(conn)
	if s.count[source]--; s.count[source] == 0 {
		delete(s.count, source)
	}
}
