package apiserver

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it; it protects nothing
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	// tunnelPrefix marks SPDY inside a WebSocket (KEP-4006).
	tunnelPrefix = "SPDY/3.1+"

	// webSocketProof is what a server proves with that it understood the upgrade (RFC 6455, section 1.3).
	webSocketProof = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

var statusCodec = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	scheme.AddUnversionedTypes(metav1.SchemeGroupVersion, &metav1.Status{})
	return serializer.NewCodecFactory(scheme).UniversalDecoder()
}()

// protocol is what a connection is upgraded to. Which rights that takes: "create" for POST, "get" for GET, and since
// Kubernetes 1.35 both for GET.
type protocol int32

const (
	plainSPDY protocol = iota
	webSocket
)

func (p protocol) other() protocol { return plainSPDY + webSocket - p }

func (p protocol) method() string {
	if p == webSocket {
		return http.MethodGet
	}
	return http.MethodPost
}

// attempt is an upgrade of a connection of its own: the round trip that ends HTTP on it.
type attempt struct {
	*link
	to       protocol
	stream   string // the protocol inside, such as portforward.k8s.io
	tls      *tls.Config
	proxy    func(*http.Request) (*url.URL, error)
	patience time.Duration

	key         string // of a WebSocket
	isSwallowed atomic.Bool
	disarm      []func() bool
}

// brokenUpgrade is what ended a connection that was made, before it was of use, without an answer.
type brokenUpgrade struct{ cause error }

func (b *brokenUpgrade) Error() string { return b.cause.Error() }
func (b *brokenUpgrade) Unwrap() error { return b.cause }

// plainRefusal is an answer that is neither the upgrade nor a Status.
type plainRefusal struct {
	code int
	body string
}

func (r *plainRefusal) Error() string { return fmt.Sprintf("the server answered %d", r.code) }

// upgradeTo asks for a connection that speaks SPDY, or a WebSocket with SPDY in it. It goes on ending with ctx, and where patience is
// not 0 also so long after the connection was made, until ready; fail tells why then.
func upgradeTo(ctx context.Context, to protocol, stream string, address *url.URL, config *rest.Config, patience time.Duration) (*attempt, error) {
	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	proxy := config.Proxy
	if proxy == nil {
		proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	made := &attempt{to: to, stream: stream, tls: tlsConfig, proxy: proxy, patience: patience}
	roundTripper, err := rest.HTTPWrappersForConfig(config, made)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, to.method(), address.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := roundTripper.RoundTrip(request)
	if err == nil {
		err = made.check(response)
	}
	if err != nil {
		return nil, made.fail(ctx, err)
	}
	return made, nil
}

// RoundTrip implements http.RoundTripper, for one request.
func (a *attempt) RoundTrip(request *http.Request) (*http.Response, error) {
	through, err := a.proxy(request)
	if err != nil {
		return nil, err
	}
	if a.link, err = connect(request.Context(), request.URL, through, a.tls); err != nil {
		return nil, err
	}
	a.disarm = append(a.disarm, context.AfterFunc(request.Context(), a.abort))
	if a.patience > 0 {
		a.disarm = append(a.disarm, time.AfterFunc(a.patience, func() {
			a.isSwallowed.Store(true)
			a.abort()
		}).Stop)
	}
	request = request.Clone(request.Context())
	a.ask(request.Header)
	if err := request.Write(a.link); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: a.link, N: headLimit + errorBodyLimit}
	reader := bufio.NewReader(limited)
	response, err := http.ReadResponse(reader, request)
	if err == nil {
		a.Conn = &readAheadConn{Conn: a.Conn, reader: reader}
	}
	return response, err
}

// ask writes the names as RFC 6455 has them, for the sake of servers that compare them so.
func (a *attempt) ask(header http.Header) {
	header[httpstream.HeaderConnection] = []string{httpstream.HeaderUpgrade}
	if a.to == plainSPDY {
		header[httpstream.HeaderUpgrade] = []string{spdy.HeaderSpdy31}
		header.Set(httpstream.HeaderProtocolVersion, a.stream)
		return
	}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	a.key = base64.StdEncoding.EncodeToString(key)
	header[httpstream.HeaderUpgrade] = []string{"websocket"}
	header["Sec-WebSocket-Key"] = []string{a.key}
	header["Sec-WebSocket-Version"] = []string{"13"}
	header["Sec-WebSocket-Protocol"] = []string{tunnelPrefix + a.stream}
}

func (a *attempt) check(response *http.Response) error {
	isUpgraded := response.StatusCode == http.StatusSwitchingProtocols
	switch {
	case isUpgraded && a.to == plainSPDY && strings.EqualFold(response.Header.Get(httpstream.HeaderUpgrade), spdy.HeaderSpdy31):
		return nil
	case isUpgraded && a.to == webSocket && a.isAccepted(response.Header):
		if chosen := response.Header.Get("Sec-WebSocket-Protocol"); chosen != tunnelPrefix+a.stream {
			return &plainRefusal{response.StatusCode, fmt.Sprintf("the protocol is %q instead of %q", chosen, tunnelPrefix+a.stream)}
		}
		if extensions := response.Header.Get("Sec-WebSocket-Extensions"); extensions != "" {
			return &plainRefusal{response.StatusCode, fmt.Sprintf("extensions that nobody asked for: %q", extensions)}
		}
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, errorBodyLimit))
	// An empty body decodes, too.
	if object, _, err := statusCodec.Decode(body, nil, &metav1.Status{}); err == nil {
		if status, ok := object.(*metav1.Status); ok && status.Code != 0 {
			return &apierrors.StatusError{ErrStatus: *status}
		}
	}
	return &plainRefusal{response.StatusCode, string(body)}
}

// isAccepted tells whether a server understood what it agreed to (RFC 6455, section 4.1).
func (a *attempt) isAccepted(header http.Header) bool {
	proof := sha1.Sum([]byte(a.key + webSocketProof))
	return strings.EqualFold(header.Get(httpstream.HeaderUpgrade), "websocket") &&
		httpguts.HeaderValuesContainsToken(header.Values(httpstream.HeaderConnection), "upgrade") &&
		header.Get("Sec-WebSocket-Accept") == base64.StdEncoding.EncodeToString(proof[:])
}

// ready lets go of the connection, unless it ended meanwhile.
func (a *attempt) ready(ctx context.Context) error {
	for _, stop := range a.disarm {
		if !stop() {
			return a.fail(ctx, net.ErrClosed)
		}
	}
	return nil
}

// fail ends the connection, and tells what err comes from.
func (a *attempt) fail(ctx context.Context, err error) error {
	for _, stop := range a.disarm {
		stop()
	}
	if a.link == nil {
		return err
	}
	a.abort()
	switch {
	case answerOf(err).code != 0:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case a.isSwallowed.Load():
		return &brokenUpgrade{context.DeadlineExceeded}
	}
	return &brokenUpgrade{err}
}

// readAheadConn gives back what was read with the answer and lies behind it.
type readAheadConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *readAheadConn) Read(into []byte) (int, error) {
	if c.reader.Buffered() > 0 {
		return c.reader.Read(into)
	}
	return c.Conn.Read(into)
}
