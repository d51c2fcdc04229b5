package agent

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// The whole path but API server and TUN: two network stacks, WireGuard on both sides, lanes over loopback.
func benchmarkLanes(b *testing.B, down bool) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	server := NewServer(Config{Dialer: clusterDialer{listener.Addr().String()}})
	defer server.Close()
	engine := newEngine(b, server)
	engine.register(nil)
	engine.join(engine.laptop())
	client, err := engine.stack.DialTCP(b.Context(), netip.MustParseAddrPort("10.0.0.1:80"))
	if err != nil {
		b.Fatal(err)
	}
	pod, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	var from, to net.Conn = client, pod
	if down {
		from, to = pod, client
	}
	const chunk = 1 << 20
	received := make(chan int64, 1)
	go func() {
		count, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{to}, make([]byte, 256<<10))
		received <- count
	}()
	data := make([]byte, chunk)
	b.SetBytes(chunk)
	b.ResetTimer()
	for range b.N {
		if _, err := from.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	from.(interface{ CloseWrite() error }).CloseWrite()
	if count := <-received; count != int64(b.N)*chunk {
		b.Fatalf("received %d bytes of %d", count, int64(b.N)*chunk)
	}
}

func BenchmarkLanesUp(b *testing.B)   { benchmarkLanes(b, false) }
func BenchmarkLanesDown(b *testing.B) { benchmarkLanes(b, true) }

// BenchmarkLanesRoundTrip is a warm request of one byte.
func BenchmarkLanesRoundTrip(b *testing.B) {
	server := NewServer(Config{Dialer: echoServer(b)})
	defer server.Close()
	engine := newEngine(b, server)
	engine.register(nil)
	engine.join(engine.laptop())
	client, err := engine.stack.DialTCP(b.Context(), netip.MustParseAddrPort("10.0.0.1:80"))
	if err != nil {
		b.Fatal(err)
	}
	client.SetDeadline(time.Now().Add(10 * time.Minute))
	one := make([]byte, 1)
	for b.Loop() {
		if _, err := client.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLanesConnect(b *testing.B) {
	server := NewServer(Config{Dialer: echoServer(b)})
	defer server.Close()
	engine := newEngine(b, server)
	engine.register(nil)
	engine.join(engine.laptop())
	for b.Loop() {
		client, err := engine.stack.DialTCP(b.Context(), netip.MustParseAddrPort("10.0.0.1:80"))
		if err != nil {
			b.Fatal(err)
		}
		client.Close()
	}
}
