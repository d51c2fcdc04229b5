package apiserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/carriertest"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

const testDeadline = 30 * time.Second

// setting is a server, and how a carrier reaches it.
type setting struct {
	server
	authority   *authority
	cluster     wire.ClusterAddress
	credentials wire.ClusterCredentials
	patience    time.Duration // of a differential test's dials
	asked       []bool        // because401, of each request for credentials
	first       protocol      // what the carriers begin with, as if it had passed before
	afterwards  wire.ClusterCredentials
}

func newSetting(t *testing.T) *setting {
	t.Helper()
	s := &setting{authority: newAuthority(t), credentials: wire.ClusterCredentials{BearerToken: "first"}, first: webSocket}
	s.inPod = echo
	s.start(t, s.authority, "127.0.0.1", time.Now().Add(time.Hour))
	s.cluster = wire.ClusterAddress{Server: s.URL, CertificateAuthority: s.authority.pem}
	return s
}

func (s *setting) carrier(t *testing.T) carrier.Carrier {
	t.Helper()
	made, err := New(s.cluster, s.source())
	if err != nil {
		t.Fatal(err)
	}
	made.(*Carrier).passed.Store(int32(s.first))
	return made
}

func (s *setting) source() carrier.CredentialSource {
	return func(_ context.Context, because401 bool) (wire.ClusterCredentials, error) {
		s.asked = append(s.asked, because401)
		if because401 {
			return s.afterwards, nil
		}
		return s.credentials, nil
	}
}

func dial(t *testing.T, through carrier.Carrier) (io.ReadWriteCloser, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testDeadline)
	defer cancel()
	stream, err := through.Dial(ctx, agent)
	if err == nil {
		t.Cleanup(func() { _ = stream.Close() })
	}
	return stream, err
}

// echoes sends a megabyte and wants it back.
func echoes(t *testing.T, stream io.ReadWriter) {
	t.Helper()
	sent := bytes.Repeat([]byte("slipway "), 1<<17)
	go func() {
		for rest := sent; len(rest) > 0; rest = rest[min(len(rest), 60_000):] {
			if _, err := stream.Write(rest[:min(len(rest), 60_000)]); err != nil {
				t.Errorf("write: %v", err)
				return
			}
		}
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(stream, got); err != nil {
		t.Fatalf("read: %v", err)
	}
	if !bytes.Equal(got, sent) {
		t.Fatal("what came back is not what was sent")
	}
}

func wantProblem(t *testing.T, err error, code string) *wire.Problem {
	t.Helper()
	var found *wire.Problem
	if !errors.As(err, &found) || found.Code != code {
		t.Fatalf("%v instead of %s", err, code)
	}
	return found
}

func TestPacketsThroughAPortForward(t *testing.T) {
	for _, plainSPDYOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("plainSPDYOnly=%v", plainSPDYOnly), func(t *testing.T) {
			s := newSetting(t)
			s.plainSPDYOnly = plainSPDYOnly
			pods := make(chan io.ReadWriteCloser)
			s.inPod = func(opened io.ReadWriteCloser) string {
				left := &leftStream{ReadWriteCloser: opened, left: make(chan struct{})}
				pods <- left
				<-left.left
				return ""
			}
			through := s.carrier(t)
			carriertest.TestPackets(t, func(t *testing.T) (near, far carrier.Packets) {
				opened, err := dial(t, through)
				if err != nil {
					t.Fatal(err)
				}
				return through.Packets(opened), stream.Accept(<-pods)
			})
		})
	}
}

// leftStream tells when its user closed it.
type leftStream struct {
	io.ReadWriteCloser
	once sync.Once
	left chan struct{}
}

func (l *leftStream) Close() error {
	l.once.Do(func() { close(l.left) })
	return l.ReadWriteCloser.Close()
}

func TestStreamOverWebSocketAndOverSPDY(t *testing.T) {
	for _, plainSPDYOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("plainSPDYOnly=%v", plainSPDYOnly), func(t *testing.T) {
			s := newSetting(t)
			s.plainSPDYOnly = plainSPDYOnly
			through := s.carrier(t)
			for range 2 {
				stream, err := dial(t, through)
				if err != nil {
					t.Fatal(err)
				}
				echoes(t, stream)
			}
			methods := ""
			addresses := map[string]bool{}
			for _, request := range s.seen() {
				methods += request.Method + " "
				addresses[request.RemoteAddr] = true
			}
			want := "GET GET "
			if plainSPDYOnly {
				want = "GET POST POST " // the second stream does not try in vain again
			}
			if methods != want {
				t.Errorf("requests %q instead of %q", methods, want)
			}
			if len(addresses) != len(s.seen()) {
				t.Error("streams share a connection")
			}
		})
	}
}

