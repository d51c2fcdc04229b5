package shell

import (
	"context"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lookEvery is between two looks at what listens on the laptop.
const lookEvery = time.Second

// loopback makes 127.0.0.1 of the namespace answer as the laptop's own does, for what listens there: a database of one's
// own, a proxy, a cluster on this computer. What a program of the namespace listens on itself is its own.
type loopback struct {
	link channel
	mu   sync.Mutex
	open map[int]net.Listener // nil where it was asked for, or could not be had
	over bool
}

func newLoopback(link channel) *loopback { return &loopback{link: link, open: map[int]net.Listener{}} }

func (l *loopback) follow(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if wanted := l.changes(listeningPorts()); len(wanted) > 0 && l.link.send(message{Ports: wanted}, nil) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// changes ends what does not listen any more and returns what is new.
func (l *loopback) changes(ports []int) (wanted []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for port, listener := range l.open {
		if slices.Contains(ports, port) {
			continue
		}
		delete(l.open, port)
		if listener != nil {
			listener.Close()
		}
	}
	for _, port := range ports {
		if _, isKnown := l.open[port]; !isKnown {
			l.open[port] = nil
			wanted = append(wanted, port)
		}
	}
	return wanted
}

// serve takes over a listener of the namespace.
func (l *loopback) serve(port int, file *os.File) {
	listener, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return
	}
	l.mu.Lock()
	if _, isWanted := l.open[port]; !isWanted || l.over {
		l.mu.Unlock()
		listener.Close()
		return
	}
	l.open[port] = listener
	l.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go joinLoopback(near.(*net.TCPConn), port)
		}
	}()
}

func joinLoopback(near *net.TCPConn, port int) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		if far, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			defer far.Close()
			join(near, far.(*net.TCPConn))
			return
		}
	}
	_ = near.SetLinger(0) // a reset
	near.Close()
}

func (l *loopback) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, listener := range l.open {
		if listener != nil {
			listener.Close()
		}
	}
}

func listeningPorts() (ports []int) {
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(file)
		if err == nil {
			ports = append(ports, portsIn(string(content))...)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// Addresses as proc_net_tcp has them: 127.0.0.1, all of IPv4, ::1 and all of IPv6, on a little-endian processor.
var loopbackAddresses = []string{
	"0100007F", "00000000", "00000000000000000000000001000000", "00000000000000000000000000000000",
}

// portsIn are those that listen on loopback.
func portsIn(table string) (ports []int) {
	const listening = "0A"
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != listening {
			continue
		}
		address, hexadecimal, _ := strings.Cut(fields[1], ":")
		port, err := strconv.ParseUint(hexadecimal, 16, 16)
		if err == nil && slices.Contains(loopbackAddresses, address) {
			ports = append(ports, int(port))
		}
	}
	return ports
}
