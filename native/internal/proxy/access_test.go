package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	xproxy "golang.org/x/net/proxy"
)

// Another user of the laptop gets nowhere, by whatever way, unless the owner gave the credential away.
func TestStrangersAreKeptOut(t *testing.T) {
	network := newWorld(t)
	server := start(t, network, strangers())
	for name, user := range map[string]*url.Userinfo{
		"without a word": nil, "with a wrong password": url.UserPassword("slipway", "Secret"),
		"with another name": url.UserPassword("root", "secret"), "with an empty one": url.UserPassword("slipway", ""),
	} {
		for way, client := range clients(t, server, user) {
			got, err := get(client, "http://orders/")
			if err == nil && !strings.HasPrefix(got, "407 ") {
				t.Errorf("%s, a stranger comes in %s: %s", way, name, got)
			}
		}
	}
	for way, client := range clients(t, server, url.UserPassword("slipway", "secret")) {
		// The credential is the proxy's affair alone.
		if got, err := get(client, "http://orders/"); err != nil || got != `200 orders orders / ""` {
			t.Errorf("%s, with the credential: %q %v", way, got, err)
		}
	}
}

func TestWithoutACredentialStrangersAreNotEvenAnswered(t *testing.T) {
	access := strangers()
	access.Password = ""
	server := start(t, newWorld(t), access)
	for _, first := range []string{"\x05\x01\x00", "CONNECT orders:80 HTTP/1.1\r\nHost: orders:80\r\n\r\n"} {
		socket, err := net.Dial("tcp", server.Address().String())
		if err != nil { // reset already
			continue
		}
		socket.SetDeadline(time.Now().Add(patience))
		io.WriteString(socket, first)
		if answer, _ := io.ReadAll(socket); len(answer) > 0 {
			t.Errorf("%q is answered by %q", first, answer)
		}
		socket.Close()
	}
}

// Where a system does not tell whose a connection is, everybody must name the credential.
func TestWhereNothingIsToldTheCredentialDecides(t *testing.T) {
	server := start(t, newWorld(t), Access{Username: "slipway", Password: "secret"})
	if _, err := socksTo(t, server, nil).DialContext(context.Background(), "tcp", "orders:80"); err == nil {
		t.Error("somebody came in without a word")
	}
	named := socksTo(t, server, &xproxy.Auth{User: "slipway", Password: "secret"})
	connection, err := named.DialContext(context.Background(), "tcp", "orders:80")
	if err != nil {
		t.Fatal(err)
	}
	connection.Close()
}

// Many strangers do not keep the owner's programs out.
func TestStrangersUseNothingUp(t *testing.T) {
	access := strangers()
	var own atomic.Value // of netip.AddrPort
	own.Store(netip.AddrPort{})
	access.userOf = func(_ string, local, _ netip.AddrPort) (uint32, bool) {
		if local == own.Load() {
			return access.User, true
		}
		return 54321, true
	}
	server := start(t, newWorld(t), access)
	for range strangersAtOnce * 3 {
		if socket, err := net.Dial("tcp", server.Address().String()); err == nil { // those that are too many are reset
			defer socket.Close()
		}
	}
	dialer := net.Dialer{Timeout: patience, Control: nil}
	listener, err := net.Listen("tcp4", "127.0.0.1:0") // a port that nobody else gets
	if err != nil {
		t.Fatal(err)
	}
	local := listener.Addr().(*net.TCPAddr)
	listener.Close()
	own.Store(local.AddrPort())
	dialer.LocalAddr = local
	socket, err := dialer.Dial("tcp", server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	socket.SetDeadline(time.Now().Add(patience))
	io.WriteString(socket, "GET http://orders/ HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(socket); !strings.Contains(string(answer), "200 OK") {
		t.Errorf("the owner's program is answered by %q %v", answer, err)
	}
}

func TestTheKernelTellsWhoseAConnectionIs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	access := Access{User: uint32(os.Getuid()), IsTold: true}
	server := start(t, newWorld(t), access)
	if got, err := get(clients(t, server, nil)["SOCKS5"], "http://orders/"); err != nil {
		t.Errorf("%s %v", got, err)
	}
	access.User++
	other := start(t, newWorld(t), access)
	if got, err := get(clients(t, other, nil)["SOCKS5"], "http://orders/"); err == nil {
		t.Errorf("another user's proxy answers %s", got)
	}
}

func TestTheFileForBrowsersIsForTheOneWhoKnowsWhere(t *testing.T) {
	server := start(t, newWorld(t), strangers()) // a browser of another user knows as little as a web page
	own := server.Address().String()
	ask := func(path, host, site string) (int, string) {
		request, _ := http.NewRequest(http.MethodGet, "http://"+own+path, nil)
		request.Host = host
		if site != "" {
			request.Header.Set("Sec-Fetch-Site", site)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	if status, body := ask("/token/proxy.pac", own, ""); status != 200 || !strings.Contains(body, "FindProxyForURL") {
		t.Errorf("%d %s", status, body)
	}
	for _, one := range [][3]string{
		{"/proxy.pac", own, ""}, {"/other/proxy.pac", own, ""}, {"//proxy.pac", own, ""}, {"/", own, ""},
		{"/token/proxy.pac", "attacker.example:80", ""}, {"/token/proxy.pac", own, "cross-site"},
	} {
		if status, body := ask(one[0], one[1], one[2]); status != 404 || strings.Contains(body, "Find") {
			t.Errorf("%v: %d %s", one, status, body)
		}
	}
}
