package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"slipway/native/internal/bytestream"
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
	return dialer.DialTCP(ctx, "tcp"+familyOf(destination), netip.AddrPort{}, destination)
}

func (socketDialer) DialUDP(destination netip.AddrPort) (*net.UDPConn, error) {
	return net.DialUDP("udp"+familyOf(destination), nil, net.UDPAddrFromAddrPort(destination))
}

// familyOf is what package net calls the family of an address: a host without one of them says so at once.
func familyOf(destination netip.AddrPort) string {
	if destination.Addr().Unmap().Is4() {
		return "4"
	}
	return "6"
}

// outcomes are what errors of a socket mean to the laptop. Whatever is none of them is silence: the laptop waits or tries
// again, as it would have.
var outcomes = []struct {
	errors  []syscall.Errno
	verdict bytestream.Verdict
	failure packet.Failure // of what is told by an ICMP error
}{
	{[]syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET}, bytestream.Refused, packet.Failure{}},
	{[]syscall.Errno{syscall.EHOSTUNREACH, syscall.EHOSTDOWN}, bytestream.HostUnreachable, packet.HostUnreachable},
	{[]syscall.Errno{syscall.ENETUNREACH}, bytestream.NetworkUnreachable, packet.NetworkUnreachable},
	{[]syscall.Errno{syscall.EACCES, syscall.EPERM}, bytestream.Prohibited, packet.Prohibited},
}

// verdictOf is what the laptop is told about an error, and how where that is an ICMP error.
func verdictOf(err error) (bytestream.Verdict, packet.Failure) {
	for _, outcome := range outcomes {
		for _, number := range outcome.errors {
			if errors.Is(err, number) {
				return outcome.verdict, outcome.failure
			}
		}
	}
	return bytestream.Silent, packet.Failure{}
}

// unreachable makes the ICMP error that an error of a socket means for a packet, from the agent; nil where it means none.
func unreachable(err error, agent netip.Addr, about *packet.Packet) []byte {
	if _, failure := verdictOf(err); failure != (packet.Failure{}) {
		return packet.Error(failure, agent, about)
	}
	return nil
}
