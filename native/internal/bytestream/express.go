package bytestream

import "time"

// expressWithin is the round trip up to which a lane is kept free of bulk. Where it is longer, each lane brings a congestion
// window that bulk needs, and what waits does so in the network, which all lanes share.
const expressWithin = 20 * time.Millisecond

// expressPatience is how long the express lane may take to write a record before other lanes take what waits for it.
const expressPatience = 10 * time.Millisecond

// expressLocked is the lane that carries no bulk, so that what must not wait stands behind none in the buffers of API server,
// kubelet and container runtime; nil where there is none to spare. Each end keeps one for what it sends.
func (s *Session) expressLocked() (express *lane) {
	live := 0
	for _, l := range s.lanes {
		if l != nil && !l.isStalled {
			express = l
			live++
		}
	}
	if live < 2 || s.roundTripLocked() > expressWithin {
		return nil
	}
	return express
}

// takesSmallLocked tells whether what must not wait may go over a lane. Where another is kept for that, it may only while
// little is under way here, or while that one does not take what it was given.
func (l *lane) takesSmallLocked() bool {
	s := l.session
	if !l.hasSmallRoom() || l.isStalled && s.hasOther(l) {
		return false
	}
	express := s.expressLocked()
	return express == nil || express == l || l.window.Outstanding() < atOnce ||
		express.isWriting && time.Since(express.writingAt) > expressPatience
}
