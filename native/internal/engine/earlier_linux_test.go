package engine

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/packet"
)

// answering accepts what comes out of a TUN, as an engine would that is killed then.
func answering(device tun.Device) {
	go func() {
		sizes, buffers := make([]int, device.BatchSize()), make([][]byte, device.BatchSize())
		for index := range buffers {
			buffers[index] = make([]byte, tunOffset+coalesced)
		}
		for {
			count, err := device.Read(buffers, sizes, tunOffset)
			if err != nil {
				return
			}
			for index := range count {
				parsed, ok := packet.Parse(buffers[index][tunOffset : tunOffset+sizes[index]])
				if !ok || parsed.Protocol != packet.TCP || parsed.TCPFlags != header.TCPFlagSyn {
					continue
				}
				answer := segmentOf(
					netip.AddrPortFrom(parsed.Destination, parsed.DestinationPort).String(), netip.AddrPortFrom(parsed.Source, parsed.SourcePort).String(),
					header.TCPFlagSyn|header.TCPFlagAck, 5000, parsed.TCP().SequenceNumber()+1, 0)
				_, _ = device.Write([][]byte{append(make([]byte, tunOffset), answer...)}, tunOffset)
			}
		}
	}()
}

// connectionOf connects a socket of the address's family.
func connectionOf(t *testing.T, family int, address unix.Sockaddr) net.Conn {
	t.Helper()
	descriptor, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(descriptor), "connection")
	defer file.Close()
	if err := unix.Connect(descriptor, address); err != nil {
		t.Fatal(err)
	}
	opened, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// TestConnectionsOfAnEngineThatWasKilledAreReset follows programs that only wait: the next engine, with the same address,
// tells them that nobody has their connection any more. Those of others are left alone.
func TestConnectionsOfAnEngineThatWasKilledAreReset(t *testing.T) {
	far := netip.MustParseAddr(pod)
	for name, dial := range map[string]func() net.Conn{
		"a socket of IPv4": func() net.Conn {
			return connectionOf(t, unix.AF_INET, &unix.SockaddrInet4{Addr: far.As4(), Port: 80})
		},
		"a socket of IPv6 that carries IPv4": func() net.Conn {
			return connectionOf(t, unix.AF_INET6, &unix.SockaddrInet6{Addr: far.As16(), Port: 80})
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			laptoptest.Run(t, "ip", "link", "set", "lo", "up")
			first := openTun(t)
			answering(first)
			held := dial()
			other := loopback(t)
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			path := attackedPath(t)
			kernelTun(t, path)
			connections, err := NewKernel().Connections()
			if err != nil {
				t.Fatal(err)
			}
			if asked := path.ask(connections); asked != 1 {
				t.Errorf("%d of %v were asked", asked, connections)
			}
			_ = held.SetReadDeadline(time.Now().Add(patience))
			if _, err := held.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("who waited was told %v", err)
			}
			if _, err := other.Write([]byte("x")); err != nil {
				t.Errorf("a connection of its own was ended: %v", err)
			}
		})
	}
}

// loopback is one end of a connection that has nothing to do with the tunnel.
func loopback(t *testing.T) net.Conn {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	opened, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}
