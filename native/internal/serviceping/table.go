package serviceping

import "time"

// The table's upkeep; the caller holds the mutex.

func (rewriter *Rewriter) expire(now time.Time) {
	for rewriter.oldest != nil && now.Sub(rewriter.oldest.used) > idle {
		rewriter.remove(rewriter.oldest)
	}
}

func (rewriter *Rewriter) remove(entry *echo) {
	rewriter.unlink(entry)
	delete(rewriter.asked, entry.asked)
	delete(rewriter.sent, entry.sent)
	rewriter.active.Store(int32(len(rewriter.asked)))
}

func (rewriter *Rewriter) append(entry *echo, now time.Time) {
	entry.used, entry.previous, entry.follow = now, rewriter.newest, nil
	if rewriter.newest != nil {
		rewriter.newest.follow = entry
	} else {
		rewriter.oldest = entry
	}
	rewriter.newest = entry
	rewriter.active.Store(int32(len(rewriter.asked)))
}

func (rewriter *Rewriter) unlink(entry *echo) {
	if entry.previous != nil {
		entry.previous.follow = entry.follow
	} else {
		rewriter.oldest = entry.follow
	}
	if entry.follow != nil {
		entry.follow.previous = entry.previous
	} else {
		rewriter.newest = entry.previous
	}
}
