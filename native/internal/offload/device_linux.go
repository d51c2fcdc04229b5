package offload

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/nonblocking"
)

// Device is a TUN. Write takes batches as the device that it was made of does.
type Device struct {
	tun.Device
	raw     syscall.RawConn
	reading reading
	writers sync.Pool
}

// reading is a read under way, so that none needs memory of its own.
type reading struct {
	sync.Mutex
	into   []byte
	count  int
	failed error
	call   func(descriptor uintptr) bool
}

// New makes a Device of one that has IFF_VNET_HDR, and owns it then.
func New(of tun.Device) (*Device, error) {
	raw, err := of.File().SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(descriptor uintptr) {
		// Not TUN_F_USO4 and TUN_F_USO6: datagrams go on in packets of their own.
		failed = unix.IoctlSetInt(int(descriptor), unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4|unix.TUN_F_TSO6)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("offload of the interface: %w", err)
	}
	d := &Device{Device: of, raw: raw}
	d.reading.call = d.reading.read
	d.writers.New = func() any { return newWriting() }
	return d, nil
}

func (r *reading) read(descriptor uintptr) bool {
	r.count, r.failed = nonblocking.Read(int(descriptor), r.into)
	return r.failed != unix.EAGAIN
}

// Read gives one packet, behind offset bytes of the first buffer, which are at least headerLength. A segment of TCP may be as large as
// IP allows, and has no checksum; what else comes has one.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	r := &d.reading
	r.Lock()
	defer r.Unlock()
	r.into = buffers[0][offset-headerLength:]
	if err := d.raw.Read(r.call); err != nil {
		return 0, os.ErrClosed // nothing else ends the wait
	}
	switch {
	case errors.Is(r.failed, unix.EBADFD): // the interface is gone
		return 0, os.ErrClosed
	case r.failed != nil:
		return 0, os.NewSyscallError("read", r.failed)
	case r.count < headerLength:
		return 0, io.ErrUnexpectedEOF
	}
	packet := r.into[headerLength:r.count]
	sizes[0] = len(packet)
	found := parseHeader(r.into)
	if found.needsChecksum() && !isTCP(packet) {
		found.sum(packet)
	}
	return 1, nil
}

// isTCP tells of a packet without extension headers whether it is a segment. What other packets need is done.
func isTCP(packet []byte) bool {
	protocol := tcpip.TransportProtocolNumber(0)
	switch header.IPVersion(packet) {
	case header.IPv4Version:
		if len(packet) >= header.IPv4MinimumSize {
			protocol = header.IPv4(packet).TransportProtocol()
		}
	case header.IPv6Version:
		if len(packet) >= header.IPv6MinimumSize {
			protocol = tcpip.TransportProtocolNumber(header.IPv6(packet).NextHeader())
		}
	}
	return protocol == header.TCPProtocolNumber
}

// WriteSegment writes a segment of TCP, whose headers are at the beginning of the first part, and whose checksum
// is that of the pseudo header alone. The kernel takes the rest for sound.
func (d *Device) WriteSegment(parts ...[]byte) error {
	w := d.writers.Get().(*writing)
	defer d.writers.Put(w)
	if err := w.fill(parts); err != nil {
		return err
	}
	err := d.raw.Write(w.call)
	w.forget()
	if err != nil {
		return os.ErrClosed
	}
	if w.failed != nil {
		return os.NewSyscallError("writev", w.failed)
	}
	return nil
}

// sum computes the checksum that the kernel left, over what it says.
func (h vnetHeader) sum(packet []byte) {
	start, at := int(h.sumStart), int(h.sumStart)+int(h.sumOffset)
	if at+2 > len(packet) {
		return // the kernel never says so
	}
	field := packet[at : at+2]
	// What stands there already is the sum of the pseudo header, and part of it.
	value := ^checksum.Checksum(packet[start:], 0)
	if value == 0 {
		value = 0xffff // RFC 768: zero is no checksum
	}
	field[0], field[1] = byte(value>>8), byte(value)
}
