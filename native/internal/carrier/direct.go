package carrier

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

// SessionKeys are what both ends of a session know of it. All are 32 bytes; Session is its name.
type SessionKeys struct {
	Session   string
	Private   [32]byte
	Public    [32]byte // of Private
	Peer      [32]byte // public
	Preshared [32]byte
}

// String keeps keys out of logs.
func (SessionKeys) String() string { return "***" }

// GoString keeps keys out of logs.
func (SessionKeys) GoString() string { return "***" }

// ErrNotOurs tells that somebody answers at an address who did not prove to be the agent of the session.
var ErrNotOurs = errors.New("what answers there is not this session's agent")

// Direct leads straight to the agent of one session, wherever its addresses are. It is safe for concurrent use.
type Direct interface {
	// Name is what events, logs and counters call it.
	Name() string

	// Dial opens the stream of a lane, as opening says, to an agent that has proved itself. It ends with ctx.
	Dial(ctx context.Context, to DirectTarget, opening wire.AgentOpening) (Stream, error)

	// Packets is as in Carrier.
	Packets(Stream) Packets

	// Probe connects to an agent, which has proved itself when there is no error. The caller closes it.
	Probe(ctx context.Context, to DirectTarget) (Probe, error)
}

// DirectTarget is an address of the agent, and the largest segment in bytes that its connections are to have; 0 leaves
// that to the system.
type DirectTarget struct {
	Address netip.AddrPort
	Segment int
}

// Probe asks the agent over a connection of its own, which goes the way that lanes go.
type Probe interface {
	// Ask sends so many bytes and waits for as many to come back; it tells how long that took.
	Ask(ctx context.Context, bytes int) (time.Duration, error)

	// MTU is the path's as the system knows it, in bytes; 0 where it does not tell.
	MTU() int

	Close() error
}

// NewDirect makes the engine's end for a session.
type NewDirect func(SessionKeys) Direct

// Door is the agent's end: it takes streams that come straight to the pod, of sessions that asked for it. It is safe for
// concurrent use.
type Door interface {
	// Admit lets streams of a session in, and opens the port with the first.
	Admit(SessionKeys) (wire.DirectListening, error)

	// Packets makes the stream of a lane that lane's carrier, as Carrier does at the engine's end.
	Packets(Stream) Packets

	// Dismiss lets no further streams of a session in, and closes the port with the last. Streams of lanes that are in stay.
	Dismiss(session string)
}

// NewDoor makes a door that is closed. enter takes streams of lanes whose far end has proved to have the keys of the
// session that the opening names, and owns them.
type NewDoor func(enter func(net.Conn, wire.AgentOpening)) Door
