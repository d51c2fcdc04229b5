package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

const insideVariable = "SLIPWAY_FORWARD_TEST_INSIDE"

// Addresses of the network namespace that stands for the cluster.
var (
	laptopAddress = netip.MustParseAddr("198.18.0.2")
	agentAddress  = netip.MustParseAddr("198.18.0.1")
	podAddress    = netip.MustParseAddr("10.77.0.9")
	// No machine has it; the namespace's route says "unreachable", as a node does for a pod that is gone.
	goneAddress       = netip.MustParseAddr("10.78.0.9")
	prohibitedAddress = netip.MustParseAddr("10.79.0.9")
	// Packets to it vanish: no machine is on its link.
	freeAddress = netip.MustParseAddr("10.80.0.9")

	// The same in IPv6.
	laptopAddress6     = netip.MustParseAddr("fd34::2")
	agentAddress6      = netip.MustParseAddr("fd34::1")
	podAddress6        = netip.MustParseAddr("fd77::9")
	goneAddress6       = netip.MustParseAddr("fd78::9")
	prohibitedAddress6 = netip.MustParseAddr("fd79::9")
	freeAddress6       = netip.MustParseAddr("fd80::9")
)

// TestMain runs the tests in a network namespace of their own, so that ordinary sockets meet real listeners, real
// refusals and real routes without touching the machine.
func TestMain(m *testing.M) {
	if os.Getenv(insideVariable) != "" {
		// The workers of a fuzzing run are children inside.
		if slices.Contains(os.Args, "-test.fuzzworker") {
			os.Exit(m.Run())
		}
		if err := furnishNamespace(); err != nil {
			fmt.Fprintln(os.Stderr, "furnish the namespace:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	command := exec.Command("/proc/self/exe", os.Args[1:]...)
	command.Env = append(os.Environ(), insideVariable+"=1")
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "make a network namespace:", err)
		os.Exit(1)
	}
}

func furnishNamespace() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return err
	}
	for _, address := range []netip.Addr{podAddress, podAddress6} {
		if err := netlink.AddrAdd(loopback, &netlink.Addr{IPNet: hostNet(address)}); err != nil {
			return err
		}
	}
	for address, kind := range map[netip.Addr]int{
		goneAddress: syscall.RTN_UNREACHABLE, prohibitedAddress: syscall.RTN_PROHIBIT,
		goneAddress6: syscall.RTN_UNREACHABLE, prohibitedAddress6: syscall.RTN_PROHIBIT,
	} {
		if err := netlink.RouteAdd(&netlink.Route{Dst: hostNet(address), Type: kind}); err != nil {
			return err
		}
	}
	// Without ARP packets leave the link, and its other end, which is down, swallows them.
	nowhere := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "nowhere", Flags: net.FlagUp}, PeerName: "nobody"}
	if err := netlink.LinkAdd(nowhere); err != nil {
		return err
	}
	if err := netlink.LinkSetARPOff(nowhere); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(nowhere); err != nil {
		return err
	}
	for _, address := range []netip.Addr{freeAddress, freeAddress6} {
		if err := netlink.RouteAdd(&netlink.Route{Dst: hostNet(address), LinkIndex: nowhere.Attrs().Index}); err != nil {
			return err
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 0"), 0o644)
}

func hostNet(address netip.Addr) *net.IPNet {
	return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(address.BitLen(), address.BitLen())}
}

// laptop is the other end of a Forwarder: a network stack, whose connections are terminated, and a tap of the ICMP packets
// that reach it.
type laptop struct {
	*netstack.Stack
	*tunnel
	icmp chan []byte
}

func join(t testing.TB, change func(*Config)) *laptop {
	t.Helper()
	result := &laptop{icmp: make(chan []byte, 1024)}
	mtu := 0
	result.tunnel = newTunnel(t, func(config *Config) {
		if change != nil {
			change(config)
		}
		mtu = config.MTU
	}, func(raw []byte) {
		if parsed, ok := packet.Parse(raw); ok && parsed.IsMessage() {
			select {
			case result.icmp <- raw:
			default:
			}
		}
		result.Input(raw)
	})
	var err error
	if result.Stack, err = netstack.New(netstack.Config{
		MTU: mtu, Addresses: []netip.Addr{laptopAddress, laptopAddress6},
		Output: func(raw []byte) { result.inject(laneOfRaw(raw), raw) },
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(result.Close)
	result.start()
	return result
}

func (l *laptop) dial(t testing.TB, port int) net.Conn {
	t.Helper()
	connection, err := l.DialTCP(t.Context(), netip.AddrPortFrom(podAddress, uint16(port)))
	if err != nil {
		t.Fatal(err)
	}
	connection.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { connection.Close() })
	return connection
}

// nextICMP waits for an ICMP packet of a kind.
func (l *laptop) nextICMP(t testing.TB, kind header.ICMPv4Type) packet.Packet {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case raw := <-l.icmp:
			parsed, _ := packet.Parse(raw)
			if header.ICMPv4(parsed.Payload).Type() == kind {
				return parsed
			}
		case <-deadline:
			t.Fatalf("no ICMP message of type %d came", kind)
		}
	}
}

// listen accepts connections of the pod and hands them over.
func listen(t testing.TB) (port int, accepted chan *net.TCPConn) {
	t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: podAddress.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	accepted = make(chan *net.TCPConn, 256)
	go func() {
		for {
			connection, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			connection.SetDeadline(time.Now().Add(time.Minute))
			accepted <- connection
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, accepted
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestPolicyAnswersProhibited(t *testing.T) {
	laptop := join(t, func(config *Config) { config.Policy = &Policy{Own: []netip.Addr{podAddress}} })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, refused := range []string{"10.77.0.9:80", "169.254.169.254:80", "127.0.0.1:8723", "10.1.2.3:10250", "198.18.0.6:22"} {
		go laptop.DialTCP(ctx, netip.MustParseAddrPort(refused))
		answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable)
		quoted, ok := answer.Quoted()
		if header.ICMPv4(answer.Payload).Code() != header.ICMPv4AdminProhibited || !ok || quoted.Destination != netip.MustParseAddrPort(refused).Addr() {
			t.Errorf("connecting to %s was answered by code %d about %v", refused, header.ICMPv4(answer.Payload).Code(), quoted.Destination)
		}
	}
	if stats := laptop.forwarder.Stats(); stats.HalfOpen != 0 {
		t.Errorf("%d dials of refused destinations", stats.HalfOpen)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 198, 18, 0, 2, 198, 18, 0, 1, 8, 0, 0, 0, 0, 1, 0, 1})
	f.Add([]byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 198, 18, 0, 2, 169, 254, 169, 254, 0, 1, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x46, 0, 0, 32, 0, 0, 0x20, 0, 1, 17, 0, 0, 198, 18, 0, 2, 10, 77, 0, 9, 0, 0, 0, 0, 0, 1, 0, 53, 0, 8, 0, 0})
	forwarder, err := New(Config{
		Lanes: 2, MTU: 1420, Agent: packet.NewPerFamily(agentAddress), Policy: &Policy{}, Dialer: refusingDialer{},
		LaneOf: laneOf,
		Send:   func(int, packet.Packet) {},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, raw []byte) { forwarder.Receive(1, [][]byte{raw}) })
}

type refusingDialer struct{}

func (refusingDialer) DialTCP(context.Context, netip.AddrPort) (*net.TCPConn, error) {
	return nil, syscall.ECONNREFUSED
}

func (refusingDialer) DialUDP(netip.AddrPort) (*net.UDPConn, error) { return nil, syscall.ECONNREFUSED }
