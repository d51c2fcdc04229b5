package netstack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

var (
	leftAddress  = netip.MustParseAddr("198.18.0.2")
	rightAddress = netip.MustParseAddr("198.18.0.1")
	sixOf        = map[netip.Addr]netip.Addr{
		leftAddress: netip.MustParseAddr("fd34::2"), rightAddress: netip.MustParseAddr("fd34::1"),
	}
)

// wire carries packets one way in order, bounded, and makes the sender wait when full, as a lane does.
type wire struct {
	packets chan []byte
	done    chan struct{}
}

func newWire(to func([]byte)) *wire {
	result := &wire{packets: make(chan []byte, 64), done: make(chan struct{})}
	go func() {
		for {
			select {
			case packet := <-result.packets:
				to(packet)
			case <-result.done:
				return
			}
		}
	}()
	return result
}

func (w *wire) send(packet []byte) {
	select {
	case w.packets <- bytes.Clone(packet):
	case <-w.done:
	}
}

func pair(t testing.TB, mtu int) (left, right *Stack) {
	t.Helper()
	var toLeft, toRight *wire
	make := func(address netip.Addr, out **wire) *Stack {
		made, err := New(Config{
			MTU:       mtu,
			Addresses: []netip.Addr{address, sixOf[address]},
			Output:    func(packet []byte) { (*out).send(packet) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	left, right = make(leftAddress, &toRight), make(rightAddress, &toLeft)
	toLeft, toRight = newWire(left.Input), newWire(right.Input)
	t.Cleanup(func() {
		close(toLeft.done)
		close(toRight.done)
		left.Close()
		right.Close()
	})
	return left, right
}

func TestTCPCarriesBothWaysAtOnce(t *testing.T) {
	for name, at := range map[string]netip.Addr{"IPv4": rightAddress, "IPv6": sixOf[rightAddress]} {
		t.Run(name, func(t *testing.T) { testBothWaysAtOnce(t, netip.AddrPortFrom(at, 80)) })
	}
}

func testBothWaysAtOnce(t *testing.T, at netip.AddrPort) {
	left, right := pair(t, 1420)
	const size = 16 << 20
	listener, err := right.ListenTCP(at)
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(connection net.Conn, seed uint64, result chan<- string) {
		connection.SetDeadline(time.Now().Add(time.Minute))
		var sending sync.WaitGroup
		sending.Go(func() {
			source := rand.NewChaCha8([32]byte{byte(seed)})
			io.CopyN(connection, source, size)
		})
		hash := sha256.New()
		read, err := io.CopyN(hash, connection, size)
		sending.Wait()
		result <- fmt.Sprintf("%d %v %x", read, err, hash.Sum(nil))
	}
	atLeft, atRight := make(chan string, 1), make(chan string, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			atRight <- err.Error()
			return
		}
		exchange(connection, 1, atRight)
	}()
	connection, err := left.DialTCP(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	exchange(connection, 2, atLeft)
	expected := func(seed byte) string {
		hash := sha256.New()
		io.CopyN(hash, rand.NewChaCha8([32]byte{seed}), size)
		return fmt.Sprintf("%d %v %x", size, nil, hash.Sum(nil))
	}
	if got := <-atLeft; got != expected(1) {
		t.Errorf("left received %s", got)
	}
	if got := <-atRight; got != expected(2) {
		t.Errorf("right received %s", got)
	}
}

func TestUDPAnswersAndLargeDatagramsAreFragmented(t *testing.T) {
	left, right := pair(t, 1420)
	server, err := right.ListenUDP(netip.AddrPortFrom(rightAddress, 53))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 65535)
		for {
			size, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			server.WriteTo(buffer[:size], from)
		}
	}()
	client, err := left.DialUDP(netip.AddrPortFrom(rightAddress, 53))
	if err != nil {
		t.Fatal(err)
	}
	client.SetDeadline(time.Now().Add(time.Minute))
	for _, size := range []int{1, 1392, 1393, 9000} {
		sent := bytes.Repeat([]byte{byte(size)}, size)
		if _, err := client.Write(sent); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 65535)
		got, err := client.Read(buffer)
		if err != nil || !bytes.Equal(buffer[:got], sent) {
			t.Fatalf("datagram of %d bytes came back with %d: %v", size, got, err)
		}
	}
}

func TestConnectToClosedPortIsRefused(t *testing.T) {
	left, _ := pair(t, 1420)
	_, err := left.DialTCP(t.Context(), netip.AddrPortFrom(rightAddress, 81))
	var operation *net.OpError
	if !errors.As(err, &operation) || operation.Err.Error() != "connection was refused" {
		t.Fatalf("dialling a closed port gave %v", err)
	}
}

func TestInputReturnsWhileOutputIsBlocked(t *testing.T) {
	blocked := make(chan struct{})
	output := func([]byte) { <-blocked }
	stuck, err := New(Config{MTU: 1420, Addresses: []netip.Addr{rightAddress}, Output: output})
	if err != nil {
		t.Fatal(err)
	}
	var syn []byte
	caught := make(chan []byte, 16)
	other, err := New(Config{MTU: 1420, Addresses: []netip.Addr{leftAddress}, Output: func(packet []byte) {
		select {
		case caught <- bytes.Clone(packet):
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	dialling, cancel := context.WithCancel(t.Context())
	go other.DialTCP(dialling, netip.AddrPortFrom(rightAddress, 9))
	syn = <-caught
	cancel()
	handled := make(chan struct{})
	go func() {
		// Each is answered by a reset, far more than the replies' queue takes.
		for range 4 * repliesQueued {
			stuck.Input(syn)
		}
		close(handled)
	}()
	select {
	case <-handled:
	case <-time.After(time.Minute):
		t.Fatal("Input waits for Output")
	}
	close(blocked)
	stuck.Close()
}

func TestMalformedPacketsAreDropped(t *testing.T) {
	_, right := pair(t, 1420)
	for _, packet := range [][]byte{nil, {}, {0x45}, bytes.Repeat([]byte{0x45}, 19), bytes.Repeat([]byte{0x60}, 40), bytes.Repeat([]byte{0xff}, 60)} {
		right.Input(packet)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	output := func([]byte) {}
	for name, config := range map[string]Config{
		"no output": {MTU: 1420},
		"small MTU": {MTU: 575, Output: output},
		"large MTU": {MTU: 65536, Output: output},
	} {
		if made, err := New(config); err == nil {
			made.Close()
			t.Errorf("%s was taken", name)
		}
	}
}

// TestAFamilyWithoutAddressIsRefused: a cluster may name nameservers of any family.
func TestAFamilyWithoutAddressIsRefused(t *testing.T) {
	only4, err := New(Config{MTU: 1500, Addresses: []netip.Addr{leftAddress}, Output: func([]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(only4.Close)
	other := netip.MustParseAddrPort("[fd00::10]:53")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := only4.DialTCP(ctx, other); err == nil {
		t.Error("connected over a family that the stack has no address of")
	}
	if _, err := only4.DialUDP(other); err == nil {
		t.Error("a socket of a family that the stack has no address of")
	}
	if _, err := only4.ListenTCP(other); err == nil {
		t.Error("listens on an address that the stack does not have")
	}
}

func FuzzInput(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 198, 18, 0, 1})
	stack, err := New(Config{MTU: 1420, Addresses: []netip.Addr{rightAddress}, Promiscuous: true, Output: func([]byte) {}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, packet []byte) { stack.Input(packet) })
}

func benchmarkTCP(b *testing.B, mtu int) {
	left, right := pair(b, mtu)
	listener, err := right.ListenTCP(netip.AddrPortFrom(rightAddress, 80))
	if err != nil {
		b.Fatal(err)
	}
	const chunk = 1 << 20
	done := make(chan int64, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		read, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{connection}, make([]byte, 256<<10))
		done <- read
	}()
	connection, err := left.DialTCP(b.Context(), netip.AddrPortFrom(rightAddress, 80))
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, chunk)
	b.SetBytes(chunk)
	b.ResetTimer()
	for range b.N {
		if _, err := connection.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	connection.(interface{ CloseWrite() error }).CloseWrite()
	if read := <-done; read != int64(b.N)*chunk {
		b.Fatalf("received %d bytes of %d", read, int64(b.N)*chunk)
	}
}

func BenchmarkTCPMTU1420(b *testing.B)  { benchmarkTCP(b, 1420) }
func BenchmarkTCPMTU16000(b *testing.B) { benchmarkTCP(b, 16000) }
