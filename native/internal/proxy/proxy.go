// Package proxy lets programs into a cluster through a listener on loopback: SOCKS5 (RFC 1928, with names and datagrams) and
// HTTP (CONNECT and absolute requests, RFC 9110 and 9112) on one port, told apart by the first byte. Who may use it is judged
// before anything is read of what is wanted. It must never listen anywhere but on loopback, let in whom it does not know,
// decide which addresses are the cluster's, or write destinations to a log above debug level.
package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Network is what the proxy leads into.
type Network interface {
	// Resolve tells the address of a name or an address in the cluster. False: it is not the cluster's; then the address, where there
	// is one, is where the cluster says that its name leads. The error is why nobody knows.
	Resolve(ctx context.Context, host string) (address netip.Addr, isCluster bool, err error)
	// Dial connects inside the cluster. Network is tcp or udp. Failures are those of connect(2).
	Dial(ctx context.Context, network string, target netip.AddrPort) (net.Conn, error)
	// Outside connects as if there were no proxy.
	Outside(ctx context.Context, network, address string) (net.Conn, error)
	// Ranges and Domains are what a browser should bring here. Domains have no final dot.
	Ranges() []netip.Prefix
	Domains() []string
}

// Config describes a Server.
type Config struct {
	Port    int // that is wanted; where it is taken, or 0, another one is chosen
	Access  Access
	Network Network
	// PACToken is a part of the path of the file for browsers that nobody can guess; empty: there is no such file.
	PACToken string
	Log      *slog.Logger
	// Carried is told of each connection into the cluster: the program's end on loopback, and the cluster's end. What it
	// returns is called at the end. May be nil.
	Carried func(program, carried net.Conn) (ended func())
}

const (
	// handshake is for everything before the target is dialled.
	handshake = 20 * time.Second
	// connecting is how long a destination may be silent: shorter than connect(2) of Linux, for a browser shows nothing meanwhile.
	connecting = 60 * time.Second
	// atOnce bounds connections, and strangersAtOnce those of whom is not let in: they must not use up the others.
	atOnce          = 4096
	strangersAtOnce = 32
)

// Server is a proxy that listens.
type Server struct {
	config   Config
	listener net.Listener
	web      *http.Server
	requests chan net.Conn // for web
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu        sync.Mutex
	open      map[net.Conn]struct{} // of programs
	far       map[net.Conn]struct{} // their other ends
	strangers int
}

// Listen begins to serve. The caller closes the server.
func Listen(config Config) (*Server, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	listener, err := listenOn(config.Port)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &Server{
		config: config, listener: listener, requests: make(chan net.Conn), ctx: ctx, cancel: cancel,
		open: map[net.Conn]struct{}{}, far: map[net.Conn]struct{}{},
	}
	server.web = server.newWeb()
	server.running.Go(func() { _ = server.web.Serve(requestListener{server}) })
	server.running.Go(server.accept)
	return server, nil
}

// listenOn takes the port that is wanted, else any.
func listenOn(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil && port != 0 {
		listener, err = net.Listen("tcp4", "127.0.0.1:0")
	}
	return listener, err
}

// Address is where it listens.
func (s *Server) Address() netip.AddrPort {
	return s.listener.Addr().(*net.TCPAddr).AddrPort()
}

// Close ends the listener and every connection: those of programs are reset.
func (s *Server) Close() {
	s.cancel()
	_ = s.listener.Close()
	_ = s.web.Close()
	s.mu.Lock()
	for _, connections := range []map[net.Conn]struct{}{s.open, s.far} {
		for connection := range connections {
			abort(connection)
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *Server) accept() {
	for {
		connection, err := s.listener.Accept()
		switch {
		case s.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			if err == nil {
				_ = connection.Close()
			}
			return
		case err != nil: // no descriptors: those that have connections end them
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.ctx.Done():
				return
			}
		default:
			if !s.enter(connection) {
				abort(connection)
				continue
			}
			s.running.Go(func() {
				defer s.leave(connection)
				s.serve(connection)
			})
		}
	}
}

func (s *Server) enter(connection net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || len(s.open) >= atOnce {
		return false
	}
	s.open[connection] = struct{}{}
	return true
}

func (s *Server) leave(connection net.Conn) {
	_ = connection.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, connection)
}

// tryStranger counts one of whom it is not known who it is, until leaveStranger.
func (s *Server) tryStranger() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.strangers >= strangersAtOnce {
		return false
	}
	s.strangers++
	return true
}

func (s *Server) leaveStranger() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers--
}

// serve tells the protocols apart by the first byte: 5 is the version of SOCKS, and a request of HTTP begins with a letter.
func (s *Server) serve(raw net.Conn) {
	_ = raw.SetDeadline(time.Now().Add(handshake))
	program := &client{Conn: raw, reader: bufio.NewReader(raw), isOwner: s.config.Access.isOwner(raw), done: make(chan struct{})}
	if !program.isOwner {
		if !s.config.Access.hasCredential() || !s.tryStranger() {
			abort(raw)
			return
		}
		var once sync.Once
		program.proved = func() { once.Do(s.leaveStranger) }
		defer program.proved()
	}
	first, err := program.reader.Peek(1)
	if err != nil {
		return
	}
	switch letter := first[0]; {
	case letter == socksVersion:
		s.serveSocks(program)
	case letter >= 'A' && letter <= 'Z' || letter >= 'a' && letter <= 'z':
		select {
		case s.requests <- program:
			<-program.done // it is the web server's until that closes it
		case <-s.ctx.Done():
		}
	}
}

// client is the connection of a program.
type client struct {
	net.Conn
	reader  *bufio.Reader
	isOwner bool
	proved  func() // nil where there is nothing to prove
	done    chan struct{}
	once    sync.Once
}

// Read implements net.Conn behind what was looked at already.
func (c *client) Read(into []byte) (int, error) { return c.reader.Read(into) }

// Close implements net.Conn.
func (c *client) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

// CloseWrite ends one direction.
func (c *client) CloseWrite() error { return closeWrite(c.Conn) }

// let notes that the program may use the proxy from now on.
func (c *client) let() {
	c.isOwner = true
	if c.proved != nil {
		c.proved()
	}
}

// requestListener gives the web server what begins like HTTP.
type requestListener struct{ server *Server }

func (l requestListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.server.requests:
		return connection, nil
	case <-l.server.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (l requestListener) Close() error   { return nil }
func (l requestListener) Addr() net.Addr { return l.server.listener.Addr() }
