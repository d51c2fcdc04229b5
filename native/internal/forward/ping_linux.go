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
// IP_RECVERR; ipv6(7): IPV6_RECVHOPLIMIT, IPV6_RECVERR), which golang.org/x/net/icmp does not.
type pingSocket struct {
	*pingFamily
	file *os.File
	raw  syscall.RawConn
}

// pingFamily is how the kernel numbers what an address family calls otherwise.
type pingFamily struct {
	is6                       bool
	domain, protocol          int
	level                     int32 // of options and control messages
	hopLimit                  int32 // control message in both directions
	receiveHopLimit, errors   int   // options; the latter names a control message, too
	errorsOrigin              byte  // of errors that came as ICMP messages
	reporterAt, reporterBytes int   // of the address in the struct sockaddr behind an error
}

var (
	pings4 = &pingFamily{
		domain: unix.AF_INET, protocol: unix.IPPROTO_ICMP, level: unix.IPPROTO_IP, hopLimit: unix.IP_TTL,
		receiveHopLimit: unix.IP_RECVTTL, errors: unix.IP_RECVERR, errorsOrigin: unix.SO_EE_ORIGIN_ICMP,
		reporterAt: 4, reporterBytes: 4,
	}
	pings6 = &pingFamily{
		is6:    true,
		domain: unix.AF_INET6, protocol: unix.IPPROTO_ICMPV6, level: unix.IPPROTO_IPV6, hopLimit: unix.IPV6_HOPLIMIT,
		receiveHopLimit: unix.IPV6_RECVHOPLIMIT, errors: unix.IPV6_RECVERR, errorsOrigin: unix.SO_EE_ORIGIN_ICMP6,
		reporterAt: 8, reporterBytes: 16,
	}
)

func openPingSocket(is6 bool) (*pingSocket, error) {
	family := pings4
	if is6 {
		family = pings6
	}
	descriptor, err := unix.Socket(family.domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, family.protocol)
	if err != nil {
		return nil, fmt.Errorf("open ping socket: %w", err)
	}
	for _, option := range []int{family.receiveHopLimit, family.errors} {
		if err := unix.SetsockoptInt(descriptor, int(family.level), option, 1); err != nil {
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
	return &pingSocket{pingFamily: family, file: file, raw: raw}, nil
}

func (s *pingSocket) close() { s.file.Close() }

// send sends one ICMP echo message; the kernel fills in identifier and checksum.
func (s *pingSocket) send(message []byte, destination netip.Addr, ttl byte) error {
	var failed error
	err := s.raw.Control(func(descriptor uintptr) {
		control := make([]byte, unix.CmsgSpace(4))
		head := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		head.Level, head.Type = s.level, s.hopLimit
		head.SetLen(unix.CmsgLen(4))
		binary.NativeEndian.PutUint32(control[unix.CmsgLen(0):], uint32(ttl))
		to := sockaddrOf(destination)
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

func sockaddrOf(address netip.Addr) unix.Sockaddr {
	if address.Is4() {
		return &unix.SockaddrInet4{Addr: address.As4()}
	}
	return &unix.SockaddrInet6{Addr: address.As16()}
}

// run hands answers and errors to the pinger until the socket is closed.
func (s *pingSocket) run(to *pinger) {
	message := make([]byte, largestDatagram)
	control := make([]byte, 512)
	for {
		var received func()
		if s.raw.Read(func(descriptor uintptr) bool {
			received = s.receive(int(descriptor), message, control, to)
			return received != nil
		}) != nil {
			return
		}
		received()
	}
}

// receive takes one message of the error queue or of the socket; nil when there is none.
func (family *pingFamily) receive(descriptor int, message, control []byte, to *pinger) func() {
	size, controlSize, _, _, err := unix.Recvmsg(descriptor, message, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err == nil {
		kind, code, reporter, ok := family.parseExtendedError(control[:controlSize])
		return func() {
			if ok {
				to.failed(message[:size], family.is6, kind, code, reporter)
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
	var sender netip.Addr
	switch from := from.(type) {
	case *unix.SockaddrInet4:
		sender = netip.AddrFrom4(from.Addr)
	case *unix.SockaddrInet6:
		sender = netip.AddrFrom16(from.Addr)
	default:
		return func() {}
	}
	hopLimit := family.parseHopLimit(control[:controlSize])
	return func() { to.answered(message[:size], sender, hopLimit) }
}

// parseHopLimit finds the time to live among control messages; packet.HopLimit when it is not there.
func (family *pingFamily) parseHopLimit(control []byte) byte {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return packet.HopLimit
	}
	for _, message := range messages {
		if message.Header.Level == family.level && message.Header.Type == family.hopLimit && len(message.Data) >= 4 {
			return byte(binary.NativeEndian.Uint32(message.Data))
		}
	}
	return packet.HopLimit
}

// parseExtendedError reads struct sock_extended_err and the address behind it (ip(7), IP_RECVERR; ipv6(7)). Only errors that
// came as ICMP messages are ok.
func (family *pingFamily) parseExtendedError(control []byte) (kind, code byte, reporter netip.Addr, ok bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, 0, netip.Addr{}, false
	}
	const size = 16 // of struct sock_extended_err; a struct sockaddr follows
	for _, message := range messages {
		if message.Header.Level != family.level || int(message.Header.Type) != family.errors || len(message.Data) < size {
			continue
		}
		if message.Data[4] != family.errorsOrigin {
			continue
		}
		at := size + family.reporterAt
		if len(message.Data) >= at+family.reporterBytes && int(binary.NativeEndian.Uint16(message.Data[size:])) == family.domain {
			reporter, _ = netip.AddrFromSlice(message.Data[at : at+family.reporterBytes])
		}
		return message.Data[5], message.Data[6], reporter, true
	}
	return 0, 0, netip.Addr{}, false
}
