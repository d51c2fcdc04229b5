package forward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"slipway/native/internal/nonblocking"
)

// copySize is how many bytes one turn of a copy moves at most. No buffer is held while a flow is idle.
const copySize = 256 << 10

var copyBuffers = sync.Pool{New: func() any {
	slice := make([]byte, copySize)
	return &slice
}}

// lingering is how long the goroutine of a direction stays when nothing came: a connection that waits costs one less.
const lingering = 5 * time.Second

// tcpRelay joins a connection of the laptop (endpoint) with one to the cluster (socket). Ends and resets of one side
// become ends and resets of the other.
type tcpRelay struct {
	socket   *net.TCPConn
	writer   net.Conn // the same
	endpoint tcpip.Endpoint
	queue    *waiter.Queue
	room     *room
	once     sync.Once
	writing  atomic.Int64 // Unix nanoseconds since when the cluster's side takes nothing; 0 while it does

	lingering time.Duration
	toCluster struct {
		isRunning atomic.Bool
		arrived   chan struct{} // the laptop's side may have something
		ended     chan struct{}
	}
}

func newRelay(socket *net.TCPConn, endpoint tcpip.Endpoint, queue *waiter.Queue, room *room, lingering time.Duration) *tcpRelay {
	relay := &tcpRelay{socket: socket, writer: nonblocking.Wrap(socket), endpoint: endpoint, queue: queue, room: room, lingering: lingering}
	relay.toCluster.arrived, relay.toCluster.ended = make(chan struct{}, 1), make(chan struct{})
	return relay
}

// run returns when both sides have ended and are closed.
func (relay *tcpRelay) run() {
	socket, endpoint, queue := relay.socket, relay.endpoint, relay.queue
	// A reset of the laptop's side is noticed even when nothing is left to read from it.
	failed := waiter.NewFunctionEntry(waiter.EventErr|waiter.EventHUp, func(waiter.EventMask) {
		if tcp.EndpointState(endpoint.State()) == tcp.StateError {
			go relay.reset()
		}
	})
	queue.EventRegister(&failed)
	readable := waiter.NewFunctionEntry(waiter.ReadableEvents|waiter.EventErr|waiter.EventHUp, func(waiter.EventMask) { relay.wake() })
	queue.EventRegister(&readable)
	if endpoint.Readiness(waiter.ReadableEvents|waiter.EventErr|waiter.EventHUp) != 0 {
		relay.wake()
	}
	if relay.copyToLaptop() != nil {
		relay.reset()
	} else if err := endpoint.Shutdown(tcpip.ShutdownWrite); err != nil && !isOver(err) {
		relay.reset()
	} else {
		go relay.watchSocket()
	}
	<-relay.toCluster.ended
	relay.once.Do(func() {})
	socket.Close()
	endpoint.Close()
	queue.EventUnregister(&readable)
	queue.EventUnregister(&failed)
}

// wake makes the direction to the cluster look at what has arrived. It does not wait, and may be called with gVisor's locks held.
func (relay *tcpRelay) wake() {
	select {
	case relay.toCluster.arrived <- struct{}{}:
	default:
	}
	relay.resume()
}

func (relay *tcpRelay) resume() {
	if len(relay.toCluster.arrived) == 0 || !relay.toCluster.isRunning.CompareAndSwap(false, true) {
		return
	}
	go func() {
		isOver, err := relay.copyToCluster()
		if !isOver {
			relay.toCluster.isRunning.Store(false)
			relay.resume() // what arrived in between woke nobody
			return
		}
		if err != nil || relay.socket.CloseWrite() != nil {
			relay.reset()
		}
		close(relay.toCluster.ended)
	}()
}

// isOver tells that the laptop's side had ended already when it was asked to end.
func isOver(err tcpip.Error) bool {
	_, over := err.(*tcpip.ErrNotConnected)
	return over
}

// reset passes a reset, or any end that is not orderly, to both sides. Closing with a linger time of 0 makes Linux
// send RST (socket(7)).
func (r *tcpRelay) reset() {
	r.once.Do(func() {
		r.socket.SetLinger(0)
		r.socket.Close()
		r.endpoint.Abort()
	})
}