func TestCredentialsAndImpersonationAreSent(t *testing.T) {
	for name, test := range map[string]struct {
		credentials wire.ClusterCredentials
		want        string
	}{
		"token":          {wire.ClusterCredentials{BearerToken: "abc"}, "Bearer abc"},
		"basic":          {wire.ClusterCredentials{Username: "u", Password: "p"}, "Basic dTpw"},
		"token of both":  {wire.ClusterCredentials{BearerToken: "abc", Username: "u", Password: "p"}, "Bearer abc"},
		"no credentials": {},
	} {
		for _, plainSPDYOnly := range []bool{false, true} {
			s := newSetting(t)
			s.plainSPDYOnly = plainSPDYOnly
			s.credentials = test.credentials
			s.cluster.Impersonate = &wire.Impersonate{User: "ann", UID: "7", Groups: []string{"dev", "ops"}, Extra: map[string][]string{"team": {"a"}}}
			stream, err := dial(t, s.carrier(t))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			echoes(t, stream)
			for _, request := range s.seen() {
				got := request.Header
				if got.Get("Authorization") != test.want || got.Get("Impersonate-User") != "ann" || got.Get("Impersonate-Uid") != "7" ||
					strings.Join(got.Values("Impersonate-Group"), ",") != "dev,ops" || got.Get("Impersonate-Extra-Team") != "a" {
					t.Errorf("%s: %s with headers %v", name, request.Method, got)
				}
			}
		}
	}
}

func TestClientCertificateAndServerName(t *testing.T) {
	s := newSetting(t)
	certificate, key := s.authority.issue(t, "user-ann", time.Now().Add(time.Hour))
	s.credentials = wire.ClusterCredentials{ClientCertificate: certificate, ClientKey: wire.Secret(key)}
	named := &server{inPod: echo}
	named.start(t, s.authority, "kubernetes.example", time.Now().Add(time.Hour))
	s.cluster.Server = named.URL
	s.cluster.TLSServerName = "kubernetes.example"
	stream, err := dial(t, s.carrier(t))
	if err != nil {
		t.Fatal(err)
	}
	echoes(t, stream)
	if peers := named.seen()[0].TLS.PeerCertificates; len(peers) != 1 || peers[0].Subject.CommonName != "user-ann" {
		t.Errorf("client certificates: %v", peers)
	}
	s.cluster.TLSServerName = ""
	_, err = dial(t, s.carrier(t))
	wantProblem(t, err, wire.CodeCertificateName)
}

func Test401AsksForCredentialsOnce(t *testing.T) {
	s := newSetting(t)
	s.afterwards = wire.ClusterCredentials{BearerToken: "second"}
	s.refuse = func(request *http.Request) int {
		if request.Header.Get("Authorization") != "Bearer second" {
			return http.StatusUnauthorized
		}
		return 0
	}
	stream, err := dial(t, s.carrier(t))
	if err != nil {
		t.Fatal(err)
	}
	echoes(t, stream)
	if fmt.Sprint(s.asked) != "[false true]" || len(s.seen()) != 2 {
		t.Errorf("asked %v in %d requests", s.asked, len(s.seen()))
	}
	s.afterwards = s.credentials
	s.asked = nil
	_, err = dial(t, s.carrier(t))
	wantProblem(t, err, wire.CodeUnauthorized)
	if fmt.Sprint(s.asked) != "[false true]" {
		t.Errorf("asked %v for credentials that never work", s.asked)
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	for name, test := range map[string]struct {
		refuse func(*http.Request) int
		code   string // "" for a stream
	}{
		"forbidden":            {func(*http.Request) int { return 403 }, wire.CodeForbidden},
		"only create allowed":  {func(r *http.Request) int { return map[string]int{"GET": 403}[r.Method] }, ""},
		"pod gone":             {func(*http.Request) int { return 404 }, wire.CodeAgentGone},
		"kubelet unreachable":  {func(*http.Request) int { return 500 }, wire.CodeAgentUnreachable},
		"server overloaded":    {func(*http.Request) int { return 429 }, wire.CodeAPIBusy},
		"server shutting down": {func(*http.Request) int { return 503 }, wire.CodeAPIBusy},
	} {
		s := newSetting(t)
		s.refuse = test.refuse
		stream, err := dial(t, s.carrier(t))
		if test.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else {
				echoes(t, stream)
			}
			continue
		}
		found := wantProblem(t, err, test.code)
		if test.code == wire.CodeForbidden && (found.Facts["resource"] != "pods/portforward" || found.Facts["verb"] != "create" || found.Facts["namespace"] != "dev") {
			t.Errorf("%s: facts %v", name, found.Facts)
		}
		if !strings.Contains(found.Cause, "the server says") {
			t.Errorf("%s: cause %q", name, found.Cause)
		}
	}
}

