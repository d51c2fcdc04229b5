package apiserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"slipway/native/internal/wire"
)

// gatewayMode answers an upgrade in the API server's place.
type gatewayMode func(http.ResponseWriter, *http.Request)

func page(code int) gatewayMode {
	return func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "text/html")
		writer.WriteHeader(code)
		_, _ = fmt.Fprintf(writer, "<html><body><h1>Blocked by policy %d</h1></body></html>", code)
	}
}

func bare(code int) gatewayMode {
	return func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(code) }
}

func fromServer(code int) gatewayMode {
	return func(writer http.ResponseWriter, _ *http.Request) { writeStatus(writer, code) }
}

// hijacked hands the raw connection to what follows.
func hijacked(then func(net.Conn)) gatewayMode {
	return func(writer http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(writer).Hijack(); err == nil {
			then(conn)
		}
	}
}

// swallowed never answers; it ends with the client.
var swallowed = hijacked(func(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
})

var cut = hijacked(func(conn net.Conn) { _ = conn.Close() })

// behind puts a gateway before the setting's server; nil lets an upgrade through.
func (s *setting) behind(webSocket, spdy gatewayMode) {
	s.gateway = func(writer http.ResponseWriter, request *http.Request) bool {
		mode := spdy
		if websocket.IsWebSocketUpgrade(request) {
			mode = webSocket
		}
		if mode == nil {
			return false
		}
		mode(writer, request)
		return true
	}
}

func TestGatewaysThatLetOneProtocolThroughOrNone(t *testing.T) {
	webSockets := []struct {
		name string
		mode gatewayMode
		said string
	}{
		{"ok", nil, ""},
		{"page 400", page(400), "400 Blocked by policy"},
		{"page 403", page(403), "403 Blocked by policy"},
		{"bare 403", bare(403), "403 Forbidden"},
		{"page 200", page(200), "200 Blocked by policy"},
		{"page 404", page(404), "404 Blocked by policy"},
		{"page 502", page(502), "502 Blocked by policy"},
		{"bare 501", bare(501), "501 Not Implemented"},
		{"Status 400", fromServer(400), "400 the server says 400"},
		{"Status 403", fromServer(403), "403 the server says 403"},
		{"swallowed", swallowed, "no answer"},
		{"cut", cut, "EOF"},
	}
	spdys := []struct {
		name string
		mode gatewayMode
		code string // "" for a stream
	}{
		{"ok", nil, ""},
		{"page 403", page(403), wire.CodeGatewayBlocks},
		{"bare 405", bare(405), wire.CodeGatewayBlocks},
		{"page 200", page(200), wire.CodeGatewayBlocks},
		{"page 502", page(502), wire.CodeGatewayBlocks},
		{"Status 403", fromServer(403), wire.CodeForbidden},
		{"page 503", page(503), wire.CodeAPIBusy},
		{"cut", cut, wire.CodeAPIUnreachable},
	}
	for _, webSocket := range webSockets {
		for _, spdy := range spdys {
			t.Run(webSocket.name+", SPDY "+spdy.name, func(t *testing.T) {
				s := newSetting(t)
				s.behind(webSocket.mode, spdy.mode)
				through := s.carrier(t)
				through.(*Carrier).timing.upgrade = 300 * time.Millisecond
				opened, err := dial(t, through)
				if webSocket.mode == nil || spdy.code == "" {
					if err != nil {
						t.Fatal(err)
					}
					echoes(t, opened)
					return
				}
				found := wantProblem(t, err, spdy.code)
				if spdy.code == wire.CodeGatewayBlocks && (!strings.Contains(found.Cause, webSocket.said) || strings.Contains(found.Cause, "<")) {
					t.Errorf("cause %q without %q", found.Cause, webSocket.said)
				}
			})
		}
	}
}

