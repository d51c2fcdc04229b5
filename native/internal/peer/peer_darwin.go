package peer

import "net"

func identify(*net.UnixConn) (Identity, error) { return Identity{}, ErrNotYet }

func isNobody(uint32) bool { return false }