func TestReasonsOfTheKubelet(t *testing.T) {
	for text, code := range map[string]string{
		"error forwarding port 8723 to pod 1a, uid : failed to connect to localhost:8723: dial tcp4 127.0.0.1:8723: connect: connection refused": wire.CodeAgentUnreachable,
		"error forwarding port 8723 to pod 1a, uid : failed to find sandbox \"1a\" in store: not found":                                          wire.CodeAgentGone,
		"error forwarding port 8723 to pod 1a, uid : sandbox container \"1a\" is not running":                                                    wire.CodeAgentGone,
	} {
		s := newSetting(t)
		s.inPod = func(io.ReadWriteCloser) string { return text }
		stream, err := dial(t, s.carrier(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Read(make([]byte, 10))
		if found := wantProblem(t, err, code); found.Cause != text {
			t.Errorf("cause %q", found.Cause)
		}
	}
	s := newSetting(t)
	s.inPod = func(io.ReadWriteCloser) string { return "" }
	stream, err := dial(t, s.carrier(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = stream.Read(make([]byte, 10)); err != io.EOF {
		t.Errorf("an end without a reason reads as %v", err)
	}
}

func TestCertificatesThatAreNotBelieved(t *testing.T) {
	s := newSetting(t)
	good := s.cluster
	s.cluster.CertificateAuthority = newAuthority(t).pem
	_, err := dial(t, s.carrier(t))
	wantProblem(t, err, wire.CodeCertificateUntrusted)
	s.cluster.InsecureSkipTLSVerify = true
	if _, err := dial(t, s.carrier(t)); err != nil {
		t.Errorf("insecure: %v", err)
	}
	s.cluster = good
	old := &server{inPod: echo}
	old.start(t, s.authority, "127.0.0.1", time.Now().Add(-time.Hour))
	s.cluster.Server = old.URL
	_, err = dial(t, s.carrier(t))
	if found := wantProblem(t, err, wire.CodeCertificateExpired); found.Facts["whose"] != "server" {
		t.Errorf("facts %v", found.Facts)
	}
	s.cluster.CertificateAuthority = "no PEM"
	_, err = New(s.cluster, nil)
	wantProblem(t, err, wire.CodeCertificateUntrusted)
}

func TestServersThatCannotBeReached(t *testing.T) {
	s := newSetting(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, address := range map[string]string{
		"silent": silent.Addr().String(), "closed": closed.Addr().String(), "not TLS": strings.TrimPrefix(plain.URL, "http://"),
		"no such name": "nowhere.invalid:443",
	} {
		s.cluster.Server = "https://" + address
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		_, err := s.carrier(t).Dial(ctx, agent)
		cancel()
		if found := wantProblem(t, err, wire.CodeAPIUnreachable); found.Facts["server"] != address {
			t.Errorf("%s: facts %v", name, found.Facts)
		}
	}
	s.cluster.Server = "https://" + silent.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.carrier(t).Dial(ctx, agent); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, address := range []string{"", "ftp://x", "https://", "::"} {
		_, err := New(wire.ClusterAddress{Server: address}, nil)
		wantProblem(t, err, wire.CodeAPIUnreachable)
	}
}

func TestDialEndsWithItsContextWhileStreamsAreMade(t *testing.T) {
	for _, first := range []protocol{plainSPDY, webSocket} {
		s := newSetting(t)
		s.first = first
		s.mute = make(chan struct{})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan error, 1)
		go func() {
			_, err := s.carrier(t).Dial(ctx, agent)
			ended <- err
		}()
		<-s.mute
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		case <-time.After(testDeadline / 3):
			t.Error("the dial outlives its context")
		}
	}
}
