package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	xproxy "golang.org/x/net/proxy"
)

const patience = 20 * time.Second // for what must happen; never compared

// world is a cluster of two Services and one pod on this computer's loopback, and what is outside.
type world struct {
	names    map[string]netip.Addr // of the cluster
	listens  map[string]string     // by the address in the cluster, with its port: where it really is
	failing  map[string]error
	asked    atomic.Pointer[string] // the last that went outside
	outside  string                 // where everything outside really is
	isSilent chan struct{}          // closed: no dial is silent any more
}

func (w *world) Resolve(_ context.Context, host string) (netip.Addr, bool, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return address, strings.HasPrefix(host, "10.") || strings.HasPrefix(host, "fd01:"), nil
	}
	if host == "down.webshop" {
		return netip.Addr{}, false, &net.DNSError{Err: "the tunnel is down", IsTemporary: true}
	}
	address, isCluster := w.names[host]
	return address, isCluster, nil
}

func (w *world) Dial(ctx context.Context, network string, target netip.AddrPort) (net.Conn, error) {
	if err := w.failing[target.String()]; err != nil {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)}
	}
	real, isThere := w.listens[target.String()]
	if !isThere { // a pod's address that nobody has
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.isSilent:
			return nil, syscall.ETIMEDOUT
		}
	}
	return (&net.Dialer{}).DialContext(ctx, network, real)
}

func (w *world) Outside(ctx context.Context, network, address string) (net.Conn, error) {
	w.asked.Store(&address)
	return (&net.Dialer{}).DialContext(ctx, network, w.outside)
}

func (w *world) Ranges() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }
func (w *world) Domains() []string      { return []string{"cluster.local", "svc", "webshop"} }

// serveTCP runs serve for each connection until the test ends.
func serveTCP(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			accepted, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(accepted.(*net.TCPConn))
		}
	}()
	return listener.Addr().String()
}

func serveWeb(t *testing.T, says string) string {
	t.Helper()
	return serveTCP(t, func(connection *net.TCPConn) {
		defer connection.Close()
		request, err := http.ReadRequest(bufio.NewReader(connection))
		if err != nil {
			return
		}
		body := fmt.Sprintf("%s %s %s %q", says, request.Host, request.URL.Path, request.Header.Get("Proxy-Authorization"))
		fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	})
}

// echo sends back what comes, and ends when that ends.
func echo(connection *net.TCPConn) {
	defer connection.Close()
	io.Copy(connection, connection)
	connection.CloseWrite()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	made := &world{
		names: map[string]netip.Addr{
			"orders": netip.MustParseAddr("10.96.0.20"), "orders.webshop": netip.MustParseAddr("10.96.0.20"),
			"echo.webshop.svc.cluster.local": netip.MustParseAddr("10.96.0.21"), "refused": netip.MustParseAddr("10.96.0.22"),
		},
		listens: map[string]string{
			"10.96.0.20:80": serveWeb(t, "orders"), "10.96.0.21:7": serveTCP(t, echo),
		},
		failing: map[string]error{
			"10.96.0.22:80": syscall.ECONNREFUSED, "10.96.0.23:80": syscall.EHOSTUNREACH, "10.96.0.24:80": syscall.ENETUNREACH,
			"10.96.0.25:80": syscall.EACCES, "10.96.0.26:80": syscall.ETIMEDOUT,
		},
		outside: serveWeb(t, "outside"), isSilent: make(chan struct{}),
	}
	t.Cleanup(func() { close(made.isSilent) })
	return made
}

// ownAccess lets in who the kernel says is this process's user.
func ownAccess() Access {
	if runtime.GOOS == "linux" {
		return Access{User: uint32(os.Getuid()), IsTold: true}
	}
	return Access{IsTold: true, userOf: func(string, netip.AddrPort, netip.AddrPort) (uint32, bool) { return 0, true }}
}

// strangers is the access of a user who is none of those that ask.
func strangers() Access {
	return Access{User: 12345, IsTold: true, Username: "slipway", Password: "secret",
		userOf: func(string, netip.AddrPort, netip.AddrPort) (uint32, bool) { return 54321, true }}
}

