package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"

	"slipway/native/internal/netstack"
)

func TestConnectRefusedIsRefused(t *testing.T) {
	laptop := join(t, nil)
	_, err := laptop.DialTCP(t.Context(), netip.AddrPortFrom(podAddress, 9))
	if err == nil || !strings.Contains(err.Error(), "connection was refused") {
		t.Fatalf("dialling a closed port gave %v", err)
	}
	eventually(t, "the dial is still counted", func() bool { return laptop.forwarder.Stats() == Stats{} })
}

func TestConnectUnreachableGetsTheICMPErrorWithItsSequenceNumber(t *testing.T) {
	for destination, code := range map[netip.Addr]header.ICMPv4Code{goneAddress: header.ICMPv4HostUnreachable, prohibitedAddress: header.ICMPv4AdminProhibited} {
		laptop := join(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go laptop.DialTCP(ctx, netip.AddrPortFrom(destination, 80))
		answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable)
		quoted, ok := answer.Quoted()
		if header.ICMPv4(answer.Payload).Code() != code || !ok || quoted.Destination != destination || quoted.Source != laptopAddress {
			t.Errorf("%s: code %d quoting %s to %s", destination, header.ICMPv4(answer.Payload).Code(), quoted.Source, quoted.Destination)
		}
		if len(quoted.Payload) < header.TCPMinimumSize || quoted.Payload[13] != byte(header.TCPFlagSyn) {
			t.Errorf("%s: the quote is not the SYN: %x", destination, quoted.Payload)
		}
	}
}

