package apiserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// TestTheSameComesOfItAsOfClientGo asks client-go and ourselves the same question, and compares what comes of it: a stream or the
// problem's code, and what the server was shown.
func TestTheSameComesOfItAsOfClientGo(t *testing.T) {
	tests := map[string]func(*testing.T, *setting){
		"nothing special":     func(*testing.T, *setting) {},
		"path before the API": func(_ *testing.T, s *setting) { s.cluster.Server += "/k8s/clusters/c-xyz/" },
		"no TLS":              plainHTTP,
		"another authority":   func(t *testing.T, s *setting) { s.cluster.CertificateAuthority = newAuthority(t).pem },
		"no authority":        func(_ *testing.T, s *setting) { s.cluster.CertificateAuthority = "" },
		"insecure":            func(_ *testing.T, s *setting) { s.cluster.InsecureSkipTLSVerify = true },
		"insecure, other name": func(_ *testing.T, s *setting) {
			s.cluster.InsecureSkipTLSVerify, s.cluster.TLSServerName = true, "x.example"
		},
		"other name":     func(_ *testing.T, s *setting) { s.cluster.TLSServerName = "x.example" },
		"its name":       func(_ *testing.T, s *setting) { s.cluster.TLSServerName = "127.0.0.1" },
		"expired server": func(t *testing.T, s *setting) { s.renew(t, "127.0.0.1", -time.Hour, nil) },
		"named server": func(t *testing.T, s *setting) {
			s.renew(t, "api.example", time.Hour, nil)
			s.cluster.TLSServerName = "api.example"
		},
		"TLS 1.2": func(t *testing.T, s *setting) {
			s.renew(t, "127.0.0.1", time.Hour, func(config *tls.Config) { config.MaxVersion = tls.VersionTLS12 })
		},
		"TLS 1.1": func(t *testing.T, s *setting) {
			s.renew(t, "127.0.0.1", time.Hour, func(config *tls.Config) { config.MaxVersion = tls.VersionTLS11 })
		},
		"client certificate":              func(t *testing.T, s *setting) { s.certify(t, time.Hour) },
		"expired client certificate":      func(t *testing.T, s *setting) { s.certify(t, -time.Hour) },
		"client certificate that is none": func(_ *testing.T, s *setting) { s.credentials.ClientCertificate, s.credentials.ClientKey = "x", "y" },
		"basic":                           func(_ *testing.T, s *setting) { s.credentials = wire.ClusterCredentials{Username: "u", Password: "p"} },
		"token and basic": func(_ *testing.T, s *setting) {
			s.credentials = wire.ClusterCredentials{BearerToken: "a", Username: "u", Password: "p"}
		},
		"no credentials": func(_ *testing.T, s *setting) { s.credentials = wire.ClusterCredentials{} },
		"impersonation": func(_ *testing.T, s *setting) {
			s.cluster.Impersonate = &wire.Impersonate{User: "ann", UID: "7", Groups: []string{"a", "b"}, Extra: map[string][]string{"x/y": {"1", "2"}}}
		},
		"401 once": func(_ *testing.T, s *setting) {
			s.afterwards = wire.ClusterCredentials{BearerToken: "second"}
			s.refuse = func(request *http.Request) int {
				if request.Header.Get("Authorization") != "Bearer second" {
					return http.StatusUnauthorized
				}
				return 0
			}
		},
		"only create": func(_ *testing.T, s *setting) { s.refuse = refuseMethod(http.MethodGet, 403) },
		"only get":    func(_ *testing.T, s *setting) { s.refuse = refuseMethod(http.MethodPost, 403) },
		"closed port": func(_ *testing.T, s *setting) { s.cluster.Server = "https://127.0.0.1:1" },
		"no name":     func(_ *testing.T, s *setting) { s.cluster.Server = "https://nowhere.invalid" },
		"what the kubelet says": func(_ *testing.T, s *setting) {
			s.plainSPDYOnly = true
		},
	}
	for _, code := range []int{400, 401, 403, 404, 409, 429, 500, 502, 503, 504} {
		tests[fmt.Sprintf("Status %d", code)] = func(_ *testing.T, s *setting) { s.refuse = func(*http.Request) int { return code } }
		tests[fmt.Sprintf("page %d", code)] = func(_ *testing.T, s *setting) { s.behind(page(code), page(code)) }
		tests[fmt.Sprintf("bare %d", code)] = func(_ *testing.T, s *setting) { s.behind(bare(code), bare(code)) }
	}
	modes := map[string]gatewayMode{"ok": nil, "page 200": page(200), "page 302": page(302), "bare 501": bare(501), "Status 400": fromServer(400), "cut": cut}
	for left, webSocket := range modes {
		for right, spdy := range modes {
			tests["WebSocket "+left+", SPDY "+right] = func(_ *testing.T, s *setting) { s.behind(webSocket, spdy) }
		}
	}
	for name, mode := range map[string]gatewayMode{"ok": nil, "page 403": page(403), "swallowed": swallowed} {
		tests["WebSocket swallowed, SPDY "+name] = func(_ *testing.T, s *setting) { s.behind(swallowed, mode); s.patience = 2 * time.Second }
		tests["SPDY swallowed, WebSocket "+name] = func(_ *testing.T, s *setting) { s.behind(mode, swallowed); s.patience = 2 * time.Second }
	}
	for _, form := range []string{
		"http://u:secret@HTTP", "http://u:no@HTTP", "http://HTTP", "https://u:secret@TLS", "https://u:no@TLS", "https://u:secret@OTHER",
		"socks5://u:secret@SOCKS", "socks5h://u:secret@SOCKS", "socks5://u:no@SOCKS", "socks5://SOCKS",
		"http://127.0.0.1:1", "https://127.0.0.1:1", "socks5://127.0.0.1:1", "gopher://127.0.0.1:1",
	} {
		tests["proxy "+form] = func(t *testing.T, s *setting) { s.throughProxy(t, form) }
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			s.patience = testDeadline
			arrange(t, s)
			made, err := open(s.cluster, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, shown := s.ask(t, clientGo{made}, made)
			for _, first := range []protocol{plainSPDY, webSocket} {
				made.passed.Store(int32(first))
				got, ours := s.ask(t, made, made)
				if got != want {
					t.Errorf("client-go: %q, we, first %s: %q", want, first.method(), got)
				}
				for method, header := range ours {
					if theirs := shown[method]; theirs != nil && !reflect.DeepEqual(header, theirs) {
						t.Errorf("%s shows %v instead of %v", method, header, theirs)
					}
				}
			}
		})
	}
}

