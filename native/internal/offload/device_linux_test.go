package offload

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

const (
	kernelAddress = "198.18.5.2"
	farAddress    = "10.244.7.7"
	deadline      = 60 * time.Second
	offset        = 16
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

// openDevice makes a TUN of the kernel's with an address and a route to the far one.
func openDevice(t *testing.T, mtu int) *Device {
	t.Helper()
	laptoptest.Reset(t)
	made, file, err := tundev.Open(tundev.NewAlias(), mtu, []netip.Prefix{netip.MustParsePrefix(kernelAddress + "/32")})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	laptoptest.Run(t, "ip", "route", "add", "10.244.0.0/16", "dev", made.Name, "src", kernelAddress)
	descriptor, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	inner, _, err := tun.CreateUnmonitoredTUNFromFD(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	device, err := New(inner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device
}

// join has a stack of gVisor's at the far address speak with the kernel over the device.
func join(t *testing.T, device *Device, mtu int, write func(parts [][]byte) error) *netstack.Stack {
	t.Helper()
	far, err := netstack.New(netstack.Config{
		MTU: mtu, Addresses: []netip.Addr{netip.MustParseAddr(farAddress)},
		OutputParts: func(parts [][]byte) {
			if err := write(parts); err != nil && !errors.Is(err, os.ErrClosed) {
				t.Errorf("write: %v", err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(far.Close)
	go func() {
		buffers, sizes := [][]byte{make([]byte, offset+65535)}, make([]int, 1)
		for {
			if _, err := device.Read(buffers, sizes, offset); err != nil {
				return
			}
			far.Input(buffers[0][offset : offset+sizes[0]])
		}
	}()
	return far
}

// TestAConnectionPassesUnharmed moves bytes both ways between the kernel and a stack behind the device, whatever the kernel cuts.
func TestAConnectionPassesUnharmed(t *testing.T) {
	for name, mtu := range map[string]int{"large segments": 65000, "segments of an ordinary link": 1500} {
		t.Run(name, func(t *testing.T) {
			device := openDevice(t, mtu)
			far := join(t, device, mtu, func(parts [][]byte) error { return device.WriteSegment(parts...) })
			listener, err := far.ListenTCP(netip.MustParseAddrPort(farAddress + ":80"))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = io.Copy(conn, conn)
				conn.Close()
			}()
			conn, err := net.DialTimeout("tcp4", farAddress+":80", deadline)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(deadline))
			sent := bytes.Repeat([]byte("what goes out must come back as it was "), 75_000)
			go func() {
				_, _ = conn.Write(sent)
				_ = conn.(*net.TCPConn).CloseWrite()
			}()
			came, err := io.ReadAll(conn)
			if err != nil || sha256.Sum256(came) != sha256.Sum256(sent) {
				t.Errorf("%d of %d bytes came back: %v", len(came), len(sent), err)
			}
		})
	}
}

// TestDatagramsHaveChecksums: they leave this machine.
func TestDatagramsHaveChecksums(t *testing.T) {
	device := openDevice(t, 1500)
	conn, err := net.Dial("udp4", farAddress+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("a question of odd length.")); err != nil {
		t.Fatal(err)
	}
	buffers, sizes := [][]byte{make([]byte, offset+65535)}, make([]int, 1)
	for end := time.Now().Add(deadline); time.Now().Before(end); {
		if _, err := device.Read(buffers, sizes, offset); err != nil {
			t.Fatal(err)
		}
		parsed, ok := packet.Parse(buffers[0][offset : offset+sizes[0]])
		if !ok || parsed.Kind != packet.Datagram || parsed.DestinationPort != 53 {
			continue // the kernel's own
		}
		ip := header.IPv4(parsed.Raw)
		pseudo := header.PseudoHeaderChecksum(header.UDPProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), ip.PayloadLength())
		if header.UDP(parsed.Payload).Checksum() == 0 || checksum.Checksum(parsed.Payload, pseudo) != 0xffff {
			t.Error("the checksum is wrong")
		}
		return
	}
	t.Fatal("no datagram came")
}

// TestWhatWasPutTogetherIsSound: a kernel that sums every byte takes it.
func TestWhatWasPutTogetherIsSound(t *testing.T) {
	device := openDevice(t, 1500)
	far := join(t, device, 1500, func(parts [][]byte) error {
		size := 0
		for _, part := range parts[1:] {
			size += len(part)
		}
		parsed, ok := packet.ParseHead(parts[0], size)
		if !ok || parsed.Size() != len(parts[0])+size {
			return errors.New("not a packet")
		}
		_, err := device.Write([][]byte{slices.Concat(make([]byte, offset), parsed.Whole(parts[1:]))}, offset)
		return err
	})
	listener, err := far.ListenTCP(netip.MustParseAddrPort(farAddress + ":80"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _ = io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	conn, err := net.DialTimeout("tcp4", farAddress+":80", deadline)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(deadline))
	if said, err := io.ReadAll(conn); err != nil || string(said) != "hello" {
		t.Errorf("%q: %v", said, err)
	}
}

func TestWhatIsNoSegmentIsRefused(t *testing.T) {
	whole := func(change func(raw []byte)) [][]byte {
		raw := make([]byte, 40)
		header.IPv4(raw).Encode(&header.IPv4Fields{TotalLength: 40, TTL: 64, Protocol: uint8(header.TCPProtocolNumber)})
		header.TCP(raw[20:]).Encode(&header.TCPFields{DataOffset: 20})
		change(raw)
		return [][]byte{raw}
	}
	for name, parts := range map[string][][]byte{
		"nothing":               nil,
		"an empty part":         {{}},
		"half a header":         {whole(func([]byte) {})[0][:30]},
		"IPv6":                  whole(func(raw []byte) { raw[0] = 0x65 }),
		"a datagram":            whole(func(raw []byte) { raw[9] = uint8(header.UDPProtocolNumber) }),
		"a short IP header":     whole(func(raw []byte) { raw[0] = 0x44 }),
		"more options than all": whole(func(raw []byte) { raw[32] = 15 << 4 }),
		"too many parts":        slices.Repeat(whole(func([]byte) {}), partsAtMost+1),
	} {
		if err := newWriting().fill(parts); !errors.Is(err, errNoSegment) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWriting()
	if err := w.fill(whole(func([]byte) {})); err != nil || w.count != 2 {
		t.Errorf("a segment: %v, %d parts", err, w.count)
	}
}

func TestReadingEndsWithTheDevice(t *testing.T) {
	device := openDevice(t, 1500)
	ended := make(chan error, 1)
	go func() {
		buffers, sizes := [][]byte{make([]byte, offset+65535)}, make([]int, 1)
		for {
			if _, err := device.Read(buffers, sizes, offset); err != nil {
				ended <- err
				return
			}
		}
	}()
	device.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("reading ended with %v", err)
		}
	case <-time.After(deadline):
		t.Fatal("it reads on")
	}
}