func start(t *testing.T, network Network, access Access) *Server {
	t.Helper()
	server, err := Listen(Config{Access: access, Network: network, PACToken: "token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func socksTo(t *testing.T, server *Server, auth *xproxy.Auth) xproxy.ContextDialer {
	t.Helper()
	dialer, err := xproxy.SOCKS5("tcp", server.Address().String(), auth, &net.Dialer{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	return dialer.(xproxy.ContextDialer)
}

// clients are the ways of programs through the proxy, as HTTP clients.
func clients(t *testing.T, server *Server, user *url.Userinfo) map[string]*http.Client {
	t.Helper()
	var auth *xproxy.Auth
	if user != nil {
		password, _ := user.Password()
		auth = &xproxy.Auth{User: user.Username(), Password: password}
	}
	through := &url.URL{Scheme: "http", Host: server.Address().String(), User: user}
	made := map[string]*http.Client{
		"SOCKS5":   {Timeout: patience, Transport: &http.Transport{DialContext: socksTo(t, server, auth).DialContext}},
		"absolute": {Timeout: patience, Transport: &http.Transport{Proxy: http.ProxyURL(through)}},
		"CONNECT": {Timeout: patience, Transport: &http.Transport{DialContext: func(_ context.Context, _, target string) (net.Conn, error) {
			return connectThrough(server, target, user)
		}}},
	}
	t.Cleanup(func() {
		for _, client := range made {
			client.CloseIdleConnections()
		}
	})
	return made
}

func connectThrough(server *Server, target string, user *url.Userinfo) (net.Conn, error) {
	socket, err := net.Dial("tcp", server.Address().String())
	if err != nil {
		return nil, err
	}
	socket.SetDeadline(time.Now().Add(patience))
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
		request.Header.Set("Proxy-Authorization", request.Header.Get("Authorization"))
		request.Header.Del("Authorization")
	}
	if err := request.Write(socket); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(socket)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		socket.Close()
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		socket.Close()
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return socket, nil
}

func get(client *http.Client, address string) (string, error) {
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s", response.StatusCode, body), err
}

func TestProgramsReachTheClusterByNameAndWhatIsOutsideAsBefore(t *testing.T) {
	network := newWorld(t)
	server := start(t, network, ownAccess())
	for way, client := range clients(t, server, nil) {
		for address, want := range map[string]string{
			"http://orders/list":         `200 orders orders /list ""`,
			"http://orders.webshop/":     `200 orders orders.webshop / ""`,
			"http://10.96.0.20/":         `200 orders 10.96.0.20 / ""`,
			"http://www.example.com/x":   `200 outside www.example.com /x ""`,
			"http://192.0.2.7:8080/":     `200 outside 192.0.2.7:8080 / ""`,
			"http://legacy.webshop:8080": `200 outside legacy.webshop:8080 / ""`,
		} {
			if got, err := get(client, address); err != nil || got != want {
				t.Errorf("%s: %s gives %q and %v, not %q", way, address, got, err, want)
			}
		}
		if asked := network.asked.Load(); asked == nil || *asked == "" {
			t.Errorf("%s: nothing went outside", way)
		}
	}
}

// What came of a connection is told as far as the protocol has words for it.
func TestWhatCameOfAConnectionIsTold(t *testing.T) {
	server := start(t, newWorld(t), ownAccess())
	for target, want := range map[string]struct{ socks, status string }{
		"refused:80":      {"connection refused", "status 502"},
		"10.96.0.23:80":   {"host unreachable", "status 502"},
		"10.96.0.24:80":   {"network unreachable", "status 502"},
		"10.96.0.25:80":   {"connection not allowed by ruleset", "status 502"},
		"10.96.0.26:80":   {"TTL expired", "status 504"},
		"down.webshop:80": {"host unreachable", "status 502"},
	} {
		_, err := socksTo(t, server, nil).DialContext(context.Background(), "tcp", target)
		if err == nil || !strings.Contains(err.Error(), want.socks) {
			t.Errorf("SOCKS5 to %s: %v, not %s", target, err, want.socks)
		}
		if _, err := connectThrough(server, target, nil); err == nil || err.Error() != want.status {
			t.Errorf("CONNECT to %s: %v, not %s", target, err, want.status)
		}
	}
}

func TestAnEndIsOneOfItsDirection(t *testing.T) {
	server := start(t, newWorld(t), ownAccess())
	target := "echo.webshop.svc.cluster.local:7"
	bySOCKS, err := socksTo(t, server, nil).(xproxy.Dialer).Dial("tcp", target) // the socket itself
	if err != nil {
		t.Fatal(err)
	}
	byConnect, err := connectThrough(server, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for way, connection := range map[string]net.Conn{"SOCKS5": bySOCKS, "CONNECT": byConnect} {
		defer connection.Close()
		connection.SetDeadline(time.Now().Add(patience))
		sent := strings.Repeat("hello ", 200_000)
		go func() {
			io.WriteString(connection, sent)
			closeWrite(connection)
		}()
		if got, err := io.ReadAll(connection); err != nil || string(got) != sent {
			t.Errorf("%s: %d of %d bytes came back: %v", way, len(got), len(sent), err)
		}
	}
}

func TestAResetIsPassedOn(t *testing.T) {
	network := newWorld(t)
	heard := make(chan error, 1)
	network.listens["10.96.0.21:7"] = serveTCP(t, func(connection *net.TCPConn) {
		_, err := io.Copy(io.Discard, connection)
		heard <- err
	})
	network.listens["10.96.0.20:80"] = serveTCP(t, func(connection *net.TCPConn) {
		connection.Read(make([]byte, 1))
		connection.SetLinger(0)
		connection.Close()
	})
	server := start(t, network, ownAccess())
	mine, err := connectThrough(server, "10.96.0.21:7", nil)
	if err != nil {
		t.Fatal(err)
	}
	abort(mine)
	select {
	case err := <-heard:
		if err == nil {
			t.Error("the cluster's end was told of an end, not of a reset")
		}
	case <-time.After(patience):
		t.Fatal("the cluster's end hears nothing")
	}
	theirs, err := connectThrough(server, "10.96.0.20:80", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	io.WriteString(theirs, "x")
	if _, err := io.ReadAll(theirs); err == nil {
		t.Error("the program was told of an end, not of a reset")
	}
}

func TestClosingEndsEverything(t *testing.T) {
	network := newWorld(t)
	server, err := Listen(Config{Access: ownAccess(), Network: network})
	if err != nil {
		t.Fatal(err)
	}
	open, err := connectThrough(server, "10.96.0.21:7", nil)
	if err != nil {
		t.Fatal(err)
	}
	silent := make(chan error, 1)
	go func() { // a dial that nobody answers
		_, err := socksTo(t, server, nil).DialContext(context.Background(), "tcp", "10.244.9.9:80")
		silent <- err
	}()
	mute := serveTCP(t, func(*net.TCPConn) {}) // never says a word, nor ends
	network.listens["10.96.0.30:80"] = mute
	left, err := connectThrough(server, "10.96.0.30:80", nil)
	if err != nil {
		t.Fatal(err)
	}
	closeWrite(left) // its program is gone, its other end waits
	idle, err := net.Dial("tcp", server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	for _, connection := range []net.Conn{open, idle, left} {
		connection.SetDeadline(time.Now().Add(patience))
		if _, err := io.ReadAll(connection); err != nil && isDeadline(err) {
			t.Error("a connection outlives its proxy")
		}
		connection.Close()
	}
	select {
	case err := <-silent:
		if err == nil {
			t.Error("a dial that nobody answers succeeded")
		}
	case <-time.After(patience):
		t.Error("a dial outlives its proxy")
	}
	if _, err := net.Dial("tcp", server.Address().String()); err == nil {
		t.Error("somebody listens there still")
	}
}

func isDeadline(err error) bool {
	timeout, isNet := err.(net.Error)
	return isNet && timeout.Timeout()
}

func TestAPortThatIsTakenIsReplaced(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	server, err := Listen(Config{Port: port, Access: ownAccess(), Network: newWorld(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if got := server.Address(); int(got.Port()) == port || got.Port() == 0 || !got.Addr().IsLoopback() {
		t.Errorf("it listens at %s", got)
	}
}
