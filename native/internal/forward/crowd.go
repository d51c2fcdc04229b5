package forward

import (
	"container/list"
	"net/netip"
	"time"
)

// crowd holds what waits for an answer, by the destination that owes it, so that a destination that never answers can be
// told from the others and pays for itself. Every call takes constant time; the owner's lock guards it.
type crowd[Value any] struct {
	groups map[netip.AddrPort]*group[Value]
	bySize map[int]*list.List // of *group, the longest there first
	most   int                // the size of the largest group
	size   int                // of all groups
}

// group is what waits for one destination, the oldest first.
type group[Value any] struct {
	destination netip.AddrPort
	members     list.List // of *member
	place       *list.Element
	answered    time.Time // when the destination last answered something that had waited here
}

type member[Value any] struct {
	value Value
	since time.Time
	group *group[Value]
	place *list.Element
}

func (c *crowd[Value]) init() {
	c.groups, c.bySize = map[netip.AddrPort]*group[Value]{}, map[int]*list.List{}
}

func (c *crowd[Value]) join(destination netip.AddrPort, value Value, now time.Time) *member[Value] {
	found := c.groups[destination]
	if found == nil {
		found = &group[Value]{destination: destination}
		c.groups[destination] = found
	}
	joined := &member[Value]{value: value, since: now, group: found}
	joined.place = found.members.PushBack(joined)
	c.size++
	c.resized(found, found.members.Len()-1)
	return joined
}

// leave takes a member out; answered tells that its destination spoke.
func (c *crowd[Value]) leave(leaving *member[Value], answered bool, now time.Time) {
	from := leaving.group
	if leaving.place == nil {
		return
	}
	from.members.Remove(leaving.place)
	leaving.place = nil
	c.size--
	if answered {
		from.answered = now
	}
	c.resized(from, from.members.Len()+1)
	if from.members.Len() == 0 {
		delete(c.groups, from.destination)
	}
}

// resized puts a group among those of its size.
func (c *crowd[Value]) resized(changed *group[Value], before int) {
	if of := c.bySize[before]; of != nil && changed.place != nil {
		of.Remove(changed.place)
		if of.Len() == 0 {
			delete(c.bySize, before)
		}
	}
	changed.place = nil
	if now := changed.members.Len(); now > 0 {
		if c.bySize[now] == nil {
			c.bySize[now] = list.New()
		}
		changed.place = c.bySize[now].PushBack(changed)
		c.most = max(c.most, now)
	}
	if c.bySize[c.most] == nil { // sizes change by one
		c.most--
	}
}

// of gives the group of a destination; nil where nothing waits for it.
func (c *crowd[Value]) of(destination netip.AddrPort) *group[Value] { return c.groups[destination] }

// oldest gives the member that has waited longest.
func (g *group[Value]) oldest() *member[Value] { return g.members.Front().Value.(*member[Value]) }

// isDead tells that the destination has answered nothing since its oldest member came, which is too long ago.
func (g *group[Value]) isDead(now time.Time) bool {
	since := g.oldest().since
	return now.Sub(since) >= patience && g.answered.Before(since)
}

// newest gives the member that came last.
func (g *group[Value]) newest() *member[Value] { return g.members.Back().Value.(*member[Value]) }

// greediest gives the oldest member of the destination that most wait for; nil where nothing waits.
func (c *crowd[Value]) greediest() *member[Value] {
	if c.size == 0 {
		return nil
	}
	return c.bySize[c.most].Front().Value.(*group[Value]).oldest()
}
