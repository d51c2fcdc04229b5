// Package carrier moves WireGuard messages over one ordered byte stream: it frames them, implements wireguard-go's
// conn.Bind over a stream that may be replaced at any time, and bounds what is under way by time. It never looks
// inside a message, never decides which flow takes which stream, and opens no connection itself.
//
// A frame is a length (2 bytes, big endian) and that many bytes of payload. The payload's first byte tells what it
// is: 1 to 4 are WireGuard's message types (the message as it is), 0x80 is a window report: the bytes of all
// WireGuard messages received on this stream so far (8 bytes, big endian). A frame of length 0, of an unknown type or
// of a wrong length for its type ends the stream with an error. Reports are not counted and not reported.
package carrier

import (
	"errors"
	"log/slog"
	"time"
)

// Sizes in bytes.
const (
	// MaxMessage is the largest WireGuard message that a frame can hold.
	MaxMessage = 1<<16 - 1

	// DefaultWindowMinimum keeps a stream busy on any path that is not long and fast at once; at 40 ms it is
	// 52 Mbit/s before the first measurement.
	DefaultWindowMinimum = 256 << 10

	// DefaultWindowMaximum is 1.6 Gbit/s at 40 ms.
	DefaultWindowMaximum = 8 << 20

	// DefaultCredit is how much may lie between a lane's queue and the stream: being encrypted, or waiting for the
	// stream to take it. It is what a small packet may have to wait behind in this process, so it is small; it keeps
	// two encrypting workers and one write busy.
	DefaultCredit = 256 << 10

	// smallMessage bounds the messages that do not wait for the window: acknowledgements, DNS, handshakes.
	smallMessage = 256

	// smallAllowance is how far small messages may go past window and credit, so that a stalled stream cannot make
	// them pile up.
	smallAllowance = 64 << 10

	// writeSize is the most that one Write to the stream takes. API server and kubelet pass a message on when it is
	// complete, so a larger one adds its own transmission time at every hop.
	writeSize = 64 << 10

	// reportEvery is how many received bytes call for a window report of its own, and reportGap how long they wait
	// for other things to write: each message passes every hop of the path, and what a hop pays for one hardly depends
	// on its size. A window is at least four times reportEvery, and has a slack of more than reportGap.
	reportEvery = 64 << 10
	reportGap   = 2 * time.Millisecond

	// reportAlong is how many received bytes are reported with whatever is written anyway, as are the inner
	// acknowledgements of a download.
	reportAlong = 16 << 10

	// atOnce is how many bytes are written by whoever brings them to an idle stream.
	atOnce = 4 << 10

	messageHandshakeInitiation = 1
	messageTransport           = 4
	messageWindowReport        = 0x80

	frameHeader  = 2
	reportLength = 9

	// A WireGuard transport message is 16 bytes of header, the packet padded to 16, and a tag of 16 bytes; an empty
	// one is a keepalive.
	transportOverhead = 32
)

// DefaultBatchSize is how many messages one call of Send or of the receive function handles. wireguard-go holds a
// buffer of 64 KiB for each, twice, and one for every message that is inside it, whatever the message's size: so
// messages are counted as well as bytes. Measurements are in docs/adr/0006.
const DefaultBatchSize = 8

// insideBatches is how many batches may be inside wireguard-go in one direction: one is worked on by each of two
// workers, one waits.
const insideBatches = 3

// Errors that a stream ends with, as the channel of Attach delivers them.
var (
	ErrReplaced      = errors.New("replaced by another stream")
	ErrClosed        = errors.New("carrier closed")
	ErrFrameEmpty    = errors.New("frame of length 0")
	ErrFrameUnknown  = errors.New("frame of unknown type")
	ErrReportInvalid = errors.New("window report is not possible")
)

// Options of a Bind. Zero values take the defaults.
type Options struct {
	WindowMinimum int // bytes
	WindowMaximum int // bytes
	Credit        int // bytes
	BatchSize     int // messages
	MTU           int // bytes, that of the WireGuard device, which pads by it; 0 for none

	// OnRoom is called when Reserve may succeed where it failed before, OnLive when Live may have changed. Neither is
	// called with a lock of the Bind held; both must return soon.
	OnRoom func()
	OnLive func()

	Log *slog.Logger
}

func (options Options) withDefaults() Options {
	if options.WindowMinimum <= 0 {
		options.WindowMinimum = DefaultWindowMinimum
	}
	if options.WindowMaximum < options.WindowMinimum {
		options.WindowMaximum = max(DefaultWindowMaximum, options.WindowMinimum)
	}
	if options.Credit <= 0 {
		options.Credit = DefaultCredit
	}
	if options.BatchSize <= 0 {
		options.BatchSize = DefaultBatchSize
	}
	if options.OnRoom == nil {
		options.OnRoom = func() {}
	}
	if options.OnLive == nil {
		options.OnLive = func() {}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return options
}
