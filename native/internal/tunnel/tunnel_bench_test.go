package tunnel

import (
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"

	"slipway/native/internal/carrier/stream"
)

// loopback returns the two ends of a TCP connection.
func loopback(b *testing.B) (net.Conn, net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	left, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	right, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	return left, right
}

// BenchmarkLane shows what one session carries one way, both ends in this process.
func BenchmarkLane(b *testing.B) {
	for _, mtu := range []int{1420, 9000, 16000} {
		for _, lanes := range []int{1, 4} {
			b.Run(fmt.Sprintf("mtu=%d/lanes=%d", mtu, lanes), func(b *testing.B) { benchmarkLanes(b, mtu, lanes) })
		}
	}
}

func benchmarkLanes(b *testing.B, mtu, laneCount int) {
	engine, agent := newSession(b, laneCount, mtu, nil)
	var got atomic.Int64
	done := make(chan struct{}, 1)
	target := int64(b.N)
	agent.onBench = func(packets [][]byte) {
		if got.Add(int64(len(packets))) >= target {
			select {
			case done <- struct{}{}:
			default:
			}
		}
	}
	packets := make([][]byte, laneCount)
	for lane := range laneCount {
		left, right := loopback(b)
		agent.Attach(lane, stream.New("right", right))
		engine.Attach(lane, stream.New("left", left))
		packets[lane] = udpPacket(laptopPort(uint16(1000+lane)), podPort(80), 1, mtu)
		target++
		engine.Send(lane, parse(packets[lane])) // handshake
	}
	b.SetBytes(int64(mtu))
	b.ResetTimer()
	for i := range b.N {
		engine.Send(i%laneCount, parse(packets[i%laneCount]))
	}
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)*float64(mtu)*8/b.Elapsed().Seconds()/1e9, "Gbit/s")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.Sys-memory.HeapReleased)/(1<<20), "MiB")
}
