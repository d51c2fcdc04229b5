package forward

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// moving is a connection that fails when nothing moves for a minute, however long all of it takes.
type moving struct{ net.Conn }

func (m moving) Read(into []byte) (int, error) {
	m.SetReadDeadline(time.Now().Add(time.Minute))
	return m.Conn.Read(into)
}

func (m moving) Write(bytes []byte) (int, error) {
	m.SetWriteDeadline(time.Now().Add(time.Minute))
	return m.Conn.Write(bytes)
}

func TestHundredMebibytesEachWay(t *testing.T) {
	const size = 100 << 20
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	source := func(seed byte) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{seed}), size) }
	hash := func(from io.Reader) string {
		sum := sha256.New()
		count, err := io.Copy(sum, from)
		return fmt.Sprintf("%d %v %x", count, err, sum.Sum(nil))
	}
	results := make([]string, 2)
	var both sync.WaitGroup
	both.Go(func() { io.Copy(moving{client}, source(1)); client.(interface{ CloseWrite() error }).CloseWrite() })
	both.Go(func() { io.Copy(moving{server}, source(2)); server.CloseWrite() })
	both.Go(func() { results[0] = hash(moving{server}) })
	both.Go(func() { results[1] = hash(moving{client}) })
	both.Wait()
	for index, seed := range []byte{1, 2} {
		if expected := hash(source(seed)); results[index] != expected {
			t.Errorf("stream %d: received %s, sent %s", seed, results[index], expected)
		}
	}
}

func TestTwoHundredParallelConnections(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	go func() {
		for server := range accepted {
			go func() { io.Copy(server, server); server.Close() }()
		}
	}()
	var all sync.WaitGroup
	failures := make(chan error, 200)
	for number := range 200 {
		all.Go(func() { failures <- echoOnce(t.Context(), laptop, port, number) })
	}
	all.Wait()
	for range 200 {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	close(accepted)
	eventually(t, "flows are still open", func() bool { return laptop.forwarder.Stats() == Stats{} })
}

func echoOnce(ctx context.Context, laptop *laptop, port, number int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	connection, err := laptop.DialTCP(ctx, netip.AddrPortFrom(podAddress, uint16(port)))
	if err != nil {
		return fmt.Errorf("connection %d: %w", number, err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(time.Minute))
	sent := strings.Repeat(fmt.Sprint(number, " "), 20000)
	go func() {
		io.WriteString(connection, sent)
		connection.(interface{ CloseWrite() error }).CloseWrite()
	}()
	received, err := io.ReadAll(connection)
	if err != nil || string(received) != sent {
		return fmt.Errorf("connection %d: received %d bytes of %d: %w", number, len(received), len(sent), err)
	}
	return nil
}

// A server that does not read must stop the laptop's sender, and the other connections must go on.
func TestSlowServerHoldsBackItsSenderOnly(t *testing.T) {
	laptop := join(t, nil)
	port, accepted := listen(t)
	client := laptop.dial(t, port)
	server := <-accepted
	const size = 64 << 20
	sending := make(chan error, 1)
	go func() {
		_, err := client.Write(make([]byte, size))
		sending <- err
	}()
	for number := range 20 {
		answered := make(chan error, 1)
		go func() { answered <- echoOnce(t.Context(), laptop, port, number) }()
		other := <-accepted
		io.Copy(other, other)
		other.Close()
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-sending:
		t.Fatalf("64 MiB were taken by a server that reads nothing: %v", err)
	default:
	}
	if count, err := io.CopyN(io.Discard, server, size); err != nil {
		t.Fatalf("after %d bytes: %v", count, err)
	}
	if err := <-sending; err != nil {
		t.Fatal(err)
	}
}

func benchmarkForward(b *testing.B, down bool, mtu int) {
	laptop := join(b, func(config *Config) { config.MTU = mtu })
	port, accepted := listen(b)
	client := laptop.dial(b, port)
	server := <-accepted
	var from, to net.Conn = client, server
	if down {
		from, to = server, client
	}
	from.SetDeadline(time.Time{})
	to.SetDeadline(time.Time{})
	const chunk = 1 << 20
	received := make(chan int64, 1)
	go func() {
		count, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{to}, make([]byte, copySize))
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

func BenchmarkForwardUpMTU1420(b *testing.B)    { benchmarkForward(b, false, 1420) }
func BenchmarkForwardUpMTU16000(b *testing.B)   { benchmarkForward(b, false, 16000) }
func BenchmarkForwardDownMTU1420(b *testing.B)  { benchmarkForward(b, true, 1420) }
func BenchmarkForwardDownMTU16000(b *testing.B) { benchmarkForward(b, true, 16000) }

func BenchmarkForwardConnect(b *testing.B) {
	laptop := join(b, nil)
	port, accepted := listen(b)
	go func() {
		for server := range accepted {
			server.Close()
		}
	}()
	for range b.N {
		connection, err := laptop.DialTCP(b.Context(), netip.AddrPortFrom(podAddress, uint16(port)))
		if err != nil {
			b.Fatal(err)
		}
		connection.Close()
	}
}
