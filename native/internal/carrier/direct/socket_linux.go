package direct

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/congestion"
	"slipway/native/internal/nonblocking"
)

// wrap makes reading and writing of a lane cheap, and looks after its losses.
func wrap(conn *net.TCPConn) carrier.Stream {
	congestion.Follow(conn)
	return nonblocking.Wrap(conn)
}

// prepare sets a socket before it connects: segments no larger than segment bytes both ways, where that is not 0 (tcp(7),
// TCP_MAXSEG).
func prepare(raw syscall.RawConn, segment int) {
	_ = raw.Control(func(descriptor uintptr) {
		if segment > 0 {
			_ = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
		}
		tuneDescriptor(int(descriptor))
	})
}

// tune is prepare for a connection that was accepted.
func tune(conn *net.TCPConn) {
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(descriptor uintptr) { tuneDescriptor(int(descriptor)) })
	}
}

func tuneDescriptor(descriptor int) {
	_ = unix.SetsockoptInt(descriptor, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentAtMost)
}

// pathMTU is what the kernel knows of a connection's way (tcp(7), TCP_INFO).
func pathMTU(conn *net.TCPConn) int {
	mtu := 0
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(descriptor uintptr) {
			if info, err := unix.GetsockoptTCPInfo(int(descriptor), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
				mtu = int(info.Pmtu)
			}
		})
	}
	return mtu
}
