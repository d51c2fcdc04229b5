package forward

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

func echoDatagrams(t *testing.T) (port uint16) {
	t.Helper()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: podAddress.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
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
	return server.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func TestDatagramsOfEverySizeComeBack(t *testing.T) {
	laptop := join(t, func(config *Config) { config.MTU = 1420 })
	client, err := laptop.DialUDP(netip.AddrPortFrom(podAddress, echoDatagrams(t)))
	if err != nil {
		t.Fatal(err)
	}
	client.SetDeadline(time.Now().Add(time.Minute))
	buffer := make([]byte, largestDatagram)
	for _, size := range []int{0, 1, 1392, 1393, 4000, 60000} {
		sent := bytes.Repeat([]byte{byte(size)}, size)
		if _, err := client.Write(sent); err != nil {
			t.Fatal(err)
		}
		got, err := client.Read(buffer)
		if err != nil || !bytes.Equal(buffer[:got], sent) {
			t.Fatalf("a datagram of %d bytes came back with %d: %v", size, got, err)
		}
	}
	if got := laptop.forwarder.Stats().UDPFlows; got != 1 {
		t.Errorf("large and small datagrams of one flow made %d flows", got)
	}
}

func TestDatagramToClosedPortGetsItsError(t *testing.T) {
	laptop := join(t, nil)
	client, err := laptop.DialUDP(netip.AddrPortFrom(podAddress, 9))
	if err != nil {
		t.Fatal(err)
	}
	client.SetDeadline(time.Now().Add(time.Minute))
	client.Write([]byte("anyone?"))
	answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable)
	quoted, ok := answer.Quoted()
	if header.ICMPv4(answer.Payload).Code() != header.ICMPv4PortUnreachable || answer.Source != podAddress || !ok || quoted.Source != laptopAddress ||
		quoted.Destination != podAddress || quoted.DestinationPort != 9 {
		t.Fatalf("code %d from %s about %s port %d", header.ICMPv4(answer.Payload).Code(), answer.Source, quoted.Destination, quoted.DestinationPort)
	}
	// A read that waits already is not woken by an error (gonet), so it is asked again.
	eventually(t, "the client's socket reports no error", func() bool {
		client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err := client.Read(make([]byte, 1))
		var reported net.Error
		return errors.As(err, &reported) && !reported.Timeout()
	})
}

func TestDatagramToUnreachableHostGetsItsError(t *testing.T) {
	laptop := join(t, nil)
	client, err := laptop.DialUDP(netip.AddrPortFrom(goneAddress, 53))
	if err != nil {
		t.Fatal(err)
	}
	client.Write([]byte("anyone?"))
	if answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable); header.ICMPv4(answer.Payload).Code() != header.ICMPv4HostUnreachable || answer.Source != agentAddress {
		t.Fatalf("code %d from %s", header.ICMPv4(answer.Payload).Code(), answer.Source)
	}
}

func TestIdleDatagramFlowsExpireAndNamesSooner(t *testing.T) {
	laptop := join(t, nil)
	for _, port := range []uint16{echoDatagrams(t), portDNS} {
		client, err := laptop.DialUDP(netip.AddrPortFrom(podAddress, port))
		if err != nil {
			t.Fatal(err)
		}
		client.Write([]byte("x"))
	}
	flows := func() int { return laptop.forwarder.Stats().UDPFlows }
	eventually(t, "the flows were not opened", func() bool { return flows() == 2 })
	laptop.forwarder.flows.expire(time.Now().Add(idleDNS + time.Second))
	if flows() != 1 {
		t.Errorf("%d flows after %s", flows(), idleDNS)
	}
	laptop.forwarder.flows.expire(time.Now().Add(idleDatagrams + time.Second))
	if flows() != 0 {
		t.Errorf("%d flows after %s", flows(), idleDatagrams)
	}
}
