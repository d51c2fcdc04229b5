package direct

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/native/internal/carrier"
)

func wrap(conn *net.TCPConn) carrier.Stream { return conn }

func prepare(raw syscall.RawConn, segment int) {
	_ = raw.Control(func(descriptor uintptr) {
		if segment > 0 {
			_ = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
		}
		_ = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentAtMost)
	})
}

func tune(*net.TCPConn) {} // the agent runs on Linux

func pathMTU(*net.TCPConn) int { return 0 }
