package peer

import "net"

func identify(*net.UnixConn) (Identity, error) { return Identity{}, ErrNotYet }

func onlyRootWrites(string) (bool, error) { return false, ErrNotYet }
