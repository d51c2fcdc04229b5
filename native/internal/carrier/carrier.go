// Package carrier says what a way from the engine to the agent is, whatever it is made of: streams through the API
// server (package apiserver) now, a direct path later. Package tunnel and the engine know these interfaces only. It
// must hold no code that moves bytes.
//
// A carrier opens streams. What a stream is for, its first frame says (wire.AgentOpening): the control stream speaks
// frames, and one that is a lane's moves that lane's packets from then on (Packets). A further kind of inner traffic is
// a further kind of opening; where it wants more of a carrier than streams, it gets an interface beside Packets.
package carrier

import (
	"context"
	"errors"
	"io"
	"time"

	"slipway/native/internal/wire"
)

// MaxMessage is the largest WireGuard message in bytes: what the two bytes of length of a stream's frame can say.
const MaxMessage = 1<<16 - 1

// Reasons for which this side ends Packets.
var (
	ErrReplaced = errors.New("replaced by another stream")
	ErrClosed   = errors.New("carrier closed")
)

// Stream is an ordered and reliable stream of bytes to the agent's port. One over a connection of the laptop has LocalAddr
// too, as net.Conn: with that address gone from the laptop, nothing comes through any more.
type Stream = io.ReadWriteCloser

// Carrier is one way to agents of one cluster. It is safe for concurrent use.
type Carrier interface {
	// Name is what events, logs and counters call it, such as "apiserver".
	Name() string

	// Cost tells what to try first where there are several.
	Cost() Cost

	// Dial opens a stream. It ends with ctx. Errors that have a code are *wire.Problem.
	Dial(ctx context.Context, target wire.AgentTarget) (Stream, error)

	// Packets makes a stream of Dial whose opening was sent the carrier of one lane's packets, and owns it from then on.
	Packets(Stream) Packets
}

// CredentialSource returns what to authenticate to the API server with. because401 asks for others than the last, which
// it refused.
type CredentialSource func(ctx context.Context, because401 bool) (wire.ClusterCredentials, error)

// New makes one kind of carrier for one cluster; it opens nothing. Its errors are of the address, as *wire.Problem.
type New func(wire.ClusterAddress, CredentialSource) (Carrier, error)

// Cost orders carriers, the cheapest first. It is what is known before anything is measured.
type Cost struct {
	Relays int // programs between engine and agent that pass on each byte
}

// Compare is negative where cost is less than other, 0 where they are the same.
func (cost Cost) Compare(other Cost) int { return cost.Relays - other.Relays }

// Packets moves the WireGuard messages of one lane, both ways, until it ends: it is not revived, the lane gets others.
// Messages that are under way at its end are lost. All but Receive is safe for concurrent use.
type Packets interface {
	// Name is the carrier's.
	Name() string

	// MaxMessage is the largest message in bytes that it takes.
	MaxMessage() int

	// Start begins to carry. It is called once, before all but Close. onRoom is called whenever HasRoom may be true after
	// it was false, with no lock held that another method needs; it returns soon.
	Start(onRoom func())

	// HasRoom tells whether a message of so many bytes may come to Send, behind promised bytes of others that it was true
	// for and that Send has not got yet. It is true for any message where nothing is promised, unsent or unacknowledged.
	// Where small is set it is true for a few messages more, which must not wait behind bulk.
	HasRoom(bytes, promised int, small bool) bool

	// Send takes messages in their order; they may be changed when it returns. It may wait while the far end takes
	// nothing, and returns at the end at the latest. A message larger than MaxMessage is dropped.
	Send(messages [][]byte)

	// Receive waits for messages and puts as many as are there, up to len(into), into the buffers. sizes has as many
	// places. An error comes with the end, and may come with messages. One goroutine at a time calls it. What the far
	// end acknowledges may come this way too, so that room comes back only while somebody receives.
	Receive(into [][]byte, sizes []int) (int, error)

	// Done is closed at the end, and Err tells why then; before that it is nil.
	Done() <-chan struct{}
	Err() error

	// Close ends it for a reason; what ended it before stays the reason.
	Close(reason error)

	// Stats returns a snapshot.
	Stats() Stats
}

// Stats of Packets. Sent and Received count bytes of messages.
type Stats struct {
	Sent        uint64
	Received    uint64
	Outstanding int           // bytes sent that the far end did not acknowledge
	Window      int           // bytes that may be; 0 where there is no such bound
	RoundTrip   time.Duration // least measured, the far end's delay included; 0 before
	Rate        float64       // best of the last rounds, bytes per second; 0 before
}
