package forward

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

func echoRequest6(destination netip.Addr, hopLimit byte, size int) []byte {
	raw := packet.Echo(laptopAddress6, destination, 0xbeef, 7, bytes.Repeat([]byte{byte(size)}, size))
	header.IPv6(raw).SetHopLimit(hopLimit)
	return raw
}

// nextICMPv6 waits for a message of a type.
func (l *laptop) nextICMPv6(t *testing.T, kind header.ICMPv6Type) packet.Packet {
	t.Helper()
	return l.nextICMP(t, header.ICMPv4Type(kind))
}

func TestPingOverIPv6(t *testing.T) {
	laptop := join(t, nil)
	for _, destination := range []netip.Addr{podAddress6, agentAddress6} {
		for _, size := range []int{0, 56, 15000} {
			request := echoRequest6(destination, 64, size)
			laptop.inject(0, request)
			answer := laptop.nextICMPv6(t, header.ICMPv6EchoReply)
			if answer.Source != destination || answer.Destination != laptopAddress6 || !bytes.Equal(answer.Payload[4:], answerTo(request)[4:]) {
				t.Errorf("ping of %s with %d bytes: from %s to %s", destination, size, answer.Source, answer.Destination)
			}
		}
	}
}

// TestPingOverIPv6InFragments: larger than the tunnel's MTU, both ways.
func TestPingOverIPv6InFragments(t *testing.T) {
	laptop := join(t, func(config *Config) { config.MTU = 1420 })
	whole := echoRequest6(podAddress6, 64, 5000)
	packet.Fragments(whole, 1420, 99, func(piece []byte) { laptop.inject(0, piece) })
	answer := make([]byte, len(whole)-header.IPv6MinimumSize)
	for total := 0; total < len(answer); {
		raw := <-laptop.icmp
		parsed, _ := packet.Parse(raw)
		total += copy(answer[parsed.Offset:], parsed.Payload)
		if len(raw) > 1420 {
			t.Fatalf("a fragment of %d bytes", len(raw))
		}
	}
	if !bytes.Equal(answer, answerTo(whole)) {
		t.Error("the answer differs from the request")
	}
}

func TestPingOverIPv6IsToldWhatIPv4IsTold(t *testing.T) {
	laptop := join(t, nil)
	for _, silent := range []netip.Addr{freeAddress6, goneAddress6} {
		laptop.inject(0, echoRequest6(silent, 64, 56))
	}
	laptop.inject(0, echoRequest6(prohibitedAddress6, 64, 56))
	answer := laptop.nextICMPv6(t, header.ICMPv6DstUnreachable)
	quoted, ok := answer.Quoted()
	if header.ICMPv6(answer.Payload).Code() != header.ICMPv6Prohibited || !ok || quoted.Destination != prohibitedAddress6 {
		t.Errorf("code %d about %s", header.ICMPv6(answer.Payload).Code(), quoted.Destination)
	}
	laptop.inject(0, echoRequest6(podAddress6, 1, 56))
	if answer := laptop.nextICMPv6(t, header.ICMPv6TimeExceeded); answer.Source != agentAddress6 {
		t.Errorf("time exceeded from %s", answer.Source)
	}
}

func TestConnectionsOverIPv6(t *testing.T) {
	listener, err := net.ListenTCP("tcp6", &net.TCPAddr{IP: podAddress6.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(connection, connection)
				connection.Close()
			}()
		}
	}()
	laptop := join(t, nil)
	connection, err := laptop.DialTCP(t.Context(), netip.AddrPortFrom(podAddress6, listener.Addr().(*net.TCPAddr).AddrPort().Port()))
	if err != nil {
		t.Fatal(err)
	}
	connection.SetDeadline(time.Now().Add(time.Minute))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		connection.Write(sent)
		connection.(interface{ CloseWrite() error }).CloseWrite()
	}()
	if got, err := io.ReadAll(connection); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back of %d: %v", len(got), len(sent), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := laptop.DialTCP(ctx, netip.AddrPortFrom(podAddress6, 9)); err == nil || ctx.Err() != nil {
		t.Errorf("a closed port: %v", err)
	}
	go laptop.DialTCP(ctx, netip.MustParseAddrPort("[fd00:ec2::254]:80"))
	if answer := laptop.nextICMPv6(t, header.ICMPv6DstUnreachable); header.ICMPv6(answer.Payload).Code() != header.ICMPv6Prohibited {
		t.Errorf("metadata was answered by code %d", header.ICMPv6(answer.Payload).Code())
	}
}

func TestDatagramsOverIPv6(t *testing.T) {
	server, err := net.ListenUDP("udp6", &net.UDPAddr{IP: podAddress6.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		buffer := make([]byte, largestDatagram)
		for {
			size, from, err := server.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(buffer[:size], from)
		}
	}()
	laptop := join(t, func(config *Config) { config.MTU = 1420 })
	client, err := laptop.DialUDP(netip.AddrPortFrom(podAddress6, server.LocalAddr().(*net.UDPAddr).AddrPort().Port()))
	if err != nil {
		t.Fatal(err)
	}
	client.SetDeadline(time.Now().Add(time.Minute))
	buffer := make([]byte, largestDatagram)
	for _, size := range []int{0, 1, 1372, 1373, 4000, 60000} {
		sent := bytes.Repeat([]byte{byte(size)}, size)
		if _, err := client.Write(sent); err != nil {
			t.Fatal(err)
		}
		if got, err := client.Read(buffer); err != nil || !bytes.Equal(buffer[:got], sent) {
			t.Fatalf("a datagram of %d bytes came back with %d: %v", size, got, err)
		}
	}
	closed, err := laptop.DialUDP(netip.AddrPortFrom(podAddress6, 9))
	if err != nil {
		t.Fatal(err)
	}
	closed.Write([]byte("anyone?"))
	answer := laptop.nextICMPv6(t, header.ICMPv6DstUnreachable)
	if header.ICMPv6(answer.Payload).Code() != header.ICMPv6PortUnreachable || answer.Source != podAddress6 {
		t.Errorf("a closed port: code %d from %s", header.ICMPv6(answer.Payload).Code(), answer.Source)
	}
}
