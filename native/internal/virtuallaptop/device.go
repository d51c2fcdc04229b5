// Package virtuallaptop is a laptop in this process's memory: an interface whose other end is a userspace stack, for
// programs that are carried without an interface of the operating system. It must never open a socket of the operating
// system or know what carries its packets.
package virtuallaptop

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/netstack"
)

// Sizes of a connection's buffers in bytes. Its peer is microseconds away, so that a few of the largest segments are enough.
const (
	receiveBuffer = 1 << 20
	sendBuffer    = 512 << 10
)

// queued is how many packets wait for their reader; who sends more waits.
const queued = 256

// batch is how many packets one Read gives.
const batch = 32

// Laptop is a tun.Device, and what stands behind it.
type Laptop struct {
	mtu     int
	stack   *netstack.Stack
	packets chan []byte
	spare   sync.Pool // of *[]byte
	closed  chan struct{}
	once    sync.Once
}

var _ tun.Device = (*Laptop)(nil)

// New makes a laptop with these addresses; the first is the source of what it dials. MTU is in bytes. The caller closes it.
func New(mtu int, addresses ...netip.Addr) (*Laptop, error) {
	laptop := &Laptop{mtu: mtu, packets: make(chan []byte, queued), closed: make(chan struct{})}
	laptop.spare.New = func() any { return new([]byte) }
	stack, err := netstack.New(netstack.Config{
		MTU: mtu, Addresses: addresses, ReceiveBuffer: receiveBuffer, SendBuffer: sendBuffer, Output: laptop.leave,
	})
	if err != nil {
		return nil, err
	}
	laptop.stack = stack
	return laptop, nil
}

// Dial connects as a program of the laptop does. Network is tcp or udp; the target an address and a port.
func (laptop *Laptop) Dial(ctx context.Context, network, target string) (net.Conn, error) {
	address, err := netip.ParseAddrPort(target)
	if err != nil {
		return nil, err
	}
	if network == "udp" {
		return laptop.stack.DialUDP(address)
	}
	return laptop.stack.Connect(ctx, address)
}

// leave takes a packet of the stack, which waits while too many do.
func (laptop *Laptop) leave(packet []byte) {
	holder := laptop.spare.Get().(*[]byte)
	kept := append((*holder)[:0], packet...)
	select {
	case laptop.packets <- kept:
	case <-laptop.closed:
	}
}

func (laptop *Laptop) take(packet, into []byte) int {
	length := copy(into, packet)
	laptop.spare.Put(&packet)
	return length
}

// Read implements tun.Device.
func (laptop *Laptop) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	select {
	case packet := <-laptop.packets:
		sizes[0] = laptop.take(packet, buffers[0][offset:])
	case <-laptop.closed:
		return 0, os.ErrClosed
	}
	count := 1
	for ; count < len(buffers); count++ {
		select {
		case packet := <-laptop.packets:
			sizes[count] = laptop.take(packet, buffers[count][offset:])
		default:
			return count, nil
		}
	}
	return count, nil
}

// Write implements tun.Device. It copies the packets and waits for nothing.
func (laptop *Laptop) Write(buffers [][]byte, offset int) (int, error) {
	select {
	case <-laptop.closed:
		return 0, os.ErrClosed
	default:
	}
	for _, buffer := range buffers {
		laptop.stack.Input(buffer[offset:])
	}
	return len(buffers), nil
}

// Close implements tun.Device. It ends every connection without a word.
func (laptop *Laptop) Close() error {
	laptop.once.Do(func() {
		close(laptop.closed)
		laptop.stack.Close()
	})
	return nil
}

// File implements tun.Device: there is none.
func (laptop *Laptop) File() *os.File { return nil }

// MTU implements tun.Device.
func (laptop *Laptop) MTU() (int, error) { return laptop.mtu, nil }

// Name implements tun.Device: it has none that anybody could look up.
func (laptop *Laptop) Name() (string, error) { return "", nil }

// Events implements tun.Device: there are none.
func (laptop *Laptop) Events() <-chan tun.Event { return nil }

// BatchSize implements tun.Device.
func (laptop *Laptop) BatchSize() int { return batch }
