package netstack

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Connection is a TCP connection of a Stack that can also be reset.
type Connection struct {
	*gonet.TCPConn
	endpoint tcpip.Endpoint
}

// Abort resets the connection (RFC 9293, section 3.10.5).
func (c *Connection) Abort() {
	c.endpoint.Abort()
	_ = c.Close() // releases who waits
}

// Connect is DialTCP for whoever must know what came of it: failures are the numbers that a kernel gives for them, as
// connect(2) has them. ctx bounds the connecting only.
func (s *Stack) Connect(ctx context.Context, remote netip.AddrPort) (*Connection, error) {
	queue := new(waiter.Queue)
	endpoint, failed := s.inner.NewEndpoint(tcp.ProtocolNumber, protocolOf(remote), queue)
	if failed != nil {
		return nil, connectError(failed)
	}
	entry, writable := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	failed = endpoint.Bind(s.localLike(remote))
	if failed == nil {
		failed = endpoint.Connect(fullAddress(remote))
	}
	if _, isStarted := failed.(*tcpip.ErrConnectStarted); isStarted {
		select {
		case <-ctx.Done():
			endpoint.Close()
			return nil, connectErrorOf(ctx.Err())
		case <-writable:
		}
		failed = endpoint.LastError()
	}
	if failed != nil {
		endpoint.Close()
		return nil, connectError(failed)
	}
	// As kernels and Go's own sockets do it: what is little goes at once, and a peer that forgot the connection is found.
	idle := tcpip.KeepaliveIdleOption(15 * time.Minute)
	endpoint.SetSockOpt(&idle)
	endpoint.SocketOptions().SetKeepAlive(true)
	endpoint.SocketOptions().SetDelayOption(false)
	return &Connection{TCPConn: gonet.NewTCPConn(queue, endpoint), endpoint: endpoint}, nil
}

func connectErrorOf(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: err}
}

// connectError gives gVisor's errors the numbers of Linux (connect(2)).
func connectError(failed tcpip.Error) error {
	number := syscall.Errno(0)
	switch failed.(type) {
	case *tcpip.ErrConnectionRefused:
		number = syscall.ECONNREFUSED
	case *tcpip.ErrConnectionReset, *tcpip.ErrConnectionAborted:
		number = syscall.ECONNRESET
	case *tcpip.ErrHostUnreachable, *tcpip.ErrHostDown:
		number = syscall.EHOSTUNREACH
	case *tcpip.ErrNetworkUnreachable:
		number = syscall.ENETUNREACH
	case *tcpip.ErrNotPermitted:
		number = syscall.EACCES
	case *tcpip.ErrTimeout:
		number = syscall.ETIMEDOUT
	case *tcpip.ErrNoPortAvailable:
		number = syscall.EADDRNOTAVAIL
	default:
		return connectErrorOf(fmt.Errorf("%s", failed))
	}
	return connectErrorOf(os.NewSyscallError("connect", number))
}