func TestWhatPassesIsKnownUntilItDoesNot(t *testing.T) {
	s := newSetting(t)
	s.behind(page(403), nil)
	through := s.carrier(t)
	for range 2 {
		if _, err := dial(t, through); err != nil {
			t.Fatal(err)
		}
	}
	s.behind(nil, page(403)) // another gateway
	for range 2 {
		if _, err := dial(t, through); err != nil {
			t.Errorf("the WebSocket is not tried again: %v", err)
		}
	}
	methods := ""
	for _, request := range s.seen() {
		methods += request.Method + " "
	}
	if methods != "GET POST POST POST GET GET " {
		t.Errorf("requests %q", methods)
	}
}

// TestIdleStreamsOutliveAGatewaysPatience has a gateway that cuts what says nothing for a while.
func TestIdleStreamsOutliveAGatewaysPatience(t *testing.T) {
	const patience = time.Second
	for _, plainSPDYOnly := range []bool{false, true} {
		s := newSetting(t)
		s.plainSPDYOnly = plainSPDYOnly
		server := strings.TrimPrefix(s.URL, "https://")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for near, err := listener.Accept(); err == nil; near, err = listener.Accept() {
				far, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				go func() {
					chunk := make([]byte, 64<<10)
					for {
						_ = near.SetReadDeadline(time.Now().Add(patience))
						n, err := near.Read(chunk)
						if _, failed := far.Write(chunk[:n]); err != nil || failed != nil {
							_, _ = near.Close(), far.Close()
							return
						}
					}
				}()
				go func() { _, _ = io.Copy(near, far) }()
			}
		}()
		s.cluster.Server = "https://" + listener.Addr().String()
		through := s.carrier(t)
		through.(*Carrier).timing.ping = patience / 5
		opened, err := dial(t, through)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * patience)
		echoes(t, opened)
	}
}

func TestPathsBeforeTheAPI(t *testing.T) {
	for _, plainSPDYOnly := range []bool{false, true} {
		s := newSetting(t)
		s.plainSPDYOnly = plainSPDYOnly
		s.cluster.Server = s.URL + "/k8s/clusters/c-xyz/"
		opened, err := dial(t, s.carrier(t))
		if err != nil {
			t.Fatal(err)
		}
		echoes(t, opened)
		for _, request := range s.seen() {
			if request.URL.Path != "/k8s/clusters/c-xyz/api/v1/namespaces/dev/pods/agent-1/portforward" {
				t.Errorf("asked for %s", request.URL.Path)
			}
		}
	}
}

func TestProxiesOfEveryForm(t *testing.T) {
	for _, form := range []struct{ proxy, fails string }{
		{"http://u:secret@ADDRESS", ""},
		{"http://u:hidden@ADDRESS", "hidden"},
		{"socks5://u:secret@SOCKS", ""},
		{"socks5h://u:secret@SOCKS", ""},
		{"socks5://u:hidden@SOCKS", "hidden"},
		{"http://u:hidden@127.0.0.1:1", "hidden"},
		{"socks5://u:hidden@127.0.0.1:1", "hidden"},
		{"https://u:hidden@127.0.0.1:1", "hidden"},
	} {
		for _, plainSPDYOnly := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s plainSPDYOnly=%v", form.proxy, plainSPDYOnly), func(t *testing.T) {
				s := newSetting(t)
				s.plainSPDYOnly = plainSPDYOnly
				http, socks := strings.TrimPrefix(startHTTPProxy(t, onThisMachine), "http://"), startSOCKSProxy(t)
				s.cluster.ProxyURL = strings.NewReplacer("ADDRESS", http, "SOCKS", socks.address).Replace(form.proxy)
				// A name that only the proxy can resolve.
				s.cluster.Server = strings.Replace(s.URL, "127.0.0.1", "api.only-there.invalid", 1)
				s.cluster.TLSServerName = "127.0.0.1"
				opened, err := dial(t, s.carrier(t))
				if form.fails == "" {
					if err != nil {
						t.Fatal(err)
					}
					echoes(t, opened)
					return
				}
				found := wantProblem(t, err, wire.CodeProxyFailed)
				if strings.Contains(fmt.Sprint(found), form.fails) || !strings.Contains(found.Cause, "127.0.0.1:") {
					t.Errorf("cause %q", found.Cause)
				}
			})
		}
	}
}

