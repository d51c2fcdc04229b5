package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/tun"
)

// Destinations behind a TUN of the test's namespace; what becomes of a dial is in the last byte.
var (
	beyondRange = netip.MustParsePrefix("10.81.0.0/24")
	beyond      = func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 81, 0, last}) }
)

const (
	leadsToPod = iota + 1
	leadsToRefusal
	leadsToUnreachableHost
	leadsToUnreachableNetwork
	leadsToProhibition
)

// beyondDialer stands for the cluster's network; its errors are those that connect(2) gives.
type beyondDialer struct{ pod netip.AddrPort }

func (d beyondDialer) failure(destination netip.AddrPort) error {
	return map[byte]error{
		leadsToRefusal:            syscall.ECONNREFUSED,
		leadsToUnreachableHost:    syscall.EHOSTUNREACH,
		leadsToUnreachableNetwork: syscall.ENETUNREACH,
		leadsToProhibition:        syscall.EACCES,
	}[destination.Addr().As4()[3]]
}

func (d beyondDialer) DialTCP(ctx context.Context, destination netip.AddrPort) (*net.TCPConn, error) {
	if err := d.failure(destination); err != nil {
		return nil, err
	}
	return socketDialer{}.DialTCP(ctx, d.pod)
}

func (d beyondDialer) DialUDP(destination netip.AddrPort) (*net.UDPConn, error) {
	if err := d.failure(destination); err != nil {
		return nil, err
	}
	return socketDialer{}.DialUDP(netip.AddrPortFrom(podAddress, 9))
}

// joinKernel lets the kernel of the test's namespace be the laptop, by a TUN.
func joinKernel(t *testing.T, dialer Dialer) {
	t.Helper()
	device, err := tun.CreateTUN("laptop", 16000)
	if err != nil {
		t.Fatal(err)
	}
	link, err := netlink.LinkByName("laptop")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: hostNet(laptopAddress)}); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		t.Fatal(err)
	}
	destination := &net.IPNet{IP: beyondRange.Addr().AsSlice(), Mask: net.CIDRMask(beyondRange.Bits(), 32)}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: destination}); err != nil {
		t.Fatal(err)
	}
	const offset = 16 // room for the header that the kernel puts in front
	tunnel := newTunnel(t, func(config *Config) { config.Dialer = dialer }, func(raw []byte) {
		device.Write([][]byte{append(make([]byte, offset), raw...)}, offset)
	})
	tunnel.start()
	go func() {
		buffers, sizes := make([][]byte, device.BatchSize()), make([]int, device.BatchSize())
		for index := range buffers {
			buffers[index] = make([]byte, offset+65535)
		}
		for {
			count, err := device.Read(buffers, sizes, offset)
			if err != nil && !errors.Is(err, tun.ErrTooManySegments) {
				return
			}
			for index := range count {
				raw := buffers[index][offset : offset+sizes[index]]
				tunnel.inject(laneOfRaw(raw), raw)
			}
		}
	}()
	t.Cleanup(func() { device.Close() })
}

// Linux believes an ICMP error only when what it quotes fits the connection; what programs see is the proof.
func TestProgramsOfALinuxLaptopSeeTheClustersErrors(t *testing.T) {
	port, accepted := listen(t)
	joinKernel(t, beyondDialer{pod: netip.AddrPortFrom(podAddress, uint16(port))})
	dial := func(network string, last byte) (net.Conn, error) {
		dialer := net.Dialer{Timeout: 30 * time.Second}
		return dialer.Dial(network, netip.AddrPortFrom(beyond(last), 80).String())
	}
	for last, expected := range map[byte]error{
		leadsToRefusal:            syscall.ECONNREFUSED,
		leadsToUnreachableHost:    syscall.EHOSTUNREACH,
		leadsToUnreachableNetwork: syscall.ENETUNREACH,
		leadsToProhibition:        syscall.EHOSTUNREACH, // Linux knows no better errno for code 13
	} {
		if _, err := dial("tcp4", last); !errors.Is(err, expected) {
			t.Errorf("connecting to %s gave %v, expected %v", beyond(last), err, expected)
		}
		if last == leadsToUnreachableHost || last == leadsToUnreachableNetwork {
			continue // Linux tells a datagram socket of these only when it asks (ip(7), IP_RECVERR)
		}
		client, err := dial("udp4", last)
		if err != nil {
			t.Fatal(err)
		}
		client.SetDeadline(time.Now().Add(30 * time.Second))
		client.Write([]byte("x"))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, expected) {
			t.Errorf("a datagram to %s gave %v, expected %v", beyond(last), err, expected)
		}
		client.Close()
	}
	client, err := dial("tcp4", leadsToPod)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.SetDeadline(time.Now().Add(30 * time.Second))
	server := <-accepted
	server.Write([]byte("hello"))
	server.CloseWrite()
	if greeting, err := io.ReadAll(client); err != nil || string(greeting) != "hello" {
		t.Errorf("read %q: %v", greeting, err)
	}
	client.(*net.TCPConn).SetLinger(0)
	client.Close()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server read %v after a reset", err)
	}
}