// ask answers the code of a problem, "" for a stream, and the header of the last request of each method.
func (s *setting) ask(t *testing.T, through carrier.Carrier, made *Carrier) (code string, shown map[string]http.Header) {
	t.Helper()
	made.timing.upgrade = 500 * time.Millisecond
	made.credentials = s.source()
	before := len(s.seen())
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	opened, err := through.Dial(ctx, agent)
	if err == nil {
		echoes(t, opened)
		_ = opened.Close()
	} else {
		var found *wire.Problem
		if !errors.As(err, &found) {
			return err.Error(), nil
		}
		code = found.Code
	}
	shown = map[string]http.Header{}
	for _, request := range s.seen()[before:] {
		header := request.Header.Clone()
		header.Del("Sec-Websocket-Key")
		shown[request.Method] = header
	}
	return code, shown
}

func refuseMethod(method string, code int) func(*http.Request) int {
	return func(request *http.Request) int {
		if request.Method == method {
			return code
		}
		return 0
	}
}

func plainHTTP(t *testing.T, s *setting) {
	plain := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(plain.Close)
	t.Cleanup(plain.CloseClientConnections)
	s.cluster.Server, s.cluster.CertificateAuthority = plain.URL, ""
}

// renew serves with another certificate.
func (s *setting) renew(t *testing.T, name string, until time.Duration, change func(*tls.Config)) {
	s.CloseClientConnections()
	s.Close()
	s.configure = change
	s.start(t, s.authority, name, time.Now().Add(until))
	s.cluster.Server = s.URL
}

func (s *setting) certify(t *testing.T, until time.Duration) {
	certificate, key := s.authority.issue(t, "ann", time.Now().Add(until))
	s.credentials = wire.ClusterCredentials{ClientCertificate: certificate, ClientKey: wire.Secret(key)}
	s.strictClients = true
	s.renew(t, "127.0.0.1", time.Hour, nil)
}

func (s *setting) throughProxy(t *testing.T, form string) {
	places := []string{
		"HTTP", strings.TrimPrefix(startHTTPProxy(t, onThisMachine), "http://"),
		"SOCKS", startSOCKSProxy(t).address,
	}
	for name, authority := range map[string]*authority{"TLS": s.authority, "OTHER": newAuthority(t)} {
		if !strings.Contains(form, "@"+name) {
			continue
		}
		certificate, key := authority.issue(t, "127.0.0.1", time.Now().Add(time.Hour))
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		proxy := httptest.NewUnstartedServer(httpProxy(onThisMachine))
		proxy.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		proxy.StartTLS()
		t.Cleanup(proxy.Close)
		t.Cleanup(proxy.CloseClientConnections)
		places = slices.Concat([]string{name, strings.TrimPrefix(proxy.URL, "https://")}, places)
	}
	s.cluster.ProxyURL = strings.NewReplacer(places...).Replace(form)
}
