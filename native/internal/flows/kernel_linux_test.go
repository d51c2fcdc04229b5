package flows

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

const insideNamespace = "SLIPWAY_TEST_FLOWS_NAMESPACE"

// TestMain lets the tests of this file have a network of their own: the program runs itself again in a new
// network namespace (and user namespace, where it is not root) and is then the whole laptop.
func TestMain(m *testing.M) {
	if os.Getenv(insideNamespace) != "" {
		os.Exit(m.Run())
	}
	command := exec.Command("/proc/self/exe", os.Args[1:]...)
	command.Env = append(os.Environ(), insideNamespace+"=1")
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in a network namespace:", err)
		os.Exit(1)
	}
}

// laptopNetwork is the kernel of the namespace behind a TUN, a table that sees what crosses it, and a far end that
// can vanish without a word.
type laptopNetwork struct {
	table    *Table
	tun      *os.File
	far      *netstack.Stack
	vanished atomic.Bool
	settling atomic.Bool // true: what the laptop acknowledges is not seen, as if it had not left yet
}

func newLaptopNetwork(t *testing.T, name string, laptopAddress, remoteAddress string) *laptopNetwork {
	t.Helper()
	network := &laptopNetwork{table: New()}
	descriptor, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(descriptor, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	network.tun = os.NewFile(uintptr(descriptor), "tun")
	link, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	address, err := netlink.ParseAddr(laptopAddress + "/32")
	if err != nil {
		t.Fatal(err)
	}
	for step, err := range map[string]error{"address": netlink.AddrAdd(link, address), "up": netlink.LinkSetUp(link)} {
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	destination := &net.IPNet{IP: net.ParseIP(remoteAddress), Mask: net.CIDRMask(32, 32)}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: destination}); err != nil {
		t.Fatal(err)
	}
	network.far, err = netstack.New(netstack.Config{
		MTU: 1500, Addresses: []netip.Addr{netip.MustParseAddr(remoteAddress)}, Output: network.inbound,
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		network.readTun()
	}()
	t.Cleanup(func() {
		network.tun.Close()
		<-done
		network.far.Close()
	})
	return network
}

func (network *laptopNetwork) readTun() {
	buffer := make([]byte, 65536)
	for {
		length, err := network.tun.Read(buffer)
		if err != nil {
			return
		}
		if network.settling.Load() {
			continue
		}
		if parsed, ok := packet.Parse(buffer[:length]); ok {
			network.table.Outbound(&parsed)
		}
		if !network.vanished.Load() {
			network.far.Input(buffer[:length])
		}
	}
}

func (network *laptopNetwork) inbound(raw []byte) {
	if network.vanished.Load() {
		return
	}
	if parsed, ok := packet.Parse(raw); ok {
		network.table.Inbound(&parsed)
	}
	_, _ = network.tun.Write(raw)
}

// TestTheKernelTakesOurResets proves the numbers: a reset that is one off would leave these connections hanging.
func TestTheKernelTakesOurResets(t *testing.T) {
	network := newLaptopNetwork(t, "flows0", "198.18.0.1", "10.244.0.5")
	listener, err := network.far.ListenTCP(netip.MustParseAddrPort("10.244.0.5:80"))
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- connection
		}
	}()
	dial := func() (*net.TCPConn, net.Conn) {
		t.Helper()
		connection, err := (&net.Dialer{Timeout: 20 * time.Second, KeepAlive: -1}).Dial("tcp4", "10.244.0.5:80")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { connection.Close() })
		_ = connection.SetDeadline(time.Now().Add(30 * time.Second))
		select {
		case far := <-accepted:
			return connection.(*net.TCPConn), far
		case <-time.After(20 * time.Second):
			t.Fatal("not accepted")
			return nil, nil
		}
	}
	exchange := func(from io.Writer, to io.Reader, length int) {
		t.Helper()
		go func() { _, _ = from.Write(make([]byte, length)) }()
		if _, err := io.ReadFull(to, make([]byte, length)); err != nil {
			t.Fatal(err)
		}
	}

	silent, _ := dial()
	talked, talkedFar := dial()
	exchange(talked, talkedFar, 100_000)
	exchange(talkedFar, talked, 1_000_000)
	halfClosed, halfClosedFar := dial()
	if err := halfClosed.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := halfClosedFar.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the half-close did not arrive: %v", err)
	}
	farClosed, farClosedFar := dial()
	if err := farClosedFar.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := farClosed.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the far half-close did not arrive: %v", err)
	}
	unread, unreadFar := dial()
	if _, err := unreadFar.Write(make([]byte, 5000)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(unread, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	// Data that was delivered, and whose acknowledgement nobody saw: the kernel expects what follows it.
	delayed, delayedFar := dial()
	network.settling.Store(true)
	if _, err := delayedFar.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(delayed, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}

	network.vanished.Store(true)
	if live := network.table.Live(); live != 6 {
		t.Errorf("%d connections are known, want 6", live)
	}
	for _, packet := range network.table.Resets() {
		if _, err := network.tun.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	// Still settling: an acknowledgement that waits in the TUN's queue would make its flow known again.
	for name, connection := range map[string]*net.TCPConn{
		"never spoke": silent, "idle after much data": talked, "half-closed by the laptop": halfClosed,
		"with unread data": unread, "with a late acknowledgement": delayed,
	} {
		if _, err := io.Copy(io.Discard, connection); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: reading ends with %v", name, err)
		}
	}
	if _, err := farClosed.Write([]byte("x")); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("half-closed by the far end: writing gives %v", err)
	}
	if live := network.table.Live(); live != 0 {
		t.Errorf("%d connections are still known", live)
	}
}
