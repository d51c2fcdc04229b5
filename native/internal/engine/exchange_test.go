package engine

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/wire"
)

func TestSplitTellsEveryPartAndBelievesNobodyTooMuch(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name                          string
		connected, waited             time.Duration
		flow                          bytestream.Times
		laptop, tunnel, dial, service time.Duration
	}{
		{"a slow service", 43 * ms, 1860 * ms, bytestream.Times{Answered: 42 * ms, Dialled: 2 * ms, Waited: 1859 * ms, Served: 1819 * ms}, 2 * ms, 80 * ms, 2 * ms, 1819 * ms},
		{"a slow dial", 3005 * ms, 3 * ms, bytestream.Times{Answered: 3004 * ms, Dialled: 3002 * ms, Waited: 3 * ms, Served: ms}, ms, 4 * ms, 3002 * ms, ms},
		{"a slow laptop", 900 * ms, 500 * ms, bytestream.Times{Answered: 2 * ms, Dialled: ms, Waited: 3 * ms, Served: ms}, 1395 * ms, 3 * ms, ms, ms},
		{"nothing asked", 10 * ms, 0, bytestream.Times{Answered: 9 * ms, Dialled: 4 * ms, Waited: 30 * ms, Served: 20 * ms}, ms, 5 * ms, 4 * ms, -1},
		{"more was said after the first byte", 2 * ms, 10 * ms, bytestream.Times{Answered: ms, Dialled: 0, Waited: 900 * ms, Served: 890 * ms}, ms, ms, 0, 10 * ms},
		{"an engine's clock that knows better than connect", 2 * ms, 0, bytestream.Times{Answered: 7 * ms, Dialled: 6 * ms}, 0, 0, 2 * ms, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := split(test.connected, test.waited, test.flow)
			service := time.Duration(-1)
			if got.ServiceMicroseconds != nil {
				service = time.Duration(*got.ServiceMicroseconds) * time.Microsecond
			}
			for _, part := range []struct {
				name      string
				got, want time.Duration
			}{
				{"laptop", time.Duration(got.LaptopMicroseconds) * time.Microsecond, test.laptop},
				{"tunnel", time.Duration(got.TunnelMicroseconds) * time.Microsecond, test.tunnel},
				{"dial", time.Duration(got.DialMicroseconds) * time.Microsecond, test.dial},
				{"service", service, test.service},
			} {
				if part.got != part.want {
					t.Errorf("%s: %v, want %v", part.name, part.got, part.want)
				}
			}
		})
	}
}

// dialledFor is an exchange with a server of this test.
func dialledFor(t *testing.T, address string) (*exchange, wire.TestCommand) {
	t.Helper()
	target := netip.MustParseAddrPort(address)
	made := &exchange{}
	connection := &connection{config: Config{SystemDial: (&net.Dialer{}).DialContext}}
	if problem := made.dial(t.Context(), connection, target); problem != nil {
		t.Fatal(problem)
	}
	t.Cleanup(func() { made.socket.Close() })
	return made, wire.TestCommand{Port: int(target.Port()), Request: wire.RequestHTTP, Name: "orders.webshop.svc"}
}

func TestAskTellsTheStatusAndFollowsNothing(t *testing.T) {
	asked := make(chan string, 4)
	answer := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		asked <- request.Host
		http.Redirect(response, request, "http://elsewhere.invalid/", http.StatusFound)
	})
	plain, secure := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	defer plain.Close()
	defer secure.Close()
	for request, server := range map[string]*httptest.Server{wire.RequestHTTP: plain, wire.RequestHTTPS: secure} {
		made, command := dialledFor(t, server.Listener.Addr().String())
		command.Request = request
		status, problem := made.ask(command)
		if problem != nil || status != "HTTP/1.1 302 Found" {
			t.Errorf("%s: %q, %v", request, status, problem)
		}
		if host := <-asked; !strings.HasPrefix(host, "orders.webshop.svc:") {
			t.Errorf("%s: asked for %q", request, host)
		}
		if made.waited <= 0 {
			t.Errorf("%s: no wait for the first byte", request)
		}
	}
}

func TestAskSaysWhatAServerDid(t *testing.T) {
	for _, test := range []struct {
		name, cause string
		serve       func(net.Conn)
	}{
		{"closes", "EOF", func(socket net.Conn) { socket.Close() }},
		{"speaks something else", "malformed HTTP", func(socket net.Conn) { socket.Write([]byte("220 mail ready\r\n")) }},
		{"sends a head without end", "EOF", func(socket net.Conn) {
			socket.Write([]byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", headAtMost)))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			ended := make(chan struct{})
			defer func() { <-ended }()
			go func() {
				defer close(ended)
				socket, err := listener.Accept()
				if err != nil {
					return
				}
				defer socket.Close()
				_, _ = socket.Read(make([]byte, 4096))
				test.serve(socket)
			}()
			made, command := dialledFor(t, listener.Addr().String())
			if status, problem := made.ask(command); problem == nil || !strings.Contains(problem.Cause, test.cause) {
				t.Errorf("%q, %v", status, problem)
			}
		})
	}
}

func TestADialIsToldByWhatItMet(t *testing.T) {
	gone, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	connection := &connection{config: Config{SystemDial: (&net.Dialer{}).DialContext}}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for code, ctx := range map[string]context.Context{wire.CodeConnectionRefused: t.Context(), wire.CodeConnectionSilent: gone} {
		problem := (&exchange{}).dial(ctx, connection, netip.MustParseAddrPort(closed.Addr().String()))
		if problem == nil || problem.Code != code {
			t.Errorf("%v, want %s", problem, code)
		}
	}
}
