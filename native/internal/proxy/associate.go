package proxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// ways is how many destinations one association has at once, and wayIdle how long one that carries nothing is kept
	// (RFC 4787, section 4.3, asks for two minutes at least).
	ways    = 256
	wayIdle = 3 * time.Minute
	// datagramAtMost is the largest datagram with its header, in bytes.
	datagramAtMost = 65535
)

// association relays datagrams between one program and whoever it sends to (RFC 1928, section 7).
type association struct {
	server  *Server
	program *client
	socket  *net.UDPConn

	mu     sync.Mutex
	sender netip.AddrPort // of the first datagram; others are not heard
	ways   map[string]*way
}

// way is one destination.
type way struct {
	far     net.Conn
	waiting [][]byte
	used    time.Time
}

// associate serves datagrams until the program's connection ends.
func (s *Server) associate(program *client) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		_ = writeReply(program, replyFailed, nil)
		return
	}
	a := &association{server: s, program: program, socket: socket, ways: map[string]*way{}}
	ctx, cancel := context.WithCancel(s.ctx)
	var running sync.WaitGroup
	defer func() {
		cancel()
		_ = socket.Close()
		a.end()
		running.Wait()
	}()
	if writeReply(program, replySucceeded, socket.LocalAddr()) != nil {
		return
	}
	_ = program.SetDeadline(time.Time{})
	running.Go(func() { a.receive(ctx, &running) })
	running.Go(func() { a.expire(ctx) })
	_, _ = io.Copy(io.Discard, program.reader) // nothing more is said on it; its end is the end
}

func (a *association) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.ways {
		if one.far != nil {
			_ = one.far.Close()
		}
	}
}

// receive takes the program's datagrams.
func (a *association) receive(ctx context.Context, running *sync.WaitGroup) {
	buffer := make([]byte, datagramAtMost)
	for {
		length, from, err := a.socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			continue // ICMP of an earlier one
		}
		if !a.hears(unmapped(from)) {
			continue
		}
		host, port, payload, isWhole := readDatagram(buffer[:length])
		if isWhole {
			a.send(ctx, running, host, port, bytes.Clone(payload))
		}
	}
}

// hears tells whether a datagram is the program's. The first one decides, where it is of the same user.
func (a *association) hears(from netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sender.IsValid() {
		return a.sender == from
	}
	access, own := a.server.config.Access, a.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	if access.IsTold && !access.hasCredential() && !access.owns("udp", from, own) {
		return false
	}
	a.sender = from
	return true
}

// readDatagram takes the header off: two reserved bytes, the number of a fragment, and the destination. Fragments are
// dropped, as RFC 1928 allows.
func readDatagram(raw []byte) (host string, port uint16, payload []byte, isWhole bool) {
	if len(raw) < 4 || raw[2] != 0 {
		return "", 0, nil, false
	}
	rest := bytes.NewReader(raw[3:])
	host, port, err := readAddress(rest)
	if err != nil {
		return "", 0, nil, false
	}
	return host, port, raw[len(raw)-rest.Len():], true
}

// send gives a datagram to its way, and makes one where there is none.
func (a *association) send(ctx context.Context, running *sync.WaitGroup, host string, port uint16, payload []byte) {
	key := string(binary.BigEndian.AppendUint16([]byte(host), port))
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	one := a.ways[key]
	if one == nil {
		if len(a.ways) >= ways {
			return
		}
		one = &way{used: time.Now()}
		a.ways[key] = one
		running.Go(func() { a.serve(ctx, one, key, host, port) })
	}
	one.used = time.Now()
	if one.far == nil {
		if len(one.waiting) < 16 { // while its name is asked for
			one.waiting = append(one.waiting, payload)
		}
		return
	}
	_, _ = one.far.Write(payload) // lost as on any wire
}

// serve opens a way and takes what comes back over it.
func (a *association) serve(ctx context.Context, one *way, key, host string, port uint16) {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.ways, key)
	}()
	bounded, cancel := context.WithTimeout(ctx, connecting)
	far, _, err := a.server.dial(bounded, "udp", host, port)
	cancel()
	if err != nil {
		return
	}
	defer far.Close()
	header := []byte{0, 0, 0}
	if remote, isUDP := far.RemoteAddr().(*net.UDPAddr); isUDP {
		header = appendAddress(header, remote.AddrPort())
	} else {
		header = appendAddress(header, netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	}
	a.mu.Lock()
	one.far = far
	for _, payload := range one.waiting {
		_, _ = far.Write(payload)
	}
	one.waiting = nil
	sender, isOver := a.sender, ctx.Err() != nil
	a.mu.Unlock()
	if isOver {
		return
	}
	buffer := make([]byte, datagramAtMost)
	copy(buffer, header)
	for {
		length, err := far.Read(buffer[len(header):])
		if err != nil {
			return
		}
		a.mu.Lock()
		one.used = time.Now()
		a.mu.Unlock()
		_, _ = a.socket.WriteToUDPAddrPort(buffer[:len(header)+length], sender)
	}
}

// expire ends ways that carry nothing.
func (a *association) expire(ctx context.Context) {
	ticker := time.NewTicker(wayIdle / 6)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			a.mu.Lock()
			for _, one := range a.ways {
				if one.far != nil && now.Sub(one.used) > wayIdle {
					_ = one.far.Close()
				}
			}
			a.mu.Unlock()
		}
	}
}
