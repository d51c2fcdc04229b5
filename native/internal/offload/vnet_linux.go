package offload

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// headerLength is that of the kernel's struct virtio_net_hdr (linux/virtio_net.h), in bytes.
const headerLength = 10

// partsAtMost is of how many a segment may be; its stack makes them of up to 64 KiB each.
const partsAtMost = 30

// vnetHeader is a struct virtio_net_hdr; its numbers are in the machine's own order.
type vnetHeader struct {
	flags, segmentation uint8
	headers             uint16 // bytes of all headers
	segmentSize         uint16
	sumStart            uint16 // where what is summed begins
	sumOffset           uint16 // of the checksum behind that
}

func parseHeader(from []byte) vnetHeader {
	number := func(at int) uint16 { return binary.NativeEndian.Uint16(from[at:]) }
	return vnetHeader{from[0], from[1], number(2), number(4), number(6), number(8)}
}

func (h vnetHeader) needsChecksum() bool { return h.flags&unix.VIRTIO_NET_HDR_F_NEEDS_CSUM != 0 }

func (h vnetHeader) put(into []byte) {
	into[0], into[1] = h.flags, h.segmentation
	for index, number := range [...]uint16{h.headers, h.segmentSize, h.sumStart, h.sumOffset} {
		binary.NativeEndian.PutUint16(into[2+2*index:], number)
	}
}

var errNoSegment = errors.New("not a segment of TCP")

// headerOf describes a segment to the kernel. It names the length of the headers so that the kernel holds the rest in
// pages, not in one piece of 128 KiB.
func headerOf(start []byte, size int) (vnetHeader, error) {
	if !isTCP(start) {
		return vnetHeader{}, errNoSegment
	}
	network := header.IPv6MinimumSize
	if header.IPVersion(start) == header.IPv4Version {
		network = int(header.IPv4(start).HeaderLength())
	}
	if network < header.IPv4MinimumSize || len(start) < network+header.TCPMinimumSize {
		return vnetHeader{}, errNoSegment
	}
	headers := network + int(header.TCP(start[network:]).DataOffset())
	if headers > size {
		return vnetHeader{}, errNoSegment
	}
	return vnetHeader{
		flags: unix.VIRTIO_NET_HDR_F_NEEDS_CSUM, segmentation: unix.VIRTIO_NET_HDR_GSO_NONE,
		headers: uint16(headers), sumStart: uint16(network), sumOffset: header.TCPChecksumOffset,
	}, nil
}

// writing is a write under way, so that none needs memory of its own.
type writing struct {
	header  [headerLength]byte
	vectors [1 + partsAtMost]unix.Iovec
	count   int
	failed  error
	call    func(descriptor uintptr) bool
}

func newWriting() *writing {
	w := &writing{}
	w.call = w.write
	return w
}

func (w *writing) fill(parts [][]byte) error {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if len(parts) == 0 || len(parts) > partsAtMost {
		return errNoSegment
	}
	described, err := headerOf(parts[0], size)
	if err != nil {
		return err
	}
	described.put(w.header[:])
	w.count, w.failed = 0, nil
	w.add(w.header[:])
	for _, part := range parts {
		if len(part) > 0 {
			w.add(part)
		}
	}
	return nil
}

func (w *writing) add(part []byte) {
	w.vectors[w.count].Base = unsafe.SliceData(part)
	w.vectors[w.count].SetLen(len(part))
	w.count++
}

// forget keeps no memory of others.
func (w *writing) forget() { clear(w.vectors[:w.count]) }

// write does one writev(2) that Go's scheduler is not told of: the interface never makes it wait (package nonblocking).
func (w *writing) write(descriptor uintptr) bool {
	for {
		_, _, failed := unix.RawSyscall(unix.SYS_WRITEV, descriptor, uintptr(unsafe.Pointer(&w.vectors)), uintptr(w.count))
		switch failed {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			w.failed = nil
		default:
			w.failed = failed
		}
		return true
	}
}