func TestConnectToFreeAddressIsSilentAndStopsWhenTheLaptopDoes(t *testing.T) {
	t.Parallel() // most of it is waiting
	laptop := join(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := laptop.DialTCP(ctx, netip.AddrPortFrom(freeAddress, 80))
		failed <- err
	}()
	eventually(t, "nothing is dialled", func() bool { return laptop.forwarder.Stats().HalfOpen == 1 })
	select {
	case err := <-failed:
		t.Fatalf("dialling a free address gave %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if got := laptop.forwarder.Stats().HalfOpen; got != 1 {
		t.Fatalf("%d dials under way", got)
	}
	cancel()
	// No SYN came for longer than the gap that is due: the dial is given up, long before its own limit.
	eventually(t, "the abandoned dial goes on", func() bool { return laptop.forwarder.Stats() == Stats{} })
}

func TestHalfCloseFromLaptopLeavesTheAnswerComing(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	client.Write([]byte("question"))
	client.(interface{ CloseWrite() error }).CloseWrite()
	question, err := io.ReadAll(server)
	if err != nil || string(question) != "question" {
		t.Fatalf("server read %q: %v", question, err)
	}
	server.Write([]byte("answer"))
	server.Close()
	answer, err := io.ReadAll(client)
	if err != nil || string(answer) != "answer" {
		t.Fatalf("client read %q: %v", answer, err)
	}
	eventually(t, "the flow is still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
}

func TestHalfCloseFromClusterLeavesTheRequestGoing(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	server.Write([]byte("banner"))
	server.CloseWrite()
	banner, err := io.ReadAll(client)
	if err != nil || string(banner) != "banner" {
		t.Fatalf("client read %q: %v", banner, err)
	}
	client.Write([]byte("late"))
	client.Close()
	late, err := io.ReadAll(server)
	if err != nil || string(late) != "late" {
		t.Fatalf("server read %q: %v", late, err)
	}
	server.Close()
	eventually(t, "the flow is still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
}

func TestResetFromClusterReachesTheLaptop(t *testing.T) {
	for name, before := range map[string]func(*net.TCPConn, net.Conn){
		"at once":             func(*net.TCPConn, net.Conn) {},
		"after the client":    func(_ *net.TCPConn, client net.Conn) { client.(interface{ CloseWrite() error }).CloseWrite() },
		"with data under way": func(server *net.TCPConn, _ net.Conn) { server.Write(make([]byte, 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			laptop := join(t, nil)
			port, accepted := listen(t)
			client := laptop.dial(t, port)
			server := <-accepted
			before(server, client)
			server.SetLinger(0)
			server.Close()
			_, err := io.Copy(io.Discard, client)
			if err == nil || !strings.Contains(err.Error(), "reset") {
				t.Fatalf("client read until %v", err)
			}
			eventually(t, "the flow is still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
		})
	}
}

func TestResetFromLaptopReachesTheCluster(t *testing.T) {
	for name, before := range map[string]func(*net.TCPConn, net.Conn){
		"at once":          func(*net.TCPConn, net.Conn) {},
		"after the server": func(server *net.TCPConn, client net.Conn) { server.CloseWrite(); io.ReadAll(client) },
		"after the client": func(server *net.TCPConn, client net.Conn) {
			client.(interface{ CloseWrite() error }).CloseWrite()
			io.ReadAll(server)
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptop := join(t, nil)
			port, accepted := listen(t)
			client := laptop.dial(t, port)
			server := <-accepted
			before(server, client)
			abort(t, laptop)
			eventually(t, "the server's connection was not reset", func() bool {
				_, err := server.Write([]byte{1})
				if err == nil {
					_, err = server.Read(make([]byte, 1))
				}
				return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
			})
			eventually(t, "the flow is still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
		})
	}
}

// A server that neither reads nor writes would else hold what is left of a program that is gone.
func TestResetPassesAnUploadThatNobodyReads(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	for err := error(nil); err == nil; {
		client.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		_, err = client.Write(make([]byte, 1<<20))
	}
	abort(t, laptop)
	eventually(t, "the flow is still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
	if _, err := io.Copy(io.Discard, server); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server read until %v", err)
	}
}

// A server that refuses an upload while it comes answers and closes at once: what it said comes before the reset.
func TestWhatWasSaidBeforeAResetArrives(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	for round := range 200 {
		client := laptop.dial(t, port)
		server := <-accepted
		said := make([]byte, 1+round*300)
		isUploading := round%2 == 1
		if isUploading { // what the laptop says meets the reset first, or tells its program of it
			go client.Write(make([]byte, 256<<10))
		}
		server.Write(said)
		server.SetLinger(0)
		server.Close()
		read, err := io.Copy(io.Discard, client)
		if isReset := err != nil && strings.Contains(err.Error(), "reset"); !isReset && !isUploading || read != int64(len(said)) {
			t.Fatalf("round %d: %d of %d bytes until %v", round, read, len(said), err)
		}
	}
}

// abort resets every connection of the laptop's stack.
func abort(t *testing.T, laptop *laptop) {
	t.Helper()
	for _, endpoint := range laptop.Inner().RegisteredEndpoints() {
		endpoint.Abort()
	}
}

// The server ends first, so the agent's side keeps the addresses reserved; the laptop takes them again at once.
func TestAddressesAreReusedAtOnce(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	local := tcpip.FullAddress{NIC: netstack.NIC, Addr: tcpip.AddrFrom4(laptopAddress.As4()), Port: 40000}
	remote := tcpip.FullAddress{NIC: netstack.NIC, Addr: tcpip.AddrFrom4(podAddress.As4()), Port: uint16(port)}
	for range 3 {
		// Under the second after which the laptop would try again.
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		client, err := gonet.DialTCPWithBind(ctx, laptop.Inner(), local, remote, ipv4.ProtocolNumber)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		(<-accepted).Close()
		if _, err := io.ReadAll(client); err != nil {
			t.Fatal(err)
		}
		client.Close()
		eventually(t, "the laptop's end did not close", func() bool {
			return len(laptop.Inner().RegisteredEndpoints()) == 0 && laptop.forwarder.Stats() == Stats{}
		})
	}
}

func TestCloseResetsTheCluster(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	laptop.dial(t, port)
	server := <-accepted
	laptop.forwarder.Close()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("the server read %v", err)
	}
}
