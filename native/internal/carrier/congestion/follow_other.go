//go:build !linux

package congestion

import "net"

// Follow does nothing: other systems let no program choose.
func Follow(*net.TCPConn) {}
