package main

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// frameLimit is more than any frame has whose sender does not segment late.
	frameLimit = 64 << 10
	// smallFrame holds an Ethernet frame of 1500 bytes; such buffers are used again.
	smallFrame = 2048
	// socketBuffer lets a burst wait while this process is not scheduled.
	socketBuffer = 8 << 20
	// inFlight bounds the frames that are on the cable at once: 1 Gbit/s for a second.
	inFlight = 1 << 17
	// sleepLeast is what a timer overshoots by anyway.
	sleepLeast = 50 * time.Microsecond
)

type port struct{ descriptor int }

// openPort takes every frame that arrives at an interface (packet(7)).
func openPort(name string) (*port, error) {
	networkInterface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	protocol := uint16(unix.ETH_P_ALL)<<8 | uint16(unix.ETH_P_ALL)>>8 // network byte order
	descriptor, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", err)
	}
	if err := unix.SetsockoptInt(descriptor, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return nil, fmt.Errorf("ignore own frames: %w", err)
	}
	for _, option := range []int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE} {
		if err := unix.SetsockoptInt(descriptor, unix.SOL_SOCKET, option, socketBuffer); err != nil {
			return nil, fmt.Errorf("socket buffer: %w", err)
		}
	}
	address := &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: networkInterface.Index}
	if err := unix.Bind(descriptor, address); err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	membership := &unix.PacketMreq{Ifindex: int32(networkInterface.Index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(descriptor, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, membership); err != nil {
		return nil, fmt.Errorf("promiscuous mode: %w", err)
	}
	return &port{descriptor}, nil
}

type frame struct {
	due      time.Time
	content  []byte
	reusable *[smallFrame]byte // what content lies in, if it is small
}

// carry copies frames one way until an interface is gone.
func carry(from, to *port, current *atomic.Pointer[Settings]) error {
	frames := make(chan frame, inFlight)
	small := &sync.Pool{New: func() any { return new([smallFrame]byte) }}
	failed := make(chan error, 1)
	go func() { failed <- deliver(to, frames, small) }()
	cable := newCable(uint64(from.descriptor))
	buffer := make([]byte, frameLimit)
	for {
		size, err := unix.Read(from.descriptor, buffer)
		if err == unix.EINTR || err == unix.ENETDOWN {
			continue
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		due, admitted := cable.admit(time.Now(), size, current.Load())
		if !admitted {
			continue
		}
		next := frame{due: due}
		if size <= smallFrame {
			next.reusable = small.Get().(*[smallFrame]byte)
			next.content = next.reusable[:size]
		} else {
			next.content = make([]byte, size)
		}
		copy(next.content, buffer[:size])
		select {
		case frames <- next:
		case err := <-failed:
			return err
		default: // as many as the cable holds: this one is lost
		}
	}
}

func deliver(to *port, frames <-chan frame, small *sync.Pool) error {
	for next := range frames {
		if wait := time.Until(next.due); wait > sleepLeast {
			time.Sleep(wait)
		}
		_, err := unix.Write(to.descriptor, next.content)
		// A full or a closed interface loses frames, as a cable does.
		if err != nil && err != unix.ENOBUFS && err != unix.ENETDOWN && err != unix.EINTR && err != unix.EMSGSIZE {
			return fmt.Errorf("write: %w", err)
		}
		if next.reusable != nil {
			small.Put(next.reusable)
		}
	}
	return nil
}

// ethtoolValue is struct ethtool_value of linux/ethtool.h.
type ethtoolValue struct{ command, data uint32 }

// interfaceRequest is struct ifreq with a pointer in it.
type interfaceRequest struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte
}

// setSegmentation turns checksum and segmentation offload of a veth on or off.
func setSegmentation(name string, on bool) error {
	descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(descriptor)
	value := ethtoolValue{}
	if on {
		value.data = 1
	}
	for _, command := range []uint32{unix.ETHTOOL_STXCSUM, unix.ETHTOOL_SSG, unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO} {
		value.command = command
		request := interfaceRequest{data: unsafe.Pointer(&value)}
		copy(request.name[:unix.IFNAMSIZ-1], name)
		_, _, number := unix.Syscall(unix.SYS_IOCTL, uintptr(descriptor), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		if number != 0 && number != unix.EOPNOTSUPP {
			return fmt.Errorf("set offload %#x of %s: %w", command, name, number)
		}
	}
	return nil
}
