package forward

import (
	"errors"
	"sync/atomic"
	"syscall"

	"slipway/native/internal/wire"
)

// Shortage is what the agent had too little of for a new flow; empty where there is enough.
type Shortage string

const (
	ShortOfMemory      Shortage = "memory"      // the container's memory budget is used up
	ShortOfDescriptors Shortage = "descriptors" // sockets of the process (RLIMIT_NOFILE)
	ShortOfPorts       Shortage = "ports"       // of the pod toward one destination (ip_local_port_range)
	ShortOfPatience    Shortage = "unanswered"  // the destination leaves too many unanswered
)

type refusals struct{ memory, descriptors, ports, unanswered atomic.Uint64 }

func (r *refusals) count(short Shortage) {
	switch short {
	case ShortOfMemory:
		r.memory.Add(1)
	case ShortOfDescriptors:
		r.descriptors.Add(1)
	case ShortOfPorts:
		r.ports.Add(1)
	case ShortOfPatience:
		r.unanswered.Add(1)
	}
}

// Refused counts the flows that were refused or given up since the session began.
func (f *Forwarder) Refused() wire.RefusedFlows {
	return wire.RefusedFlows{
		Memory: f.refused.memory.Load(), Descriptors: f.refused.descriptors.Load(),
		Ports: f.refused.ports.Load(), Unanswered: f.refused.unanswered.Load(),
	}
}

// shortageOf tells which limit of the agent's own pod an error of its sockets came from; empty for all that the network
// said. The table of connection tracking, which all pods of a node share, is none of them: a full one drops packets
// without a word.
func shortageOf(err error) Shortage {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ShortOfPorts
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return ShortOfDescriptors
	case errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
		return ShortOfMemory
	}
	return ""
}