// copyToCluster moves what arrives. isOver tells that nothing more will, for the laptop's FIN (nil) or an error; else
// nothing came for a while.
func (r *tcpRelay) copyToCluster() (isOver bool, err error) {
	patience := time.NewTimer(r.lingering)
	defer patience.Stop()
	for {
		received, err := r.moveToCluster()
		switch received.(type) {
		case nil:
			if err != nil {
				return true, err
			}
		case *tcpip.ErrWouldBlock:
			patience.Reset(r.lingering)
			select {
			case <-r.toCluster.arrived:
			case <-patience.C:
				return false, nil
			}
		case *tcpip.ErrClosedForReceive:
			return true, nil
		default:
			return true, fmt.Errorf("read from laptop: %s", received)
		}
	}
}

// moveToCluster moves what has arrived, up to copySize bytes. received is the laptop's side's error, err the socket's.
func (r *tcpRelay) moveToCluster() (received tcpip.Error, err error) {
	slot := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(slot)
	writer := tcpip.SliceWriter(*slot)
	result, received := r.endpoint.Read(&writer, tcpip.ReadOptions{})
	if received != nil {
		return received, nil
	}
	r.endpoint.ModerateRecvBuf(result.Count)
	r.writing.Store(time.Now().UnixNano())
	_, err = r.writer.Write((*slot)[:result.Count])
	r.writing.Store(0)
	return nil, err
}

// copyToLaptop returns nil at the cluster's FIN. Bytes go from the socket straight into gVisor's segments, and only
// as many as it has room for: the rest waits in the kernel, whose window tells the sender.
func (r *tcpRelay) copyToLaptop() error {
	raw, err := r.socket.SyscallConn()
	if err != nil {
		return err
	}
	writable, notify := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	r.queue.EventRegister(&writable)
	defer r.queue.EventUnregister(&writable)
	defer r.room.rest()
	for {
		var full bool
		var result error
		err := raw.Read(func(descriptor uintptr) bool {
			full, result = r.moveToLaptop(int(descriptor))
			if result == syscall.EAGAIN {
				r.room.rest()
			}
			return result != syscall.EAGAIN
		})
		switch {
		case err != nil:
			return err
		case errors.Is(result, io.EOF):
			return nil
		case result != nil:
			return result
		case full && !r.room.full():
			<-notify
		}
	}
}

// moveToLaptop moves what the socket holds. full tells that the laptop's side has no room; EAGAIN that the socket
// holds nothing; io.EOF that it ended.
func (r *tcpRelay) moveToLaptop(descriptor int) (full bool, err error) {
	available, err := unix.IoctlGetInt(descriptor, unix.SIOCINQ)
	if err != nil {
		return false, err
	}
	if available == 0 {
		var one [1]byte
		count, _, err := unix.Recvfrom(descriptor, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err != nil {
			return false, err
		}
		if count == 0 {
			return false, io.EOF
		}
		available = count
	}
	source := &descriptorReader{descriptor: descriptor, left: min(available, copySize)}
	waiting := source.left
	switch written, failed := r.endpoint.Write(source, tcpip.WriteOptions{}); failed.(type) {
	case nil:
		if int(written) != waiting-source.left {
			return false, errors.New("write to laptop: bytes were dropped")
		}
		return false, nil
	case *tcpip.ErrWouldBlock:
		return true, nil
	default:
		if source.err != nil {
			return false, source.err
		}
		return false, fmt.Errorf("write to laptop: %s", failed)
	}
}

// watchSocket waits, after the cluster's FIN, for a reset that may still follow it, and passes it on. It returns
// when the socket is closed.
func (r *tcpRelay) watchSocket() {
	raw, err := r.socket.SyscallConn()
	if err != nil {
		return
	}
	var failed bool
	err = raw.Read(func(descriptor uintptr) bool {
		number, err := unix.GetsockoptInt(int(descriptor), unix.SOL_SOCKET, unix.SO_ERROR)
		failed = err == nil && number != 0
		return failed
	})
	if err == nil && failed {
		r.reset()
	}
}

// descriptorReader lets gVisor read a socket's waiting bytes; left of them are known to be there.
type descriptorReader struct {
	descriptor int
	left       int
	err        error
}

func (d *descriptorReader) Len() int { return d.left }

func (d *descriptorReader) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	for {
		count, err := nonblocking.Read(d.descriptor, into[:min(len(into), d.left)])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err == nil && count == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			d.err = err
			return 0, err
		}
		d.left -= count
		return count, nil
	}
}