// onThisMachine is an address as if every name were this machine's.
func onThisMachine(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return "127.0.0.1:" + port
}

// startHTTPProxy takes u:secret for credentials, and dials what place makes of an address.
func startHTTPProxy(t *testing.T, place func(address string) string) (url string) {
	t.Helper()
	proxy := httptest.NewServer(httpProxy(place))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func httpProxy(place func(address string) string) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect || request.Header.Get("Proxy-Authorization") != "Basic dTpzZWNyZXQ=" {
			writer.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		far, err := net.Dial("tcp", place(request.Host))
		if err != nil {
			writer.WriteHeader(http.StatusBadGateway)
			return
		}
		near, ahead, err := http.NewResponseController(writer).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		join(near, ahead, far)
	})
}

func join(near net.Conn, fromNear io.Reader, far net.Conn) {
	go func() { _, _ = io.Copy(far, fromNear); _ = far.Close() }()
	go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
}

type socksProxy struct{ address string }

// startSOCKSProxy speaks SOCKS 5 (RFC 1928, 1929) with u:secret, and takes names only, each for this machine.
func startSOCKSProxy(t *testing.T) socksProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	serve := func(near net.Conn) {
		read := func(n int) []byte {
			bytes := make([]byte, n)
			if _, err := io.ReadFull(near, bytes); err != nil {
				_ = near.Close()
				return make([]byte, n)
			}
			return bytes
		}
		read(int(read(2)[1]))
		_, _ = near.Write([]byte{5, 2})
		user := string(read(int(read(2)[1])))
		password := string(read(int(read(1)[0])))
		if user != "u" || password != "secret" {
			_, _ = near.Write([]byte{1, 1})
			_ = near.Close()
			return
		}
		_, _ = near.Write([]byte{1, 0})
		kind := read(4)[3]
		if kind != 3 {
			_, _ = near.Write([]byte{5, 8, 0, 1, 0, 0, 0, 0, 0, 0}) // address type not supported
			_ = near.Close()
			return
		}
		read(int(read(1)[0]))
		port := read(2)
		far, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", int(port[0])<<8|int(port[1])))
		if err != nil {
			_ = near.Close()
			return
		}
		_, _ = near.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		join(near, near, far)
	}
	go func() {
		for near, err := listener.Accept(); err == nil; near, err = listener.Accept() {
			go serve(near)
		}
	}()
	return socksProxy{listener.Addr().String()}
}

func TestClientCertificatesThatWereRenewed(t *testing.T) {
	s := newSetting(t)
	old, oldKey := s.authority.issue(t, "ann", time.Now().Add(-time.Hour))
	fresh, freshKey := s.authority.issue(t, "ann", time.Now().Add(time.Hour))
	s.credentials = wire.ClusterCredentials{ClientCertificate: old, ClientKey: wire.Secret(oldKey)}
	s.afterwards = wire.ClusterCredentials{ClientCertificate: fresh, ClientKey: wire.Secret(freshKey)}
	strict := &server{inPod: echo}
	strict.strictClients = true
	strict.start(t, s.authority, "127.0.0.1", time.Now().Add(time.Hour))
	s.cluster.Server = strict.URL
	opened, err := dial(t, s.carrier(t))
	if err != nil {
		t.Fatal(err)
	}
	echoes(t, opened)
	if fmt.Sprint(s.asked) != "[false true]" {
		t.Errorf("asked %v", s.asked)
	}
	s.afterwards = s.credentials
	_, err = dial(t, s.carrier(t))
	if found := wantProblem(t, err, wire.CodeCertificateExpired); found.Facts["whose"] != "client" {
		t.Errorf("facts %v", found.Facts)
	}
}
