package mapping

import "time"

// The table's upkeep; the caller holds the mutex.

func (mapping *Mapping) expire(now time.Time) {
	for mapping.oldest != nil && now.Sub(mapping.oldest.used) > idle {
		mapping.remove(mapping.oldest)
	}
}

func (mapping *Mapping) remove(entry *echo) {
	mapping.unlink(entry)
	delete(mapping.asked, entry.asked)
	delete(mapping.sent, entry.sent)
	mapping.active.Store(int32(len(mapping.asked)))
}

func (mapping *Mapping) append(entry *echo, now time.Time) {
	entry.used, entry.previous, entry.follow = now, mapping.newest, nil
	if mapping.newest != nil {
		mapping.newest.follow = entry
	} else {
		mapping.oldest = entry
	}
	mapping.newest = entry
	mapping.active.Store(int32(len(mapping.asked)))
}

func (mapping *Mapping) unlink(entry *echo) {
	if entry.previous != nil {
		entry.previous.follow = entry.follow
	} else {
		mapping.oldest = entry.follow
	}
	if entry.follow != nil {
		entry.follow.previous = entry.previous
	} else {
		mapping.newest = entry.previous
	}
}
