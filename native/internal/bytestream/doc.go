// Package bytestream carries the byte streams of TCP connections between engine and agent: flows, over sealed lanes. A
// lane is an ordered stream of a carrier that may end at any moment; what the far end did not report goes over another
// one then, so that flows lose nothing and see nothing twice. Package bytestream opens no connection, knows no socket
// and no packet, and decides nothing about destinations.
//
// # Lane
//
// An attachment begins with a handshake, Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s: two messages, each behind its length (2
// bytes, big endian), the first behind the number of the attachment too (8 bytes). Then come records: a length (3 bytes,
// big endian) and so many bytes, sealed with the length as additional data. A direction has a key of its own, its nonces
// count records, and after recordsForKey of them the key is replaced by one that follows from it.
//
// # Frames
//
// A record holds whole frames. Numbers are unsigned varints (encoding/binary), of at most eight bytes.
//
//	open    1 flow, source, destination   engine; addresses are a length (4 or 16), the address and the port (2 bytes)
//	answer  2 flow, verdict (1 byte)      agent
//	data    3 flow, offset, length, bytes
//	finish  4 flow, offset                nothing follows that offset
//	window  5 flow, offset                the far end may send up to it
//	reset   6 flow, cause (1 byte)
//	times   7 flow, dialled, served       agent; microseconds, see Times
//	report  8 bytes                       of all frames of kinds 1 to 7 of this lane that were worked off
//	ping    9 number
//	pong   10 number
//
// Frames of kinds 1 to 7 may come again on another lane, in any order, and change nothing then. Whatever comes for an
// opening flow from the agent means that it is connected.
package bytestream

import (
	"errors"
	"time"

	"slipway/native/internal/carrier/window"
)

// Sizes in bytes.
const (
	// maxRecord is the most that a record holds. Every hop of the path pays for a message, hardly for its size.
	maxRecord = 128 << 10

	// A record is what the lane moves in recordTime, but at least leastRecord.
	leastRecord = 16 << 10
	recordTime  = 5 * time.Millisecond

	// windowAtFirst is what a flow may send before the far end has read anything, and windowMaximum what it may have
	// under way and unread in the end: 1.6 Gbit/s at 40 ms.
	windowAtFirst = 64 << 10
	windowMaximum = 8 << 20

	// unsentAlone is how much of a flow waits for its lane where no other waits, unsentShared what all of them do where
	// several do, and unsentAtLeast what each may.
	unsentAlone   = 512 << 10
	unsentShared  = 4 << 20
	unsentAtLeast = 16 << 10

	// smallBurst is how much a flow that was quiet for quietAfter sends before it counts as bulk.
	smallBurst = 64 << 10
	quietAfter = 20 * time.Millisecond

	// bulkTurn is what a flow sends before the next bulk flow of its lane has its turn.
	bulkTurn = 64 << 10

	// leastPiece is what must fit into a lane's window for bulk to be sent: less is not worth a frame.
	leastPiece = 4 << 10

	// smallAllowance is how far control frames and small flows may go past a lane's window.
	smallAllowance = 64 << 10

	// atOnce is how much may be under way on a lane that is written to by whoever brings something: what every path
	// holds without a reader, so that the write does not wait. What no report tells of counts, too, until a pong does.
	atOnce = 64 << 10

	// A report goes along with whatever is written once reportAlong bytes came, and alone after reportEvery and
	// reportGap, or after reportDelay.
	reportAlong = 4 << 10
	reportEvery = 64 << 10
	reportGap   = 2 * time.Millisecond
	reportDelay = 10 * time.Millisecond
)

// Limits of what a peer may make this end remember.
const (
	// framesInFlight is how many data frames of one flow may be unreported. gapsAtMost, which is more, is how many
	// holes there may be in what came.
	framesInFlight = 512
	gapsAtMost     = 2 * framesInFlight

	// openingsAhead is how many flows may have opened behind one whose opening has not come yet.
	openingsAhead = 1 << 16

	// answersAtMost is how many openings the agent answers without a report of the answer: twice as many as an engine
	// waits for. flightsAtMost is how many frames a lane remembers until they are reported.
	answersAtMost = 1 << 15
	flightsAtMost = 1 << 12

	// arrivingAtMost is how many streams of a lane may shake hands at once.
	arrivingAtMost = 2
)

// Times after which a lane is doubted.
const (
	// pingAfter is how long a lane may say nothing before it is asked, and silentAfter how long it may say nothing,
	// asked, before it is ended; suspectAfter is that after Revalidate.
	pingAfter    = 2 * time.Second
	silentAfter  = 8 * time.Second
	suspectAfter = 3 * time.Second

	// stalledAfter is how long a report may be overdue before what it is about goes over another lane too.
	stalledAfter = time.Second

	// handshakeTimeout is for both of its messages and the first record.
	handshakeTimeout = 10 * time.Second

	// pausedAfter is how late a look may be before this process, not the lane, is taken for what stood still.
	pausedAfter = 2 * time.Second

	// watchEvery is how often lanes are looked after.
	watchEvery = 250 * time.Millisecond
)

// What the methods of a Flow return.
var (
	// ErrWouldBlock tells that nothing can be read, or no more be written, now; the flow's Events tell when.
	ErrWouldBlock = errors.New("flow would block")
	// ErrReset tells that the flow was reset, here or there.
	ErrReset = errors.New("flow was reset")
	// ErrFinished is of writing after CloseWrite.
	ErrFinished = errors.New("flow is closed for writing")
)

// Reasons for which a lane ends.
var (
	ErrClosed     = errors.New("session closed")
	ErrReplaced   = errors.New("replaced by another stream")
	ErrSilent     = errors.New("lane is silent")
	ErrHandshake  = errors.New("handshake failed")
	ErrRecord     = errors.New("record is not authentic")
	ErrFrame      = errors.New("frame is malformed")
	ErrDirection  = errors.New("frame of the other side")
	ErrUnknown    = errors.New("frame of an unknown flow")
	ErrWindow     = errors.New("data past the window")
	ErrFinal      = errors.New("data past the end, or another end")
	ErrVerdict    = errors.New("another verdict than before")
	ErrGaps       = errors.New("too many gaps")
	ErrOpenings   = errors.New("flow numbers too far ahead")
	ErrAnswers    = errors.New("too many answers that were not reported")
	ErrReport     = window.ErrReportInvalid
	ErrAttachment = errors.New("number of the attachment was used")
)
