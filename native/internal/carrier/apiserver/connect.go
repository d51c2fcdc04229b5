package apiserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/proxy"

	"slipway/native/internal/nonblocking"
)

// headLimit bounds the head of an answer, and errorBodyLimit what lies behind that of a refusal, in bytes.
const (
	headLimit      = 64 << 10
	errorBodyLimit = 64 << 10
)

// link is a connection to the API server, and the socket that it ends in.
type link struct {
	net.Conn
	socket net.Conn
}

// abort ends it at once, whoever reads or writes.
func (l *link) abort() { _ = l.socket.Close() }

// refusedByProxy is what a proxy said instead of making a tunnel.
type refusedByProxy struct{ status string }

func (r *refusedByProxy) Error() string { return r.status }

// connect dials the server, through a proxy where that is not nil, and speaks TLS by what client-go made of the cluster's
// entry; as there, that judges a proxy's own TLS too.
func connect(ctx context.Context, server, through *url.URL, config *tls.Config) (*link, error) {
	made := &link{}
	socket := socketDialer{made}
	var err error
	switch {
	case through == nil:
		made.Conn, err = socket.DialContext(ctx, "tcp", addressOf(server))
	case through.Scheme == "http", through.Scheme == "https", through.Scheme == "":
		made.Conn, err = socket.DialContext(ctx, "tcp", addressOf(through))
		if err == nil {
			err = made.throughTunnel(ctx, server, through, config)
		}
	default:
		var dialer proxy.Dialer
		if dialer, err = proxy.FromURL(through, socket); err == nil {
			made.Conn, err = dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", addressOf(server))
		}
	}
	if err == nil && server.Scheme == "https" {
		err = made.secure(ctx, server, config)
	}
	if err != nil {
		if made.socket != nil {
			made.abort()
		}
		return nil, err
	}
	return made, nil
}

// throughTunnel asks an HTTP proxy for a way to the server (RFC 9110, section 9.3.6).
func (l *link) throughTunnel(ctx context.Context, server, through *url.URL, config *tls.Config) error {
	if through.Scheme == "https" {
		if err := l.secure(ctx, through, config); err != nil {
			return err
		}
	}
	defer context.AfterFunc(ctx, l.abort)()
	address := addressOf(server)
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := through.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := request.Write(l); err != nil {
		return err
	}
	reader := bufio.NewReader(io.LimitReader(l, headLimit))
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return err
	}
	// Its body is never read: behind the head the tunnel begins, or the connection ends.
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return &refusedByProxy{response.Status}
	}
	if reader.Buffered() > 0 {
		return &refusedByProxy{fmt.Sprintf("%s, and %d bytes before the server was asked", response.Status, reader.Buffered())}
	}
	return nil
}

func (l *link) secure(ctx context.Context, peer *url.URL, config *tls.Config) error {
	if config == nil {
		config = &tls.Config{}
	} else {
		config = config.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = peer.Hostname()
	}
	// Small records before the first 128 KiB would show a browser the first bytes sooner, and cost every hop.
	config.DynamicRecordSizingDisabled = true
	secured := tls.Client(l.Conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	l.Conn = secured
	return nil
}

// socketDialer dials TCP for one link.
type socketDialer struct{ made *link }

var _ proxy.ContextDialer = socketDialer{}

func (d socketDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d socketDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	socket, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	tune(socket)
	d.made.socket = nonblocking.Wrap(socket)
	return d.made.socket, nil
}

// addressOf is host and port of a URL.
func addressOf(address *url.URL) string {
	port := address.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[address.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(address.Hostname(), port)
}
