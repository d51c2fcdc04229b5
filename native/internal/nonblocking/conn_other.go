//go:build !linux

package nonblocking

import "net"

// Wrap answers conn as it is: other systems' calls are Go's own.
func Wrap(conn net.Conn) net.Conn { return conn }
