package apiserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// clientGo is the measure: client-go's WebSocket and SPDY dialers behind the same credentials and explanations. Only what it cannot do
// at all is added: its dials end with their context.
type clientGo struct{ *Carrier }

func (c clientGo) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	opened, err := c.dialWith(ctx, target, false)
	if mayNeedOthers(err) {
		opened, err = c.dialWith(ctx, target, true)
	}
	return opened, err
}

func (c clientGo) dialWith(ctx context.Context, target wire.AgentTarget, because401 bool) (carrier.Stream, error) {
	credentials, err := c.credentials(ctx, because401)
	if err != nil {
		return nil, err
	}
	asked := portForwardTo(target)
	opened, overWebSocket := c.open(ctx, webSocket, target, credentials)
	if overWebSocket == nil {
		return opened, nil
	}
	if !c.shouldFallBack(overWebSocket) {
		return nil, c.explain(ctx, translated(overWebSocket), nil, asked)
	}
	opened, overSPDY := c.open(ctx, plainSPDY, target, credentials)
	if overSPDY != nil {
		return nil, c.explain(ctx, translated(overWebSocket), translated(overSPDY), asked)
	}
	return opened, nil
}

// shouldFallBack is kubectl's rule, and 403, which kubectl takes for an upgrade's failure too.
func (c clientGo) shouldFallBack(err error) bool {
	return httpstream.IsUpgradeFailure(err) && answerOf(translated(err)).code != http.StatusUnauthorized ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || isTimeout(err)
}

func isTimeout(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

func (c clientGo) open(ctx context.Context, by protocol, target wire.AgentTarget, credentials wire.ClusterCredentials) (carrier.Stream, error) {
	config := c.configWith(credentials)
	address := portForwardTo(target).address(c.server)
	limited := ctx
	var dialer httpstream.Dialer
	overSPDY := &spdyDialer{ctx: ctx, url: address, config: config}
	overWebSocket := &webSocketDialer{url: address, config: config}
	if dialer = overSPDY; by == webSocket {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.timing.upgrade)
		defer cancel()
		overWebSocket.ctx = limited
		dialer = overWebSocket
	}
	connection, _, err := dialer.Dial(portForwardProtocol)
	if err != nil {
		return nil, err
	}
	transport := overSPDY.transport
	if by == webSocket {
		transport = overWebSocket.transport
	}
	return openByClientGo(ctx, connection, transport, target.Port)
}

// badHandshake is all that there is of an answer without a Status: "websocket: bad handshake (401 Unauthorized): BODY".
var badHandshake = regexp.MustCompile(`(?s)bad handshake \((\d{3})[^)]*\)(?:: (.*))?$`)

// translated makes the errors of the other libraries those of ours.
func translated(err error) error {
	var upgrade *httpstream.UpgradeFailureError
	if errors.As(err, &upgrade) { // it does not unwrap
		err = upgrade.Cause
	}
	if err == nil {
		return nil
	}
	if found := badHandshake.FindStringSubmatch(err.Error()); found != nil {
		code, _ := strconv.Atoi(found[1])
		return &plainRefusal{code, found[2]}
	}
	isStatus := slices.ContainsFunc([]int{407, 403, 502, 503}, func(code int) bool { return err.Error() == http.StatusText(code) })
	if isStatus || strings.HasPrefix(err.Error(), "CONNECT request to ") {
		return &refusedByProxy{err.Error()}
	}
	return err
}

// clientGoStream is a port-forward's pair of streams.
type clientGoStream struct {
	httpstream.Stream
	failures   httpstream.Stream
	connection httpstream.Connection
	transport  net.Conn
}

func openByClientGo(ctx context.Context, connection httpstream.Connection, transport net.Conn, port int) (carrier.Stream, error) {
	headers := func(kind string) http.Header {
		headers := http.Header{}
		headers.Set(corev1.StreamType, kind)
		headers.Set(corev1.PortHeader, strconv.Itoa(port))
		headers.Set(corev1.PortForwardRequestIDHeader, "0")
		return headers
	}
	awaitFailures := makeStream(ctx, connection, headers(corev1.StreamTypeError))
	awaitData := makeStream(ctx, connection, headers(corev1.StreamTypeData))
	failures, failed := awaitFailures()
	data, err := awaitData()
	if err := errors.Join(err, failed); err != nil {
		_ = transport.Close()
		_ = connection.Close()
		return nil, err
	}
	_ = failures.Close()
	return &clientGoStream{data, failures, connection, transport}, nil
}

func (s *clientGoStream) Read(into []byte) (int, error) {
	n, err := s.Stream.Read(into)
	if err != nil {
		if text, _ := io.ReadAll(s.failures); len(text) > 0 {
			err = explainKubelet(string(text))
		}
	}
	return n, err
}

func (s *clientGoStream) Close() error {
	_ = s.transport.SetReadDeadline(time.Unix(1, 0))
	_ = s.transport.SetWriteDeadline(time.Now().Add(250 * time.Millisecond))
	_ = s.connection.Close()
	return s.transport.Close()
}

type webSocketDialer struct {
	ctx       context.Context
	url       *url.URL
	config    *rest.Config
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
	tuneBelow(d.transport)
	tunnel := portforward.NewTunnelingConnectionWithLogger(logr.Discard(), inner)
	connection, err := spdy.NewClientConnection(&frameWriter{Conn: tunnel})
	return connection, strings.TrimPrefix(inner.Subprotocol(), tunnelPrefix), err
}

type spdyDialer struct {
	ctx       context.Context
	url       *url.URL
	config    *rest.Config
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
	if err := (&attempt{to: plainSPDY}).check(response); err != nil {
		_ = upgrade.conn.Close()
		return nil, "", err
	}
	d.transport = upgrade.conn
	tuneBelow(upgrade.conn.(*readAheadConn).Conn)
	connection, err := spdy.NewClientConnection(&frameWriter{Conn: upgrade.conn})
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

// tuneBelow finds the socket below TLS.
func tuneBelow(conn net.Conn) {
	for {
		wrapped, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			tune(conn)
			return
		}
		conn = wrapped.NetConn()
	}
}
