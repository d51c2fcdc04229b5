package apiserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"slipway/native/internal/wire"
)

// server answers port-forward as the API server and the kubelet do, with the server's half of the same libraries.
type server struct {
	*httptest.Server
	plainSPDYOnly bool
	refuse        func(*http.Request) int                       // a status, or 0
	gateway       func(http.ResponseWriter, *http.Request) bool // answers in the server's place; nil for none
	inExec        func(streams map[string]httpstream.Stream)    // after all four were opened
	strictClients bool                                          // client certificates are judged in the handshake, as gateways do
	configure     func(*tls.Config)                             // before it starts; nil for nothing
	mute          chan struct{}                                 // closed when a connection was made that no stream is answered on; nil where they are
	inPod         func(stream io.ReadWriteCloser) (failure string)

	lock     sync.Mutex
	requests []*http.Request
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

func (a *authority) issue(t *testing.T, name string, until time.Time) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if address := net.ParseIP(name); address != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{address}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
}

// start serves with a certificate of the authority for name, valid until a time.
func (s *server) start(t *testing.T, ca *authority, name string, until time.Time) {
	t.Helper()
	certificate, key := ca.issue(t, name, until)
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	if s.strictClients {
		s.TLS.ClientCAs = x509.NewCertPool()
		s.TLS.ClientCAs.AddCert(ca.certificate)
		s.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if s.configure != nil {
		s.configure(s.TLS)
	}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
}

func (s *server) serve(writer http.ResponseWriter, request *http.Request) {
	s.lock.Lock()
	s.requests = append(s.requests, request.Clone(request.Context()))
	s.lock.Unlock()
	if s.gateway != nil && s.gateway(writer, request) {
		return
	}
	status := 0
	if s.refuse != nil {
		status = s.refuse(request)
	}
	switch {
	case status != 0:
		writeStatus(writer, status)
	case s.inExec != nil && request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/api/v1/namespaces/dev/pods/agent-1/exec"):
		s.serveExec(writer, request)
	case !strings.HasSuffix(request.URL.Path, "/api/v1/namespaces/dev/pods/agent-1/portforward"):
		writeStatus(writer, http.StatusNotFound)
	case request.Method == http.MethodPost:
		if _, err := httpstream.Handshake(request, writer, []string{portForwardProtocol}); err != nil {
			return
		}
		take := newPairs(s.inPod).take
		if s.mute != nil {
			var once sync.Once
			take = func(httpstream.Stream, <-chan struct{}) error {
				once.Do(func() { close(s.mute) })
				select {} // the library answers only after it
			}
		}
		if connection := spdy.NewResponseUpgrader().UpgradeResponse(writer, request, take); connection != nil {
			defer func() { _ = connection.Close() }()
			<-connection.CloseChan()
		}
	case s.plainSPDYOnly:
		writeStatus(writer, http.StatusBadRequest)
	default:
		s.serveWebSocket(writer, request)
	}
}

// serveExec opens the streams of an exec as a kubelet does.
func (s *server) serveExec(writer http.ResponseWriter, request *http.Request) {
	if _, err := httpstream.Handshake(request, writer, []string{"v4.channel.k8s.io"}); err != nil {
		return
	}
	taken := make(chan httpstream.Stream, 4)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(writer, request, func(stream httpstream.Stream, replied <-chan struct{}) error {
		go func() { <-replied; taken <- stream }()
		return nil
	})
	if connection == nil {
		return
	}
	defer func() { _ = connection.Close() }()
	streams := map[string]httpstream.Stream{}
	for range 4 {
		stream := <-taken
		streams[stream.Headers().Get(corev1.StreamType)] = stream
	}
	go s.inExec(streams)
	<-connection.CloseChan()
}

func (s *server) serveWebSocket(writer http.ResponseWriter, request *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{tunnelPrefix + portForwardProtocol}}
	inner, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return
	}
	if s.mute != nil {
		close(s.mute)
		for err == nil {
			_, _, err = inner.ReadMessage()
		}
		_ = inner.Close()
		return
	}
	pairs := newPairs(s.inPod)
	connection, err := spdy.NewServerConnection(portforward.NewTunnelingConnection("server", inner), pairs.take)
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	<-connection.CloseChan()
}

func (s *server) seen() []*http.Request {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]*http.Request(nil), s.requests...)
}

func writeStatus(writer http.ResponseWriter, code int) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(code)
	_ = json.NewEncoder(writer).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Message: fmt.Sprintf("the server says %d", code),
	})
}

// pairs waits for the error stream and the data stream of one request, then connects them with the pod.
type pairs struct {
	lock     sync.Mutex
	failures httpstream.Stream
	data     httpstream.Stream
	inPod    func(io.ReadWriteCloser) string
}

func newPairs(inPod func(io.ReadWriteCloser) string) *pairs { return &pairs{inPod: inPod} }

func (p *pairs) take(stream httpstream.Stream, replied <-chan struct{}) error {
	if stream.Headers().Get(corev1.PortHeader) != "8723" || stream.Headers().Get(corev1.PortForwardRequestIDHeader) != "0" {
		return fmt.Errorf("headers %v", stream.Headers())
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	switch stream.Headers().Get(corev1.StreamType) {
	case corev1.StreamTypeError:
		p.failures = stream
	case corev1.StreamTypeData:
		p.data = stream
	}
	if p.failures != nil && p.data != nil {
		go func(failures, data httpstream.Stream) {
			<-replied
			if text := p.inPod(data); text != "" {
				_, _ = io.WriteString(failures, text)
			}
			_ = data.Close()
			_ = failures.Close()
		}(p.failures, p.data)
	}
	return nil
}

func echo(stream io.ReadWriteCloser) string {
	_, _ = io.Copy(stream, stream)
	return ""
}

var agent = wire.AgentTarget{Namespace: "dev", Pod: "agent-1", Port: 8723}
