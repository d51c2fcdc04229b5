// Command load makes and takes the traffic of the benchmarks: bulk streams both ways and small requests, over TCP
// with cubic, so that the machine's default congestion control does not decide. It runs in a pod (serve) and on the
// laptop (throughput, latency); results are one JSON object on standard output.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// What a connection is for is its first byte.
const (
	modeUp   = 'u' // the client sends, the server counts and answers with the count at the end
	modeDown = 'd' // the server sends until the client closes
	modeEcho = 'e' // each byte comes back
)

const chunk = 128 << 10

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: load serve|throughput|latency …"))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	address := flags.String("address", ":9000", "where to listen or whom to call")
	flows := flags.Int("flows", 1, "parallel connections")
	seconds := flags.Float64("seconds", 4, "how long to measure; the first quarter is warm-up and does not count")
	direction := flags.String("direction", "down", "up or down")
	count := flags.Int("count", 200, "connections, and requests on a warm one")
	_ = flags.Parse(os.Args[2:])
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(*address)
	case "throughput":
		err = throughput(*address, *flows, *direction, time.Duration(*seconds*float64(time.Second)))
	case "latency":
		err = latency(*address, *count)
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}

// cubic pins the congestion control of a socket before it connects or listens (tcp(7), TCP_CONGESTION).
func cubic(_, _ string, connection syscall.RawConn) error {
	var failure error
	err := connection.Control(func(descriptor uintptr) {
		failure = syscall.SetsockoptString(int(descriptor), syscall.IPPROTO_TCP, 13 /* TCP_CONGESTION */, "cubic")
	})
	if err != nil {
		return err
	}
	return failure
}

func serve(address string) error {
	listening := net.ListenConfig{Control: cubic}
	listener, err := listening.Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go answer(connection)
	}
}

func answer(connection net.Conn) {
	defer connection.Close()
	var mode [1]byte
	if _, err := io.ReadFull(connection, mode[:]); err != nil {
		return
	}
	buffer := make([]byte, chunk)
	switch mode[0] {
	case modeUp:
		for {
			if _, err := connection.Read(buffer); err != nil {
				return
			}
		}
	case modeDown:
		for {
			if _, err := connection.Write(buffer); err != nil {
				return
			}
		}
	case modeEcho:
		for {
			n, err := connection.Read(buffer)
			if err != nil {
				return
			}
			if _, err := connection.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

func dial(address string, mode byte) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second, Control: cubic}
	connection, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_, err = connection.Write([]byte{mode})
	return connection, err
}

// throughput prints megabits a second, counted on the laptop: bytes read (down) or accepted by the socket (up).
func throughput(address string, flows int, direction string, span time.Duration) error {
	mode := byte(modeDown)
	if direction == "up" {
		mode = modeUp
	}
	var moved atomic.Int64
	var group sync.WaitGroup
	connections := make([]net.Conn, flows)
	for i := range connections {
		connection, err := dial(address, mode)
		if err != nil {
			return err
		}
		connections[i] = connection
		group.Go(func() {
			buffer := make([]byte, chunk)
			for {
				var n int
				var err error
				if mode == modeUp {
					n, err = connection.Write(buffer)
				} else {
					n, err = connection.Read(buffer)
				}
				moved.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
	}
	time.Sleep(span / 4)
	before, start := moved.Load(), time.Now()
	time.Sleep(span - span/4)
	bits := float64(moved.Load()-before) * 8
	elapsed := time.Since(start)
	for _, connection := range connections {
		connection.Close()
	}
	group.Wait()
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"megabits": bits / elapsed.Seconds() / 1e6})
}

// latency prints milliseconds: connecting and having the first byte back, and a request on a warm connection.
func latency(address string, count int) error {
	fresh := make([]float64, 0, count)
	warm := make([]float64, 0, count)
	var payload [8]byte
	for i := range count {
		start := time.Now()
		connection, err := dial(address, modeEcho)
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint64(payload[:], uint64(i))
		if err := exchange(connection, payload[:]); err != nil {
			return err
		}
		fresh = append(fresh, milliseconds(start))
		connection.Close()
	}
	connection, err := dial(address, modeEcho)
	if err != nil {
		return err
	}
	defer connection.Close()
	for range count {
		start := time.Now()
		if err := exchange(connection, payload[:]); err != nil {
			return err
		}
		warm = append(warm, milliseconds(start))
	}
	slices.Sort(fresh)
	slices.Sort(warm)
	at := func(values []float64, share float64) float64 { return values[int(share*float64(len(values)-1))] }
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"connectP50": at(fresh, 0.5), "connectP95": at(fresh, 0.95),
		"requestP50": at(warm, 0.5), "requestP95": at(warm, 0.95),
	})
}

func exchange(connection net.Conn, payload []byte) error {
	if _, err := connection.Write(payload); err != nil {
		return err
	}
	answer := make([]byte, len(payload))
	_, err := io.ReadFull(connection, answer)
	return err
}

func milliseconds(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
