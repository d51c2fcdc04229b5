// Package stream carries a lane's WireGuard messages over one ordered byte stream: it frames them, and bounds what is
// under way by time. It never looks inside a message, and opens no connection itself.
//
// A frame is a length (2 bytes, big endian) and that many bytes of payload. The payload's first byte tells what it
// is: 1 to 4 are WireGuard's message types (the message as it is), 0x80 is a window report: the bytes of all
// WireGuard messages received on this stream so far (8 bytes, big endian). A frame of length 0, of an unknown type or
// of a wrong length for its type ends the stream with an error. Reports are not counted and not reported.
package stream

import (
	"errors"
	"time"

	"slipway/native/internal/carrier/window"
)

// Sizes in bytes.
const (
	// Credit is how much may lie between a lane's queue and the stream: being encrypted, or waiting for the
	// stream to take it. It is what a small packet may have to wait behind in this process, so it is small; it keeps
	// two encrypting workers and one write busy.
	Credit = 256 << 10

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
)

// Errors that hostile or broken frames end a stream with.
var (
	ErrFrameEmpty    = errors.New("frame of length 0")
	ErrFrameUnknown  = errors.New("frame of unknown type")
	ErrReportInvalid = window.ErrReportInvalid
)
