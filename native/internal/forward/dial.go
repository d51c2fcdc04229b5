package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"slipway/native/internal/packet"
)

// dialTimeout bounds a dial. Linux gives up after 127 s (tcp_syn_retries 6), on both sides of the tunnel.
const dialTimeout = 130 * time.Second

// clusterKeepAlive finds pods that vanished without a word and keeps the entries of connection tracking and load
// balancers alive, whose shortest usual limit is 350 s (AWS).
var clusterKeepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 5}

// socketDialer is the Dialer of production: ordinary sockets of the pod.
type socketDialer struct{}

func (socketDialer) DialTCP(ctx context.Context, destination netip.AddrPort) (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: clusterKeepAlive}
	return dialer.DialTCP(ctx, "tcp4", netip.AddrPort{}, destination)
}

func (socketDialer) DialUDP(destination netip.AddrPort) (*net.UDPConn, error) {
	return net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(destination))
}

// verdict is what the laptop is told about a socket's error.
type verdict string

const (
	verdictRefused            verdict = "refused"
	verdictHostUnreachable    verdict = "host-unreachable"
	verdictNetworkUnreachable verdict = "network-unreachable"
	verdictProhibited         verdict = "prohibited"
	verdictSilent             verdict = "silent" // the laptop waits or tries again, as it would have
)

func verdictOf(err error) verdict {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return verdictRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return verdictHostUnreachable
	case errors.Is(err, syscall.ENETUNREACH):
		return verdictNetworkUnreachable
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return verdictProhibited
	}
	return verdictSilent
}

// unreachable makes the ICMP error of a verdict about a packet, from the agent; nil where the verdict is none.
func unreachable(told verdict, agent netip.Addr, about *packet.Packet) []byte {
	failures := map[verdict]packet.Failure{
		verdictHostUnreachable:    packet.HostUnreachable,
		verdictNetworkUnreachable: packet.NetworkUnreachable,
		verdictProhibited:         packet.Prohibited,
	}
	failure, ok := failures[told]
	if !ok {
		return nil
	}
	return packet.Error(failure, agent, about)
}
