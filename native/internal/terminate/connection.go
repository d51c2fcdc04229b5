package terminate

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/packet"
	"slipway/native/internal/turn"
)

// Keep-alive towards the laptop only finds programs whose kernel forgot them, so it is slow.
const (
	keepAliveIdle     = 5 * time.Minute
	keepAliveInterval = time.Minute
	keepAliveCount    = 9
)

// connection is one connection of the laptop: first a SYN that waits for its answer, then an endpoint joined with a
// flow. Ends and resets of one side become ends and resets of the other.
type connection struct {
	terminator *Terminator
	id         stack.TransportEndpointID
	opening    bytestream.Opening
	asking     asking // guarded by attempts, but for first, which stays
	number     uint64

	answered, tunnel atomic.Int64  // nanoseconds, see Account
	ending           atomic.Uint32 // a State from Closed on; 0 before

	// Held while the flow is opened. No lock is held that an event of any flow needs, for whoever calls a flow may tell them.
	beginning sync.Mutex

	mu      sync.Mutex
	request *tcp.ForwarderRequest // until it is completed, or accepted
	flow    *bytestream.Flow
	over    bool // the flow is reset, or the laptop has given up

	// From the verdict "connected" on.
	endpoint tcpip.Endpoint
	queue    waiter.Queue
	entry    waiter.Entry
	up, down direction
	isReset  atomic.Bool // by the far end
	once     sync.Once   // of the end
}

// direction is one of a connection's two.
type direction struct {
	turn    turn.Turn
	ended   atomic.Bool
	blocked atomic.Bool // toward the laptop: the endpoint had no room
}

func newConnection(terminator *Terminator, id stack.TransportEndpointID, syn *stack.PacketBuffer) *connection {
	now := time.Now()
	return &connection{
		terminator: terminator, id: id, number: terminator.numbers.Add(1),
		opening: bytestream.Opening{
			Source:      addressOf(id.RemoteAddress, id.RemotePort),
			Destination: addressOf(id.LocalAddress, id.LocalPort),
		},
		asking: asking{
			quoted: append(bytes.Clone(syn.NetworkHeader().Slice()), syn.TransportHeader().Slice()...),
			first:  now, last: now,
		},
	}
}

// begin opens the flow.
func (c *connection) begin(request *tcp.ForwarderRequest) {
	c.beginning.Lock()
	defer c.beginning.Unlock()
	c.mu.Lock()
	c.request = request
	isOver := c.over
	c.mu.Unlock()
	var flow *bytestream.Flow
	var err error
	if !isOver {
		flow, err = c.terminator.config.Open(c.opening, c)
	}
	if err != nil {
		c.terminator.config.Log.Debug("open flow", "destination", c.opening.Destination, "error", err)
		c.terminator.attempts.remove(c)
	}
	c.mu.Lock()
	c.flow = flow
	isOver = c.over
	if isOver || err != nil {
		c.completeLocked(false)
	}
	c.mu.Unlock()
	if isOver && flow != nil {
		flow.Reset(bytestream.Aborted)
	}
}

func (c *connection) completeLocked(withReset bool) {
	if c.request != nil {
		c.request.Complete(withReset)
		c.request = nil
	}
}

// giveUp ends an attempt without a word to the laptop; it is false where it is none any more.
func (c *connection) giveUp(end State) bool {
	if !c.terminator.attempts.remove(c) {
		return false
	}
	c.letGo(end)
	return true
}

// letGo ends what was an attempt until now.
func (c *connection) letGo(end State) {
	c.endsAs(end)
	c.mu.Lock()
	c.over = true
	c.completeLocked(false)
	flow := c.flow
	c.mu.Unlock()
	if flow != nil {
		flow.Reset(bytestream.Aborted)
	}
}

// Answered implements bytestream.Events.
func (c *connection) Answered(verdict bytestream.Verdict) {
	if !c.terminator.enter() {
		return
	}
	go func() { // the handshake waits for the laptop
		defer c.terminator.running.Done()
		c.awaitBegin()
		c.noteAnswer()
		if verdict == bytestream.Connected {
			c.accept()
		} else {
			c.refuse(verdict)
		}
	}()
}

// awaitBegin waits until the flow is known.
func (c *connection) awaitBegin() {
	c.beginning.Lock()
	defer c.beginning.Unlock()
}

// refuse tells the laptop what the cluster's network said.
func (c *connection) refuse(verdict bytestream.Verdict) {
	if !c.terminator.attempts.remove(c) {
		return
	}
	c.endsAs(statesOf[verdict])
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if failure, ok := failures[verdict]; ok {
		if about, ok := packet.ParseStart(c.asking.quoted); ok {
			c.terminator.tell(failure, &about)
		}
	}
	c.completeLocked(verdict == bytestream.Refused)
}

