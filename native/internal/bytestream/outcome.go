package bytestream

import "net/netip"

// Opening names a flow: the connection's addresses and ports as the laptop's program sees them.
type Opening struct{ Source, Destination netip.AddrPort }

// Verdict is what came of the agent's dial.
type Verdict byte

// Verdicts. The numbers are those of the wire.
const (
	Connected Verdict = iota + 1
	Refused
	HostUnreachable
	NetworkUnreachable
	Prohibited // by policy, or by a rule on the way
	Silent     // nothing answered: the laptop waits or tries again, as it would have
	verdictEnd
)

// Cause is why a flow was reset.
type Cause byte

// Causes. The numbers are those of the wire.
const (
	Aborted  Cause = iota + 1 // RST of either end
	TimedOut                  // the socket gave up (ETIMEDOUT)
	NoRoute                   // the socket lost its way (EHOSTUNREACH, ENETUNREACH)
	Shed                      // its end had to take memory or sockets back
	Ended                     // the session is over
	causeEnd
)

var verdictNames = [...]string{"none", "connected", "refused", "host-unreachable", "network-unreachable", "prohibited", "silent"}

func (v Verdict) String() string { return nameOf(verdictNames[:], byte(v)) }

var causeNames = [...]string{"none", "aborted", "timed-out", "no-route", "shed", "ended"}

func (c Cause) String() string { return nameOf(causeNames[:], byte(c)) }

func nameOf(names []string, number byte) string {
	if int(number) < len(names) {
		return names[number]
	}
	return "unknown"
}

// Events are told to an end of a flow. They come from any goroutine, one at a time for each flow, with no lock held that
// the flow's methods need, and must return soon.
type Events interface {
	// Answered comes once, first, in the engine only. Every verdict but Connected is the end of the flow.
	Answered(Verdict)
	// Readable tells that something can be read, or the end, after Read or Peek had nothing. It comes once for each time.
	Readable()
	// Writable tells that there is room after Write or Fill took less than there was, or Room was 0.
	Writable()
	// Reset tells that the far end or the session reset the flow; it is the last call. The far end's comes once what came
	// before it was read. In the agent Readable comes where something is left: what nobody takes then must not be kept.
	Reset(Cause)
}

// event is what is to be told.
type event byte

const (
	eventOpened event = 1 << iota
	eventAnswered
	eventReadable
	eventWritable
	eventReset
)
