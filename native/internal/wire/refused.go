package wire

// RefusedFlows counts connections, datagram flows and dials that the agent refused or gave up since the session began, by
// what it had too little of.
type RefusedFlows struct {
	Memory      uint64 `json:"memory"`      // of its container
	Descriptors uint64 `json:"descriptors"` // of its process
	Ports       uint64 `json:"ports"`       // of its pod toward one destination
	Unanswered  uint64 `json:"unanswered"`  // dials that may wait for destinations that do not answer
}

// Plus adds counts of another session.
func (refused RefusedFlows) Plus(other RefusedFlows) RefusedFlows {
	return RefusedFlows{
		Memory: refused.Memory + other.Memory, Descriptors: refused.Descriptors + other.Descriptors,
		Ports: refused.Ports + other.Ports, Unanswered: refused.Unanswered + other.Unanswered,
	}
}
