// Command load makes and takes the traffic of the benchmarks: bulk streams both ways and small requests, over TCP
// with cubic, so that the machine's default congestion control does not decide. It runs in a pod (serve) and on the
// laptop (throughput, latency, names); results are one JSON object on standard output.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
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
		fail(fmt.Errorf("usage: load serve|throughput|latency|names …"))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	address := flags.String("address", ":9000", "where to listen or whom to call")
	flows := flags.Int("flows", 1, "parallel connections")
	seconds := flags.Float64("seconds", 4, "how long to measure; the first quarter is warm-up and does not count")
	direction := flags.String("direction", "down", "up or down")
	count := flags.Int("count", 200, "connections, and requests on a warm one")
	within := flags.Float64("within", 0, "seconds after which latency answers with what it has; 0: when it has all")
	name := flags.String("name", "", "a name of the cluster, asked again and again")
	fresh := flags.String("fresh", "", "names of pods that nobody asked for yet; * is the address, which differs")
	_ = flags.Parse(os.Args[2:])
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(*address)
	case "throughput":
		err = throughput(*address, *flows, *direction, time.Duration(*seconds*float64(time.Second)))
	case "latency":
		err = latency(*address, *count, time.Duration(*within*float64(time.Second)))
	case "names":
		err = names(*name, *fresh, *count)
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

// throughput prints megabits a second, counted on the laptop: bytes read (down) or accepted by the socket (up). Besides
// it tells all that it moved, warm-up and all, and what that took of the processor here: its caller cannot ask once it ended.
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
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"megabits":         bits / elapsed.Seconds() / 1e6,
		"movedBits":        float64(moved.Load()) * 8,
		"processorSeconds": float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9,
		"switches":         float64(usage.Nvcsw + usage.Nivcsw),
	})
}

// latency prints milliseconds: connecting and having the first byte back, and a request on a warm connection. Of a limited
// time each gets one half, and what is under way at its end still counts.
func latency(address string, count int, within time.Duration) error {
	var payload [8]byte
	fresh, err := repeat(count, within/2, func() error {
		connection, err := dial(address, modeEcho)
		if err != nil {
			return err
		}
		defer connection.Close()
		return exchange(connection, payload[:])
	})
	if err != nil {
		return err
	}
	connection, err := dial(address, modeEcho)
	if err != nil {
		return err
	}
	defer connection.Close()
	warm, err := repeat(count, within/2, func() error { return exchange(connection, payload[:]) })
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"connectP50": at(fresh, 0.5), "connectP95": at(fresh, 0.95), "connections": float64(len(fresh)),
		"requestP50": at(warm, 0.5), "requestP95": at(warm, 0.95), "requests": float64(len(warm)),
	})
}

// names prints milliseconds that a program waits for a name: one that was asked for just now, and ones that never were.
// Those are names of pods by their address, which CoreDNS answers without knowing the pod (`pods insecure`).
func names(cached, fresh string, count int) error {
	resolver := net.Resolver{PreferGo: true}
	ask := func(name string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := resolver.LookupNetIP(ctx, "ip4", name)
		return err
	}
	if err := ask(cached); err != nil {
		return err
	}
	again, err := repeat(count, 0, func() error { return ask(cached) })
	if err != nil {
		return err
	}
	number := rand.IntN(1 << 24)
	first, err := repeat(count, 0, func() error {
		number++
		dashed := fmt.Sprintf("10-%d-%d-%d", number>>16&0xff, number>>8&0xff, number&0xff)
		return ask(strings.Replace(fresh, "*", dashed, 1))
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"cachedP50": at(again, 0.5), "clusterP50": at(first, 0.5)})
}

// repeat answers how long each time took in milliseconds, sorted; at least one time. within 0 is no limit.
func repeat(count int, within time.Duration, action func() error) ([]float64, error) {
	times := make([]float64, 0, count)
	begin := time.Now()
	for len(times) == 0 || len(times) < count && (within == 0 || time.Since(begin) < within) {
		start := time.Now()
		if err := action(); err != nil {
			return nil, err
		}
		times = append(times, milliseconds(start))
	}
	slices.Sort(times)
	return times, nil
}

func at(values []float64, share float64) float64 { return values[int(share*float64(len(values)-1))] }

func exchange(connection net.Conn, payload []byte) error {
	if _, err := connection.Write(payload); err != nil {
		return err
	}
	answer := make([]byte, len(payload))
	_, err := io.ReadFull(connection, answer)
	return err
}

func milliseconds(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
