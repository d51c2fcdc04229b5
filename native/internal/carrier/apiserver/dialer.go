package apiserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	portForwardProtocol = portforward.PortForwardProtocolV1Name

	// tunnelPrefix marks SPDY inside a WebSocket (KEP-4006).
	tunnelPrefix = "SPDY/3.1+"

	errorBodyLimit = 64 << 10
)

var statusCodec = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	scheme.AddUnversionedTypes(metav1.SchemeGroupVersion, &metav1.Status{})
	return serializer.NewCodecFactory(scheme).UniversalDecoder()
}()

// webSocketDialer and spdyDialer are client-go's portforward dialers with three differences: they end with their
// context, they tune the socket, and they write an SPDY frame in one piece.
type webSocketDialer struct {
	ctx       context.Context
	url       *url.URL
	config    *rest.Config
	ping      time.Duration
	transport net.Conn // after Dial
}

var _ httpstream.Dialer = (*webSocketDialer)(nil)

func (d *webSocketDialer) Dial(protocols ...string) (httpstream.Connection, string, error) {
	roundTripper, holder, err := websocket.RoundTripperFor(d.config)
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(d.ctx, http.MethodGet, d.url.String(), nil)
	if err != nil {
		return nil, "", err
	}
	offered := make([]string, 0, len(protocols))
	for _, protocol := range protocols {
		offered = append(offered, tunnelPrefix+protocol)
	}
	inner, err := websocket.Negotiate(roundTripper, holder, request, offered...)
	if err != nil {
		return nil, "", err
	}
	d.transport = inner.NetConn()
	tune(d.transport)
	tunnel := portforward.NewTunnelingConnectionWithLogger(logr.Discard(), inner)
	connection, err := spdy.NewClientConnectionWithPings(&frameWriter{Conn: tunnel}, d.ping)
	return connection, strings.TrimPrefix(inner.Subprotocol(), tunnelPrefix), err
}

type spdyDialer struct {
	ctx       context.Context
	url       *url.URL
	config    *rest.Config
	ping      time.Duration
	transport net.Conn // after Dial
}

var _ httpstream.Dialer = (*spdyDialer)(nil)

func (d *spdyDialer) Dial(protocols ...string) (httpstream.Connection, string, error) {
	tlsConfig, err := rest.TLSConfigFor(d.config)
	if err != nil {
		return nil, "", err
	}
	proxy := http.ProxyFromEnvironment
	if d.config.Proxy != nil {
		proxy = d.config.Proxy
	}
	inner, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: tlsConfig, Proxier: proxy})
	if err != nil {
		return nil, "", err
	}
	upgrade := &spdyUpgrade{dial: inner.Dial}
	roundTripper, err := rest.HTTPWrappersForConfig(d.config, upgrade)
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url.String(), nil)
	if err != nil {
		return nil, "", err
	}
	for _, protocol := range protocols {
		request.Header.Add(httpstream.HeaderProtocolVersion, protocol)
	}
	response, err := roundTripper.RoundTrip(request)
	if err != nil {
		return nil, "", err
	}
	if err := checkUpgrade(response); err != nil {
		_ = upgrade.conn.Close()
		return nil, "", err
	}
	d.transport = upgrade.conn
	tune(d.transport)
	connection, err := spdy.NewClientConnectionWithPings(&frameWriter{Conn: upgrade.conn}, d.ping)
	return connection, response.Header.Get(httpstream.HeaderProtocolVersion), err
}

// spdyUpgrade is the round trip that ends HTTP on a connection. spdy.SpdyRoundTripper has one too, but keeps the
// connection to itself.
type spdyUpgrade struct {
	dial func(*http.Request) (net.Conn, error)
	conn net.Conn
}

func (u *spdyUpgrade) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	request.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	conn, err := u.dial(request)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(request.Context(), func() { _ = conn.Close() })
	defer stop()
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	u.conn = &readAheadConn{Conn: conn, reader: reader}
	return response, nil
}

// readAheadConn gives back what was read with the response and lies behind it.
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

func (c *readAheadConn) NetConn() net.Conn { return c.Conn }

func checkUpgrade(response *http.Response) error {
	if response.StatusCode == http.StatusSwitchingProtocols && strings.EqualFold(response.Header.Get(httpstream.HeaderUpgrade), spdy.HeaderSpdy31) {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, errorBodyLimit))
	// An empty body decodes, too.
	if object, _, err := statusCodec.Decode(body, nil, &metav1.Status{}); err == nil {
		if status, ok := object.(*metav1.Status); ok && status.Code != 0 {
			return &httpstream.UpgradeFailureError{Cause: &apierrors.StatusError{ErrStatus: *status}}
		}
	}
	return &httpstream.UpgradeFailureError{Cause: &plainRefusal{response.StatusCode, string(body)}}
}

// plainRefusal is a refused upgrade whose body is no Status.
type plainRefusal struct {
	code int
	body string
}

func (r *plainRefusal) Error() string { return fmt.Sprintf("the server answered %d", r.code) }
