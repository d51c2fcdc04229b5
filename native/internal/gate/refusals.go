package gate

// reason is why a packet was not let in.
type reason uint8

const (
	passed    reason = iota
	malformed        // header, options, checksum, flags, fragment or quotation that no honest far end sends
	stranger         // not to this address
	source           // from outside the ranges in force
	unasked          // no flow, no waiting echo, or a message that nobody asks for
	fragment         // of a datagram whose first fragment was not let in
	reasonCount
)

var reasonNames = [reasonCount]string{
	malformed: "malformed", stranger: "stranger", source: "source", unasked: "unasked", fragment: "fragment",
}

// Refused counts the packets that were not let in since the gate was made, by reason; without those that never came.
// "outside" counts those of the laptop that were not let out, to where no range in force is.
func (gate *Gate) Refused() map[string]uint64 {
	refused := map[string]uint64{}
	for number := range gate.refused {
		if count := gate.refused[number].Load(); count > 0 {
			refused[reasonNames[number]] = count
		}
	}
	if count := gate.unroutable.Load(); count > 0 {
		refused["outside"] = count
	}
	return refused
}

// TurnedAway counts flows of the laptop that were answered by a refusal: connections by a reset, all by an ICMP error.
func (gate *Gate) TurnedAway() uint64 { return gate.flows.TurnedAway() + gate.unreached.Load() }

// RefuseMalformed counts what is no packet at all.
func (gate *Gate) RefuseMalformed() { gate.refused[malformed].Add(1) }
