package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
)

// NewKernel returns the kernel of this laptop.
func NewKernel() Kernel { return linuxKernel{} }

type linuxKernel struct{}

func (linuxKernel) User() uint32 { return uint32(os.Getuid()) }

func (kernel linuxKernel) Way(address netip.Addr) (routelookup.Way, error) {
	return routelookup.To(address, kernel.User())
}

func (linuxKernel) Tables(address netip.Addr) (routelookup.Tables, error) {
	return routelookup.Read(address)
}

func (linuxKernel) Interface(index int) (state InterfaceState, err error) {
	found, err := netlink.LinkByIndex(index)
	if errors.Is(err, unix.ENODEV) || errors.As(err, new(netlink.LinkNotFoundError)) {
		return state, fs.ErrNotExist
	}
	if err != nil {
		return state, fmt.Errorf("look at the interface: %w", err)
	}
	state.Name, state.IsUp = found.Attrs().Name, found.Attrs().Flags&net.FlagUp != 0
	addresses, err := dumps.Settled(func() ([]netlink.Addr, error) { return netlink.AddrList(found, netlink.FAMILY_ALL) })
	if err != nil {
		return state, fmt.Errorf("list the interface's addresses: %w", err)
	}
	for _, each := range addresses {
		if prefix, known := dumps.PrefixOf(each.IPNet); known {
			state.Addresses = append(state.Addresses, prefix.Addr().Unmap())
		}
	}
	return state, nil
}

// synchronized are the states of connections that programs or the kernel still have something of (tcp_states.h).
var synchronized = []uint8{
	netlink.TCP_ESTABLISHED, netlink.TCP_FIN_WAIT1, netlink.TCP_FIN_WAIT2, netlink.TCP_CLOSE_WAIT, netlink.TCP_CLOSING, netlink.TCP_LAST_ACK,
}

func (linuxKernel) Connections() (connections []packet.Flow, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} { // sockets of IPv6 carry IPv4, too
		sockets, err := dumps.Settled(func() ([]*netlink.Socket, error) { return netlink.SocketDiagTCP(family) })
		if err != nil {
			return nil, fmt.Errorf("list connections: %w", err)
		}
		for _, socket := range sockets {
			own, isAddress := netip.AddrFromSlice(socket.ID.Source)
			far, isFar := netip.AddrFromSlice(socket.ID.Destination)
			if isAddress && isFar && slices.Contains(synchronized, socket.State) {
				connections = append(connections, packet.Flow{
					Source: own.Unmap(), SourcePort: socket.ID.SourcePort,
					Destination: far.Unmap(), DestinationPort: socket.ID.DestinationPort, Protocol: packet.TCP,
				})
			}
		}
	}
	return connections, nil
}

func (linuxKernel) Probe(ctx context.Context, network string, target netip.AddrPort, bound func(uint16)) error {
	dialer := net.Dialer{Control: func(_, _ string, socket syscall.RawConn) error {
		var err error
		if controlled := socket.Control(func(descriptor uintptr) { err = bindAnyPort(int(descriptor), target.Addr().Is6(), bound) }); controlled != nil {
			return controlled
		}
		return err
	}}
	opened, err := dialer.DialContext(ctx, network, target.String())
	if err != nil || network == "tcp" {
		if opened != nil {
			opened.Close()
		}
		return err
	}
	defer opened.Close()
	stop := context.AfterFunc(ctx, func() { _ = opened.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := opened.Write([]byte{0}); err != nil {
		return err
	}
	_, err = opened.Read(make([]byte, 1))
	return err
}

// bindAnyPort takes a free port now, rather than when the socket connects, and leaves the address to the kernel.
func bindAnyPort(descriptor int, is6 bool, bound func(uint16)) error {
	var unspecified unix.Sockaddr = &unix.SockaddrInet4{}
	if is6 {
		unspecified = &unix.SockaddrInet6{}
	}
	if err := unix.Bind(descriptor, unspecified); err != nil {
		return err
	}
	name, err := unix.Getsockname(descriptor)
	if err != nil {
		return err
	}
	switch own := name.(type) {
	case *unix.SockaddrInet4:
		bound(uint16(own.Port))
	case *unix.SockaddrInet6:
		bound(uint16(own.Port))
	}
	return nil
}
