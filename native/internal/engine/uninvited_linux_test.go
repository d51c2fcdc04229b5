package engine

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/gate"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/offload"
	"slipway/native/internal/packet"
	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

const (
	attackedLaptop = "198.18.5.2"
	attackedEngine = "198.18.5.3"
	pod            = "10.244.7.7"
)

// attackedPath is a path whose lanes nobody holds, so that a test may be the agent.
func attackedPath(t *testing.T) *path {
	t.Helper()
	path, err := newPath(registration{
		granted: wire.Registered{MTU: 16000},
		addresses: []sessionAddresses{{
			laptop: netip.MustParseAddr(attackedLaptop), engine: netip.MustParseAddr(attackedEngine), agent: wire.AgentAddress,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(path.close)
	path.setAgent(wire.AgentAddress)
	path.setRanges(gate.Whole(netip.MustParsePrefix("10.244.0.0/16")))
	return path
}

// arrive is a packet that comes out of a lane.
func arrive(path *path, raw []byte) {
	path.receive(0, [][]byte{raw}, func([]byte) bool { return false })
}

func datagramOf(from, to, text string) []byte {
	return packet.DatagramOf(netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), []byte(text))
}

func messageOf(from string, kind, code uint8, body []byte) []byte {
	raw := packet.Answer(append(make([]byte, packet.MessageHeader), body...), netip.MustParseAddr(from), netip.MustParseAddr(attackedLaptop), 64)
	header.ICMPv4(raw[20:]).SetType(header.ICMPv4Type(kind))
	header.ICMPv4(raw[20:]).SetCode(header.ICMPv4Code(code))
	header.ICMPv4(raw[20:]).SetChecksum(0)
	header.ICMPv4(raw[20:]).SetChecksum(header.ICMPv4Checksum(raw[20:], 0))
	return raw
}

// kernelTun gives path a TUN of the kernel's.
func kernelTun(t *testing.T, path *path) {
	t.Helper()
	path.open(openTun(t), func(error) {})
}

// openTun makes a TUN of the kernel's, with the laptop's address and a route to the pods.
func openTun(t *testing.T) tun.Device {
	t.Helper()
	made, file, err := tundev.Open(tundev.NewAlias(), 16000, []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr(attackedLaptop), 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	laptoptest.Run(t, "ip", "route", "add", "10.244.0.0/16", "dev", made.Name, "src", attackedLaptop)
	// The kernel's own filter of sources must not be what makes the test pass.
	for _, name := range []string{"all", made.Name} {
		if err := os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/rp_filter", []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	descriptor, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	device, _, err := tun.CreateUnmonitoredTUNFromFD(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	offloading, err := offload.New(device)
	if err != nil {
		t.Fatal(err)
	}
	return offloading
}

// TestNothingComesInUninvited plays an agent that sends what it likes to a real kernel with listeners on all
// addresses. Nothing of it may be delivered, and nothing may be answered.
func TestNothingComesInUninvited(t *testing.T) {
	laptoptest.Reset(t)
	path := attackedPath(t)
	kernelTun(t, path)
	listener, err := net.Listen("tcp4", "0.0.0.0:8022")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := net.ListenPacket("udp4", "0.0.0.0:5514")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	_ = socket.SetDeadline(time.Now().Add(patience))
	far := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(pod + ":5514"))
	say := func() {
		t.Helper()
		before := path.packetsUp.Load()
		if _, err := socket.WriteTo([]byte("hello"), far); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "a datagram of the laptop", func() bool { return path.packetsUp.Load() > before })
	}
	say()
	sent := path.packetsUp.Load()

	syn := func(from string) []byte {
		return segmentOf(from, attackedLaptop+":8022", header.TCPFlagSyn, 1000, 0, 0)
	}
	asked := datagramOf(attackedLaptop+":5514", pod+":5514", "hello")
	for name, raw := range map[string][]byte{
		"a SYN from a pod":                     syn(pod + ":4444"),
		"a SYN from the LAN":                   syn("192.168.77.1:4444"),
		"a SYN from the internet":              syn("8.8.8.8:4444"),
		"a SYN from the agent":                 syn("198.18.0.1:4444"),
		"an ACK of no connection":              segmentOf(pod+":4444", attackedLaptop+":8022", header.TCPFlagAck, 1000, 1, 0),
		"a datagram from a pod":                datagramOf(pod+":5515", attackedLaptop+":5514", "forged"),
		"a datagram from the LAN":              datagramOf("192.168.77.1:5514", attackedLaptop+":5514", "forged"),
		"a datagram from the internet":         datagramOf("8.8.8.8:5514", attackedLaptop+":5514", "forged"),
		"a datagram from the laptop itself":    datagramOf(attackedLaptop+":5514", attackedLaptop+":5514", "forged"),
		"a datagram from loopback":             datagramOf("127.0.0.1:5514", attackedLaptop+":5514", "forged"),
		"a datagram to another port":           datagramOf(pod+":5514", attackedLaptop+":9", "forged"),
		"a datagram to the LAN's address":      datagramOf(pod+":5514", "192.168.77.2:5514", "forged"),
		"a datagram to loopback":               datagramOf(pod+":5514", "127.0.0.1:5514", "forged"),
		"a datagram to everybody":              datagramOf(pod+":5514", "255.255.255.255:5514", "forged"),
		"a datagram to a group":                datagramOf(pod+":5514", "224.0.0.1:5514", "forged"),
		"an echo request":                      packet.Echo(netip.MustParseAddr(pod), netip.MustParseAddr(attackedLaptop), 1, 1, []byte("ping")),
		"an echo reply that nobody waits for":  messageOf(pod, 0, 0, []byte("pong")),
		"a redirect that quotes a flow":        messageOf(pod, 5, 1, asked),
		"a timestamp request":                  messageOf(pod, 13, 0, make([]byte, 12)),
		"an unreachable port that nobody used": messageOf(pod, 3, 3, datagramOf(attackedLaptop+":5514", pod+":99", "hello")),
	} {
		arrive(path, raw)
		arrive(path, datagramOf(pod+":5514", attackedLaptop+":5514", "welcome"))
		buffer := make([]byte, 100)
		count, from, err := socket.ReadFrom(buffer)
		if err != nil || string(buffer[:count]) != "welcome" || from.String() != far.String() {
			t.Errorf("after %s: %q from %v, %v", name, buffer[:max(count, 0)], from, err)
		}
		// What the kernel would have answered is in the TUN's queue before this.
		say()
		if answers := path.packetsUp.Load() - sent - 1; answers != 0 {
			t.Errorf("%s was answered", name)
		}
		sent = path.packetsUp.Load()
	}
	if tables := laptoptest.Run(t, "ip", "route", "show", "cache"); tables != "" {
		t.Errorf("the kernel learnt a way: %s", tables)
	}
}

// TestTheNameserverAnswersTheLaptopOnly asks for names that the laptop's own nameservers know.
func TestTheNameserverAnswersTheLaptopOnly(t *testing.T) {
	for name, ask := range map[string]func(path *path, question []byte){
		"out of a lane":          func(path *path, question []byte) { arrive(path, question) },
		"behind a gate that let": func(path *path, question []byte) { path.stack.Input(question) },
	} {
		t.Run(name, func(t *testing.T) {
			path := attackedPath(t)
			asked := make(chan string, 64)
			answerer := resolver.New(resolver.Config{
				Own: path.engine.All(),
				Upstream: func(_ context.Context, question *dns.Msg) (*dns.Msg, error) {
					asked <- question.Question[0].Name
					return new(dns.Msg).SetReply(question), nil
				},
			})
			server, err := listen(path, answerer)
			if err != nil {
				t.Fatal(err)
			}
			defer server.close()
			question := func(from, name string) []byte {
				packed, err := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
				if err != nil {
					t.Fatal(err)
				}
				return datagramOf(from+":40000", attackedEngine+":53", string(packed))
			}
			for _, from := range []string{pod, "10.96.0.10", "198.18.0.1", "8.8.8.8", attackedEngine} {
				ask(path, question(from, "payroll.corp.example."))
			}
			path.outbound(question(attackedLaptop, "mine.corp.example."))
			select {
			case first := <-asked:
				if first != "mine.corp.example." {
					t.Errorf("%s was asked for somebody else", first)
				}
			case <-time.After(patience):
				t.Error("the laptop is not answered")
			}
			server.close() // every question was handled
			for len(asked) > 0 {
				if name := <-asked; name != "mine.corp.example." {
					t.Errorf("%s was asked for somebody else", name)
				}
			}
		})
	}
}
