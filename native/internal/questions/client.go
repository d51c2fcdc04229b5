package questions

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/turn"
)

// ErrNotServed says that the agent takes no questions over a flow, or that none can be opened now: they go as packets.
var ErrNotServed = errors.New("the agent takes no questions over a flow")

// waiting is how many answers wait for a reader; more are lost, as datagrams are.
const waiting = 4

// Client asks over one flow of a session, in the engine. It is of one session: a new one has a client of its own.
type Client struct {
	// Open opens a flow to the agent's Port.
	Open func(events bytestream.Events) (*bytestream.Flow, error)

	mutex sync.Mutex
	asked *asked
	// isRefused: this agent knows no such flow.
	isRefused bool
}

// Dial makes a connection to a nameserver, each Write and Read of which is one message. It waits only for the session's
// first flow to be answered, once.
func (client *Client) Dial(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
	flow, err := client.flow(ctx)
	if err != nil {
		return nil, err
	}
	return flow.dial(server)
}

func (client *Client) flow(ctx context.Context) (*asked, error) {
	client.mutex.Lock()
	if client.isRefused {
		client.mutex.Unlock()
		return nil, ErrNotServed
	}
	flow := client.asked
	if flow == nil || flow.isOver() {
		flow = &asked{
			answered: make(chan struct{}), over: make(chan struct{}), conversations: map[uint32]*conversation{},
			frames: frames{atMost: largest},
		}
		opened, err := client.Open(flow)
		if err != nil {
			client.mutex.Unlock()
			return nil, errors.Join(ErrNotServed, err)
		}
		flow.flow.Store(opened)
		client.asked = flow
	}
	client.mutex.Unlock()
	select {
	case <-flow.answered:
	case <-flow.over:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if flow.isOver() {
		client.mutex.Lock()
		client.isRefused = client.isRefused || flow.isRefused.Load()
		client.mutex.Unlock()
		return nil, ErrNotServed
	}
	return flow, nil
}

// asked is the flow's end in the engine.
type asked struct {
	flow      atomic.Pointer[bytestream.Flow]
	turn      turn.Turn
	frames    frames // of take
	isRefused atomic.Bool

	answered, over chan struct{}
	overOnce       sync.Once

	writing       sync.Mutex
	mutex         sync.Mutex
	last          uint32
	conversations map[uint32]*conversation // nil after the end
}

func (a *asked) isOver() bool {
	select {
	case <-a.over:
		return true
	default:
		return false
	}
}

// Answered implements bytestream.Events.
func (a *asked) Answered(verdict bytestream.Verdict) {
	if verdict == bytestream.Connected {
		close(a.answered)
		return
	}
	a.isRefused.Store(true)
	a.end()
}

// Readable implements bytestream.Events.
func (a *asked) Readable() { a.turn.Start(a.take) }

// Writable implements bytestream.Events.
func (a *asked) Writable() {}

// Reset implements bytestream.Events.
func (a *asked) Reset(bytestream.Cause) { a.end() }

// end lets every reader know that no answer comes.
func (a *asked) end() {
	a.overOnce.Do(func() {
		close(a.over)
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.conversations = nil
	})
}

func (a *asked) take() {
	flow := a.flow.Load()
	if flow == nil || a.isOver() {
		return
	}
	if err := a.frames.read(flow, a.deliver); !errors.Is(err, bytestream.ErrWouldBlock) {
		flow.Reset(bytestream.Aborted)
		a.end()
	}
}

func (a *asked) deliver(number uint32, message []byte) {
	a.mutex.Lock()
	to := a.conversations[number]
	a.mutex.Unlock()
	if to == nil {
		return
	}
	select {
	case to.answers <- append([]byte(nil), message...):
	default:
	}
}

func (a *asked) dial(server netip.AddrPort) (net.Conn, error) {
	made := &conversation{
		asked: a, server: server, encoded: encodeServer(server), answers: make(chan []byte, waiting),
		closed: make(chan struct{}), late: make(chan struct{}),
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.conversations == nil {
		return nil, ErrNotServed
	}
	a.last++
	made.number = a.last
	a.conversations[made.number] = made
	return made, nil
}

// send writes a whole frame or nothing: without room it is lost, as a datagram would be.
func (a *asked) send(frame []byte) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	flow := a.flow.Load()
	if flow == nil || a.isOver() {
		return net.ErrClosed
	}
	if flow.Room() >= len(frame) {
		_, err := flow.Write(frame)
		return err
	}
	return nil
}

// conversation is one connection to a nameserver.
type conversation struct {
	asked   *asked
	server  netip.AddrPort
	encoded []byte
	number  uint32
	answers chan []byte
	closed  chan struct{}
	once    sync.Once

	mutex sync.Mutex
	timer *time.Timer
	late  chan struct{} // closed at the deadline
	wrote bool
}

// Write sends one message.
func (c *conversation) Write(message []byte) (int, error) {
	if len(message) > largestAsked {
		return 0, syscall.EMSGSIZE
	}
	c.mutex.Lock()
	c.wrote = true
	c.mutex.Unlock()
	if err := c.asked.send(frame(c.number, c.encoded, message)); err != nil {
		return 0, err
	}
	return len(message), nil
}

// Read waits for one message. ECONNREFUSED says that the nameserver, or the agent, refuses.
func (c *conversation) Read(into []byte) (int, error) {
	c.mutex.Lock()
	late := c.late
	c.mutex.Unlock()
	select {
	case message := <-c.answers:
		if len(message) == 0 {
			return 0, syscall.ECONNREFUSED
		}
		return copy(into, message), nil
	case <-late:
		return 0, os.ErrDeadlineExceeded
	case <-c.asked.over:
		return 0, net.ErrClosed
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

// Close ends the exchange at both ends.
func (c *conversation) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.asked.mutex.Lock()
		delete(c.asked.conversations, c.number)
		c.asked.mutex.Unlock()
		c.mutex.Lock()
		wrote := c.wrote
		if c.timer != nil {
			c.timer.Stop()
		}
		c.mutex.Unlock()
		if wrote {
			_ = c.asked.send(frame(c.number))
		}
	})
	return nil
}

// SetDeadline implements net.Conn. Only readers wait.
func (c *conversation) SetDeadline(deadline time.Time) error { return c.SetReadDeadline(deadline) }

// SetReadDeadline implements net.Conn.
func (c *conversation) SetReadDeadline(deadline time.Time) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	select {
	case <-c.late:
		c.late = make(chan struct{})
	default:
	}
	if deadline.IsZero() {
		return nil
	}
	if wait := time.Until(deadline); wait > 0 {
		late := c.late
		c.timer = time.AfterFunc(wait, func() {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			if late == c.late {
				close(late)
			}
		})
		return nil
	}
	close(c.late)
	return nil
}

// SetWriteDeadline implements net.Conn; nothing waits to be written.
func (c *conversation) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (c *conversation) LocalAddr() net.Addr { return &net.UDPAddr{} }

// RemoteAddr implements net.Conn.
func (c *conversation) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.server) }
