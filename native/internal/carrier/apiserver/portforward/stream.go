package portforward

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/spdystream/spdy"
)

const (
	// MaxMessage is how many bytes of a Write become one message at most. The runtime passes a message on when it is whole.
	MaxMessage = 192 << 10

	// reasonWait is how long the end of the data waits for the kubelet's word about it.
	reasonWait = time.Second

	// politeness is how long Close may take to tell the server.
	politeness = 250 * time.Millisecond
)

var errReset = errors.New("the server takes no more data")

// Options of a port-forward.
type Options struct {
	Port      int           // in the pod
	WebSocket bool          // the connection was upgraded to a WebSocket
	Ping      time.Duration // pause between pings, which keep gateways from closing an idle connection

	// Explain makes an error of what the error stream said: at most 4 KiB of valid UTF-8.
	Explain func(text string) error
}

// Stream is the data stream of a port-forward, and owns its connection. It is safe for concurrent use.
type Stream struct {
	conn    net.Conn
	abort   func()
	options Options
	framing framing
	turn    turn
	reading sync.Mutex
	input   input // under reading

	isReset  atomic.Bool // the server takes no more data
	isClosed atomic.Bool
	pings    uint32
	pingSoon *time.Timer
}

// Open asks for the streams of a port-forward and waits for the server's answers; who wants to wait no longer ends the
// connection by abort, which must not wait for the server. Whether the port in the pod accepts shows only later: where it does
// not, Read returns what Explain makes of the reason.
func Open(conn net.Conn, abort func(), options Options) (*Stream, error) {
	s := &Stream{conn: conn, abort: abort, options: options, framing: bare{conn}, turn: turn{to: conn}}
	if options.WebSocket {
		s.framing = &webSocket{from: conn, pong: s.turn.post}
	}
	s.input = input{from: s.framing, pong: s.pong, reason: make(chan struct{})}
	if err := s.ask(); err != nil {
		_ = s.Close()
		if text := s.input.reasonText(); text != "" {
			return nil, options.Explain(text)
		}
		return nil, fmt.Errorf("open port-forward streams: %w", err)
	}
	if options.Ping > 0 {
		s.pingSoon = time.AfterFunc(time.Hour, s.ping)
		s.pingSoon.Reset(options.Ping)
	}
	return s, nil
}

// LocalAddr is the near end's address of the connection.
func (s *Stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

func (s *Stream) ask() error {
	message, err := appendOpenings(s.message(), s.options.Port)
	if err != nil {
		return err
	}
	if err := s.turn.write(s.framing.seal(message)); err != nil {
		return err
	}
	for !s.input.isOpen() {
		if err := s.input.next(); err != nil {
			return unexpected(err)
		}
		if s.input.isFinished && !s.input.isOpen() {
			return errReset
		}
	}
	// Nothing is ever sent on it.
	return s.post(appendDataHeader(s.message(), errorStream, flagFinished, 0))
}

// message is a small one to append to.
func (s *Stream) message() []byte { return make([]byte, s.framing.headroom(), 256) }

// post sends a message of control frames without waiting.
func (s *Stream) post(frames []byte) error {
	return s.turn.post(s.framing.seal(frames))
}

func (s *Stream) pong(id uint32) error {
	return s.post(appendControl(s.message(), spdy.TypePing, id))
}

func (s *Stream) ping() {
	if s.isClosed.Load() {
		return
	}
	s.pings += 2
	if s.post(appendControl(s.message(), spdy.TypePing, s.pings-1)) == nil {
		s.pingSoon.Reset(s.options.Ping)
	}
}

// Read returns data, as much as one message of the connection's holds. At the end of it the error is the kubelet's reason,
// if it gave one.
func (s *Stream) Read(into []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if len(into) == 0 {
		return 0, nil
	}
	n, err := s.input.read(into)
	if err != nil {
		s.noteEnd()
		s.awaitReason()
		err = s.because(err)
	}
	return n, err
}

func (s *Stream) noteEnd() {
	if s.input.dead != nil || s.input.isReset {
		s.isReset.Store(true)
	}
}

// awaitReason reads on after the end of the data, or where nothing can be written any more.
func (s *Stream) awaitReason() {
	if s.input.isReasonKnown() || s.isClosed.Load() {
		return
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(reasonWait))
	for s.input.dead == nil && s.input.rest == 0 && !s.input.isReasonKnown() {
		_ = s.input.next()
	}
}

// buffers are of the size of the largest message, because few are in use at a time.
var buffers = sync.Pool{New: func() any {
	buffer := make([]byte, maxHeader+frameHeader+MaxMessage)
	return &buffer
}}

// Write sends bytes as one message, or as several of MaxMessage bytes. It waits while the server takes nothing.
func (s *Stream) Write(from []byte) (int, error) {
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	written := 0
	for written < len(from) {
		chunk := from[written:min(len(from), written+MaxMessage)]
		message := appendDataHeader((*pooled)[:s.framing.headroom()], dataStream, 0, len(chunk))
		err := errReset
		if !s.isReset.Load() {
			err = s.turn.write(s.framing.seal(append(message, chunk...)))
		}
		if err != nil {
			return written, s.becauseOfWrite(err)
		}
		written += len(chunk)
	}
	return written, nil
}

// becauseOfWrite looks for the reason itself where nobody reads.
func (s *Stream) becauseOfWrite(err error) error {
	if s.reading.TryLock() {
		s.awaitReason()
		s.reading.Unlock()
	} else {
		select {
		case <-s.input.reason:
		case <-time.After(reasonWait):
		}
	}
	return s.because(err)
}

func (s *Stream) because(err error) error {
	if s.isClosed.Load() {
		return net.ErrClosed
	}
	if text := s.input.reasonText(); text != "" {
		return s.options.Explain(text)
	}
	return err
}

// Close ends the stream and its connection. Reads return at once; the server is told if it listens.
func (s *Stream) Close() error {
	if s.isClosed.Swap(true) {
		return nil
	}
	if s.pingSoon != nil {
		s.pingSoon.Stop()
	}
	impatient := time.AfterFunc(politeness, s.abort)
	defer impatient.Stop()
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
	farewell := appendControl(s.message(), spdy.TypeRstStream, dataStream, uint32(spdy.Cancel))
	farewell = s.framing.seal(appendControl(farewell, spdy.TypeGoAway, 0, uint32(spdy.GoAwayOK)))
	_ = s.turn.write(append(farewell, s.framing.goodbye()...))
	_ = s.conn.Close()
	return nil
}
