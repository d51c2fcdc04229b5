package forward

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"slipway/native/internal/packet"
)

// pingSocket is an unprivileged ICMP socket that reports time to live and ICMP errors (ip(7): IP_RECVTTL,
// IP_RECVERR), which golang.org/x/net/icmp does not.
type pingSocket struct {
	file *os.File
	raw  syscall.RawConn
}

func openPingSocket() (*pingSocket, error) {
	descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return nil, fmt.Errorf("open ping socket: %w", err)
	}
	for _, option := range []int{unix.IP_RECVTTL, unix.IP_RECVERR} {
		if err := unix.SetsockoptInt(descriptor, unix.IPPROTO_IP, option, 1); err != nil {
			unix.Close(descriptor)
			return nil, fmt.Errorf("set option %d of ping socket: %w", option, err)
		}
	}
	file := os.NewFile(uintptr(descriptor), "ping")
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("wait for ping socket: %w", err)
	}
	return &pingSocket{file: file, raw: raw}, nil
}

func (s *pingSocket) close() { s.file.Close() }

// send sends one ICMP echo message; the kernel fills in identifier and checksum.
func (s *pingSocket) send(message []byte, destination netip.Addr, ttl byte) error {
	var failed error
	err := s.raw.Control(func(descriptor uintptr) {
		control := make([]byte, unix.CmsgSpace(4))
		head := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		head.Level, head.Type = unix.IPPROTO_IP, unix.IP_TTL
		head.SetLen(unix.CmsgLen(4))
		binary.NativeEndian.PutUint32(control[unix.CmsgLen(0):], uint32(ttl))
		to := &unix.SockaddrInet4{Addr: destination.As4()}
		failed = unix.Sendmsg(int(descriptor), message, control, to, unix.MSG_DONTWAIT)
		if failed != nil && failed != syscall.EAGAIN {
			// The socket may report the error of an earlier ping in place of sending this one.
			failed = unix.Sendmsg(int(descriptor), message, control, to, unix.MSG_DONTWAIT)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// run hands answers and errors to the pinger until the socket is closed.
func (s *pingSocket) run(to *pinger) {
	message := make([]byte, largestDatagram)
	control := make([]byte, 512)
	for {
		var received func()
		if s.raw.Read(func(descriptor uintptr) bool {
			received = receivePing(int(descriptor), message, control, to)
			return received != nil
		}) != nil {
			return
		}
		received()
	}
}

// receivePing takes one message of the error queue or of the socket; nil when there is none.
func receivePing(descriptor int, message, control []byte, to *pinger) func() {
	size, controlSize, _, _, err := unix.Recvmsg(descriptor, message, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err == nil {
		kind, code, reporter, ok := parseExtendedError(control[:controlSize])
		return func() {
			if ok {
				to.failed(message[:size], kind, code, reporter)
			}
		}
	}
	size, controlSize, _, from, err := unix.Recvmsg(descriptor, message, control, unix.MSG_DONTWAIT)
	switch {
	case err == syscall.EAGAIN:
		return nil
	case err != nil:
		return func() {} // the pending error of a ping: its message is in the error queue
	}
	sender, ok := from.(*unix.SockaddrInet4)
	if !ok {
		return func() {}
	}
	ttl := parseTTL(control[:controlSize])
	return func() { to.answered(message[:size], netip.AddrFrom4(sender.Addr), ttl) }
}

// parseTTL finds the time to live among control messages; packet.HopLimit when it is not there.
func parseTTL(control []byte) byte {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return packet.HopLimit
	}
	for _, message := range messages {
		if message.Header.Level == unix.IPPROTO_IP && message.Header.Type == unix.IP_TTL && len(message.Data) >= 4 {
			return byte(binary.NativeEndian.Uint32(message.Data))
		}
	}
	return packet.HopLimit
}

// parseExtendedError reads struct sock_extended_err and the address behind it (ip(7), IP_RECVERR). Only errors that
// came as ICMP messages are ok.
func parseExtendedError(control []byte) (kind, code byte, reporter netip.Addr, ok bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, 0, netip.Addr{}, false
	}
	const size = 16 // of struct sock_extended_err; struct sockaddr_in follows
	for _, message := range messages {
		if message.Header.Level != unix.IPPROTO_IP || message.Header.Type != unix.IP_RECVERR || len(message.Data) < size {
			continue
		}
		if message.Data[4] != unix.SO_EE_ORIGIN_ICMP {
			continue
		}
		if len(message.Data) >= size+8 && binary.NativeEndian.Uint16(message.Data[size:]) == unix.AF_INET {
			reporter = netip.AddrFrom4([4]byte(message.Data[size+4 : size+8]))
		}
		return message.Data[5], message.Data[6], reporter, true
	}
	return 0, 0, netip.Addr{}, false
}
