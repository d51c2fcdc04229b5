package apiserver

import (
	"net"
	"time"

	"slipway/native/internal/carrier/congestion"
)

// unsentLimit is how many bytes the kernel takes that it has not sent yet (TCP_NOTSENT_LOWAT, tcp(7)). The send buffer
// itself may grow to megabytes, and a small packet would wait behind all of them.
const unsentLimit = 128 << 10

// tune sets what net leaves at its defaults, and has the connection's losses looked after. Where the kernel does not know an option,
// the connection works without.
func tune(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetNoDelay(true)
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3})
	limitUnsent(tcp)
	congestion.Follow(tcp)
}
