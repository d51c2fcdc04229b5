package proxy

import (
	"context"
	"net"
	"net/netip"
	"strconv"
)

// dial connects to what a program wants: inside the cluster where it is the cluster's, else as if there were no proxy. isCluster
// tells which it was.
func (s *Server) dial(ctx context.Context, network, host string, port uint16) (connection net.Conn, isCluster bool, err error) {
	address, isCluster, err := s.config.Network.Resolve(ctx, host)
	switch {
	case err != nil:
		return nil, false, err
	case isCluster:
		connection, err = s.config.Network.Dial(ctx, network, netip.AddrPortFrom(address, port))
	default:
		if address.IsValid() {
			host = address.String()
		}
		connection, err = s.config.Network.Outside(ctx, network, net.JoinHostPort(host, strconv.Itoa(int(port))))
	}
	if err != nil {
		s.config.Log.Debug("dial for a program", "network", network, "isCluster", isCluster, "error", err)
	}
	return connection, isCluster, err
}

// carried tells of a connection into the cluster.
func (s *Server) carried(program, connection net.Conn) (ended func()) {
	if s.config.Carried == nil {
		return func() {}
	}
	return s.config.Carried(program, connection)
}
