package agent

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"slipway/native/internal/forward"
)

// Memory tells how short memory is. It may be asked often.
type Memory interface {
	// Full tells that no more should be taken.
	Full() bool
	// Excess is by how many bytes what is held has to become less; 0 while there is no danger.
	Excess() int64
}

const (
	// usageLifetime is how long what sessions hold is believed.
	usageLifetime = 100 * time.Millisecond

	// Parts of DescriptorsAtMost: from the first on only those below the average may open flows, from the second on
	// whoever has most loses some.
	descriptorsFull    = 0.75
	descriptorsTooMany = 0.9
)

// shares divides what all sessions have in common, memory and descriptors. Nobody can tell which sessions are one
// user's, so that the session is what is treated fairly: when something is short, those that hold at least the average
// get no more, and when it is dangerously short the one that holds most loses the flows that hold most.
type shares struct {
	server *Server

	mu         sync.Mutex
	measuredAt time.Time
	each       []holding
	total      holding
}

// holding is what one session holds.
type holding struct {
	session *session
	flows   int
	bytes   int64
}

// refuse tells why own may open no further flow now; empty where it may.
func (s *shares) refuse(own *session) forward.Shortage {
	flows, weight := s.flows()
	memory := s.server.config.Memory.Full() || weight >= s.server.config.Limits.TCPFlows
	descriptors := flows > int(descriptorsFull*float64(s.server.config.DescriptorsAtMost))
	if !memory && !descriptors {
		return ""
	}
	held, total := s.measure(time.Now())
	for _, one := range held {
		if one.session != own {
			continue
		}
		count := len(held)
		switch {
		case memory && one.bytes*int64(count) >= total.bytes:
			return forward.ShortOfMemory
		case descriptors && one.flows*count >= total.flows:
			return forward.ShortOfDescriptors
		}
	}
	return "" // made since, and holds nothing
}

// flows counts those of all sessions, and weighs them.
func (s *shares) flows() (count, weight int) {
	for _, session := range s.server.all() {
		count += session.forwarder.Flows()
		weight += session.forwarder.Weight()
	}
	return count, weight
}

// measure tells what each session holds, and what all do.
func (s *shares) measure(now time.Time) (each []holding, total holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.measuredAt) >= usageLifetime {
		s.measuredAt, s.each, s.total = now, nil, holding{}
		for _, session := range s.server.all() {
			usage := session.forwarder.Usage()
			s.each = append(s.each, holding{session, usage.Flows, usage.Bytes})
			s.total.flows += usage.Flows
			s.total.bytes += usage.Bytes
		}
	}
	return s.each, s.total
}

// relieve takes from the session that holds most where that has become dangerous for all.
func (s *shares) relieve() {
	excess := s.server.config.Memory.Excess()
	flows, _ := s.flows()
	tooMany := flows - int(descriptorsTooMany*float64(s.server.config.DescriptorsAtMost))
	if excess <= 0 && tooMany <= 0 {
		return
	}
	each, _ := s.measure(time.Now())
	ended := 0
	// Not more than half of it at once: another may hold most then.
	if excess > 0 && len(each) > 0 {
		most := slices.MaxFunc(each, func(left, right holding) int { return cmp.Compare(left.bytes, right.bytes) })
		ended += most.session.forwarder.Shed(min(excess, most.bytes/2+1), 0)
		runtime.GC() // what is measured next is what the last collection found
	}
	if tooMany > 0 && len(each) > 0 {
		most := slices.MaxFunc(each, func(left, right holding) int { return cmp.Compare(left.flows, right.flows) })
		ended += most.session.forwarder.Shed(0, min(tooMany, most.flows/2+1))
	}
	if ended > 0 {
		s.server.config.Log.Warn("the session that holds most lost flows", "flows", ended, "bytesOver", excess)
	}
}