// failures are the verdicts that are told by an ICMP error.
var failures = map[bytestream.Verdict]packet.Failure{
	bytestream.HostUnreachable:    packet.HostUnreachable,
	bytestream.NetworkUnreachable: packet.NetworkUnreachable,
	bytestream.Prohibited:         packet.Prohibited,
}

// accept makes the connection that the laptop asked for, and joins it with the flow.
func (c *connection) accept() {
	if !c.terminator.attempts.answer(c) {
		return // who ended it does the rest
	}
	c.mu.Lock()
	request := c.request
	c.request = nil
	isOver := c.over
	c.mu.Unlock()
	if request == nil {
		return
	}
	if isOver {
		request.Complete(false)
		return
	}
	endpoint, failed := request.CreateEndpoint(&c.queue)
	request.Complete(false)
	c.mu.Lock()
	if failed == nil {
		c.terminator.add(c) // before it is no attempt any more, so that End finds it
	}
	isWaited := c.terminator.attempts.remove(c)
	if failed != nil || !isWaited {
		c.over = true
		c.mu.Unlock()
		c.endsAs(Abandoned)
		c.flow.Reset(bytestream.Aborted)
		c.terminator.remove(c)
		if failed == nil {
			endpoint.Abort()
		}
		return
	}
	keepAlive(endpoint)
	// The first setting ends gVisor's own tuning.
	endpoint.SocketOptions().SetSendBufferSize(sendBuffer, true)
	c.asking.quoted = nil
	c.entry.Init(c, waiter.ReadableEvents|waiter.WritableEvents|waiter.EventErr|waiter.EventHUp)
	c.queue.EventRegister(&c.entry)
	c.endpoint = endpoint
	c.mu.Unlock()
	c.up.turn.Start(c.toCluster)
	c.down.turn.Run(c.toLaptop)
}

func keepAlive(endpoint tcpip.Endpoint) {
	idle := tcpip.KeepaliveIdleOption(keepAliveIdle)
	interval := tcpip.KeepaliveIntervalOption(keepAliveInterval)
	endpoint.SetSockOpt(&idle)
	endpoint.SetSockOpt(&interval)
	endpoint.SetSockOptInt(tcpip.KeepaliveCountOption, keepAliveCount)
	endpoint.SocketOptions().SetKeepAlive(true)
}

// joined is the endpoint, once there is one and while it lives.
func (c *connection) joined() (tcpip.Endpoint, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endpoint, c.endpoint != nil && !c.over
}

// NotifyEvent implements waiter.EventListener. gVisor's locks may be held.
func (c *connection) NotifyEvent(mask waiter.EventMask) {
	if mask&(waiter.ReadableEvents|waiter.EventErr|waiter.EventHUp) != 0 {
		c.up.turn.Start(c.toCluster)
	}
	if mask&(waiter.WritableEvents|waiter.EventErr|waiter.EventHUp) != 0 && c.down.blocked.Load() {
		c.down.turn.Start(c.toLaptop)
	}
}

// Readable implements bytestream.Events. The lane's own goroutine moves a piece; what other lanes bring meanwhile must not keep it.
func (c *connection) Readable() { c.down.turn.Begin(c.pieceToLaptop, c.toLaptop) }

// Writable implements bytestream.Events. What writes to a lane may wait for it, so that the lane's own goroutine must not.
func (c *connection) Writable() { c.up.turn.Start(c.toCluster) }

// Reset implements bytestream.Events.
func (c *connection) Reset(cause bytestream.Cause) {
	go func() { // the lock of a connection may be held while it writes
		c.endsAs(statesAfter[cause])
		c.terminator.attempts.remove(c)
		c.mu.Lock()
		c.completeLocked(false) // the next SYN finds who comes after
		c.over = c.over || c.endpoint == nil
		c.mu.Unlock()
		c.isReset.Store(true)
		c.down.turn.Start(c.toLaptop) // behind what the flow had
	}()
}

// fail ends both sides by a reset.
func (c *connection) fail(end State) {
	c.endsAs(end)
	c.mu.Lock()
	flow := c.flow
	c.mu.Unlock()
	if flow != nil {
		flow.Reset(bytestream.Aborted)
	}
	c.end(tcpip.Endpoint.Abort)
}

// end lets go of the endpoint.
func (c *connection) end(how func(tcpip.Endpoint)) {
	c.mu.Lock()
	c.over = true
	endpoint := c.endpoint
	c.mu.Unlock()
	if endpoint == nil {
		return
	}
	c.once.Do(func() {
		c.queue.EventUnregister(&c.entry)
		how(endpoint)
		c.terminator.remove(c)
	})
}

// endIfBoth closes the connection in good order once both directions have ended.
func (c *connection) endIfBoth() {
	if c.up.ended.Load() && c.down.ended.Load() {
		c.endsAs(Closed)
		c.end(tcpip.Endpoint.Close)
	}
}
