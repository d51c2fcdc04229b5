package virtuallaptop

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/packet"
)

const patience = 20 * time.Second // for what must happen; never compared

var (
	here  = netip.MustParseAddr("198.18.0.2")
	there = netip.MustParseAddr("10.244.0.5")
)

// pump carries what leaves one laptop to where `to` puts it, until the laptop is closed.
func pump(from *Laptop, to func(raw []byte)) {
	buffers, sizes := make([][]byte, batch), make([]int, batch)
	for index := range buffers {
		buffers[index] = make([]byte, 65535)
	}
	for {
		count, err := from.Read(buffers, sizes, 0)
		if err != nil {
			return
		}
		for index := range count {
			to(buffers[index][:sizes[index]])
		}
	}
}

func into(laptop *Laptop) func([]byte) {
	return func(raw []byte) { _, _ = laptop.Write([][]byte{raw}, 0) }
}

// made are two laptops; what each sends goes where it is said, and both end with the test.
func made(t *testing.T, answer func(here *Laptop, raw []byte)) (*Laptop, *Laptop) {
	t.Helper()
	one, err := New(65000, here)
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(65000, there)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	if answer == nil {
		running.Go(func() { pump(one, into(other)) })
	} else {
		running.Go(func() { pump(one, func(raw []byte) { answer(one, raw) }) })
	}
	running.Go(func() { pump(other, into(one)) })
	t.Cleanup(func() {
		_, _ = one.Close(), other.Close()
		running.Wait()
	})
	return one, other
}

func dial(t *testing.T, laptop *Laptop, port string) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return laptop.Dial(ctx, "tcp", net.JoinHostPort(there.String(), port))
}

func TestAConnectionCarriesAndIsReset(t *testing.T) {
	one, other := made(t, nil)
	listener, err := other.stack.ListenTCP(netip.AddrPortFrom(there, 80))
	if err != nil {
		t.Fatal(err)
	}
	connection, err := dial(t, one, "80")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted.SetDeadline(time.Now().Add(patience))
	if _, err := connection.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 5)
	if _, err := io.ReadFull(accepted, heard); err != nil || string(heard) != "hello" {
		t.Fatalf("%q %v", heard, err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := connection.Read(make([]byte, 1))
		waiting <- err
	}()
	connection.(interface{ Abort() }).Abort()
	if _, err := accepted.Read(heard); err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the other end hears %v, not a reset", err)
	}
	select {
	case err := <-waiting:
		if err == nil {
			t.Error("a connection that was reset is read")
		}
	case <-time.After(patience):
		t.Error("who reads waits for ever")
	}
}

// What came of a connection has the number that a kernel gives for it.
func TestWhatCameOfAConnectionIsANumber(t *testing.T) {
	one, _ := made(t, nil)
	if _, err := dial(t, one, "81"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed port: %v", err)
	}
	for failure, want := range map[packet.Failure]syscall.Errno{
		packet.HostUnreachable: syscall.EHOSTUNREACH, packet.NetworkUnreachable: syscall.ENETUNREACH,
	} {
		answering, _ := made(t, func(laptop *Laptop, raw []byte) {
			if parsed, ok := packet.Parse(raw); ok {
				into(laptop)(packet.Error(failure, netip.MustParseAddr("198.18.0.1"), &parsed))
			}
		})
		if _, err := dial(t, answering, "80"); !errors.Is(err, want) {
			t.Errorf("%v: %v, not %v", failure, err, want)
		}
	}
	silent, _ := made(t, func(*Laptop, []byte) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := silent.Dial(ctx, "tcp", "10.244.0.5:80"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func TestClosingReleasesWhoWaits(t *testing.T) {
	laptop, err := New(1500, here)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() {
		var err error
		for err == nil {
			_, err = laptop.Read([][]byte{make([]byte, 2000)}, make([]int, 1), 0)
		}
		ended <- err
	}()
	go func() { // datagrams that nobody takes
		socket, err := laptop.Dial(context.Background(), "udp", "10.244.0.5:53")
		for err == nil {
			_, err = socket.Write(make([]byte, 100))
		}
		ended <- err
	}()
	time.AfterFunc(20*time.Millisecond, func() { laptop.Close() })
	for range 2 {
		select {
		case err := <-ended:
			if err == nil {
				t.Error("ended without an error")
			}
		case <-time.After(patience):
			t.Fatal("somebody waits for ever")
		}
	}
}
