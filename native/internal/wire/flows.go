package wire

// The laptop's TCP connections (flows) are told only while the core watches them, as differences from what was told before.

// FlowsAtMost is how many flows that live are told; of more, those that carry most, then those that are newest.
const FlowsAtMost = 1000

// FlowsCommand begins or ends the telling of flows.
type FlowsCommand struct {
	Watched bool `json:"watched"`
}

// FlowsEvent comes at once when watching begins, again soon, and then each second, also where nothing changed.
type FlowsEvent struct {
	All                   bool     `json:"all,omitempty"` // Changed are all that there are to know; what was told before is void
	Changed               []Flow   `json:"changed,omitempty"`
	Gone                  []uint64 `json:"gone,omitempty"` // ids that are told no more
	Live                  int      `json:"live"`           // flows that live, told or not
	Opening               int      `json:"opening"`        // of these, how many wait for their first answer
	Path                  string   `json:"path"`           // as in TunnelEvent
	RoundTripMicroseconds int64    `json:"roundTripMicroseconds,omitempty"`
	ProgramsKnown         bool     `json:"programsKnown"` // false on a system where programs are not looked up
}

// Flow is one TCP connection of the laptop. What ended is told for a while longer, the last of them only.
type Flow struct {
	ID          uint64 `json:"id"` // no other flow of this engine's connection has it
	Source      string `json:"source"`
	Destination string `json:"destination"`    // address:port
	Real        string `json:"real,omitempty"` // likewise, in the cluster, where programs know another address
	State       string `json:"state"`          // see package terminate

	BeganAt int64 `json:"beganAt"`           // milliseconds since the epoch
	EndedAt int64 `json:"endedAt,omitempty"` // likewise; 0 while it lives

	BytesUp   uint64 `json:"bytesUp"`
	BytesDown uint64 `json:"bytesDown"`
	RateUp    uint64 `json:"rateUp,omitempty"` // bytes a second since it was told last
	RateDown  uint64 `json:"rateDown,omitempty"`

	AnswerMicroseconds int64        `json:"answerMicroseconds,omitempty"` // from the first SYN to what came of it
	TunnelMicroseconds int64        `json:"tunnelMicroseconds,omitempty"` // of that, the tunnel's round trip; 0: not known
	Program            *FlowProgram `json:"program,omitempty"`            // nil: not known
}

// FlowProgram is whose a flow is. Name and path are of the program's own making.
type FlowProgram struct {
	User       string `json:"user"`
	PID        int    `json:"pid,omitempty"` // 0: a process that this user may not look into
	Name       string `json:"name,omitempty"`
	Executable string `json:"executable,omitempty"`
}
