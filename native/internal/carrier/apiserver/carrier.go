package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

// DialTimeout bounds a Dial whose context has no earlier deadline: name, TCP, proxy, TLS, upgrade and streams. At
// 500 ms of round trip these take about 4 s.
const DialTimeout = 15 * time.Second

// timing is what tests shorten.
type timing struct {
	// webSocket is how much of DialTimeout a gateway may take that swallows the WebSocket's upgrade, before SPDY is tried.
	webSocket time.Duration
	// ping keeps gateways from closing an idle connection, which many do after a minute; 10 s is client-go's own.
	ping time.Duration
}

var usualTiming = timing{webSocket: 8 * time.Second, ping: 10 * time.Second}

// name is what the core knows this carrier by (its contract's path).
const name = "apiserver"

// Carrier dials pods of one cluster. It is safe for concurrent use.
type Carrier struct {
	server      *url.URL
	base        rest.Config // without credentials
	proxy       *url.URL    // nil for none
	credentials carrier.CredentialSource
	secrets     []string // of the proxy's URL, kept out of errors
	timing      timing
	plainSPDY   atomic.Bool // the WebSocket was refused, and SPDY taken
}

// New makes a Carrier; it opens nothing. Errors are of the address: not a URL, no certificate authority in the PEM.
func New(cluster wire.ClusterAddress, credentials carrier.CredentialSource) (carrier.Carrier, error) {
	made, err := open(cluster, credentials)
	if err != nil {
		return nil, err
	}
	return made, nil
}

func open(cluster wire.ClusterAddress, credentials carrier.CredentialSource) (*Carrier, error) {
	server, err := url.Parse(cluster.Server)
	if err != nil || server.Host == "" || server.Scheme != "https" && server.Scheme != "http" {
		return nil, problem(wire.CodeAPIUnreachable, "the API server's address is no http or https URL")
	}
	c := &Carrier{server: server, credentials: credentials, timing: usualTiming}
	c.base = rest.Config{
		Host: cluster.Server,
		TLSClientConfig: rest.TLSClientConfig{
			Insecure:   cluster.InsecureSkipTLSVerify,
			ServerName: cluster.TLSServerName,
		},
	}
	// client-go refuses both together; kubectl ignores the authority then.
	if !cluster.InsecureSkipTLSVerify && cluster.CertificateAuthority != "" {
		c.base.TLSClientConfig.CAData = []byte(cluster.CertificateAuthority)
	}
	if cluster.ProxyURL != "" {
		proxy, err := url.Parse(cluster.ProxyURL)
		if err != nil || proxy.Host == "" {
			return nil, problem(wire.CodeAPIUnreachable, "the proxy's address is no URL")
		}
		if proxy.Scheme == "socks5h" {
			proxy.Scheme = "socks5" // as in net/http: either leaves names to the proxy
		}
		c.proxy = proxy
		c.base.Proxy = http.ProxyURL(proxy)
		if password, ok := proxy.User.Password(); ok {
			c.secrets = append(c.secrets, password, url.QueryEscape(password), url.PathEscape(password))
		}
	}
	if act := cluster.Impersonate; act != nil {
		c.base.Impersonate = rest.ImpersonationConfig{UserName: act.User, UID: act.UID, Groups: act.Groups, Extra: act.Extra}
	}
	if _, err := rest.TLSConfigFor(&c.base); err != nil {
		return nil, problem(wire.CodeCertificateUntrusted, fmt.Sprintf("the certificate authority cannot be read: %v", err))
	}
	return c, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return name }

// Cost implements carrier.Carrier: API server, kubelet and container runtime pass on each byte.
func (c *Carrier) Cost() carrier.Cost { return carrier.Cost{Relays: 3} }

// Packets implements carrier.Carrier.
func (c *Carrier) Packets(opened carrier.Stream) carrier.Packets { return stream.New(name, opened) }

// Dial opens a stream to target. Errors are *wire.Problem: unauthorized, forbidden, agent-gone, agent-unreachable,
// api-unreachable, certificate-untrusted, certificate-expired, or the context's. Whether the port in the pod accepts
// shows only after Dial: where it does not, the stream's Read returns agent-unreachable, or agent-gone.
func (c *Carrier) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	if !portForwardTo(target).isPossible() || target.Port < 1 || target.Port > 65535 {
		return nil, problem(wire.CodeAgentGone, "the agent's namespace, pod or port is not possible")
	}
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	opened, err := c.dialWith(ctx, target, false)
	if mayNeedOthers(err) {
		opened, err = c.dialWith(ctx, target, true)
	}
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func portForwardTo(target wire.AgentTarget) upgrade {
	return upgrade{"pods/portforward", target.Namespace, target.Pod}
}

// mayNeedOthers tells whether other credentials may help: a token or a client certificate whose file has changed meanwhile.
func mayNeedOthers(err error) bool {
	var found *wire.Problem
	return errors.As(err, &found) && (found.Code == wire.CodeUnauthorized ||
		found.Code == wire.CodeCertificateExpired && found.Facts["whose"] == "client")
}

func (c *Carrier) dialWith(ctx context.Context, target wire.AgentTarget, because401 bool) (*portForwardStream, error) {
	credentials, err := c.credentials(ctx, because401)
	if err != nil {
		return nil, fmt.Errorf("get credentials: %w", err)
	}
	config := c.configWith(credentials)
	asked := portForwardTo(target)
	address := asked.address(c.server)
	overWebSocket := &webSocketDialer{url: address, config: config, ping: c.timing.ping}
	overSPDY := &spdyDialer{ctx: ctx, url: address, config: config, ping: c.timing.ping}
	connection, webSocketErr, err := c.upgrade(ctx, overWebSocket, overSPDY)
	if err != nil {
		return nil, c.explain(ctx, webSocketErr, err, asked)
	}
	transport := overWebSocket.transport
	if transport == nil {
		transport = overSPDY.transport
	}
	opened, err := openStream(ctx, connection, transport, target)
	if err != nil {
		return nil, c.explain(ctx, nil, err, asked)
	}
	return opened, nil
}

// upgrade opens a connection by WebSocket, and by SPDY where that may do better: client-go's fallback, which also knows what
// passed before, and does not wait for ever for a gateway that swallows the one.
func (c *Carrier) upgrade(ctx context.Context, overWebSocket *webSocketDialer, overSPDY *spdyDialer) (connection httpstream.Connection, webSocketErr, err error) {
	if !c.plainSPDY.Load() {
		limited, cancel := context.WithTimeout(ctx, c.timing.webSocket)
		overWebSocket.ctx = limited
		connection, _, webSocketErr = overWebSocket.Dial(portForwardProtocol)
		swallowed := ctx.Err() == nil && (limited.Err() != nil || isTimeout(webSocketErr))
		cancel()
		if webSocketErr == nil {
			return connection, nil, nil
		}
		if swallowed {
			webSocketErr = context.DeadlineExceeded
		} else if !shouldFallBack(webSocketErr) {
			return nil, nil, webSocketErr
		}
	}
	connection, _, err = overSPDY.Dial(portForwardProtocol)
	c.plainSPDY.Store(err == nil)
	return connection, webSocketErr, err
}

func (c *Carrier) configWith(credentials wire.ClusterCredentials) *rest.Config {
	config := rest.CopyConfig(&c.base)
	if credentials.ClientCertificate != "" {
		config.TLSClientConfig.CertData = []byte(credentials.ClientCertificate)
		config.TLSClientConfig.KeyData = []byte(credentials.ClientKey)
	}
	// client-go refuses both together; a token is the newer of the two ways.
	if credentials.BearerToken != "" {
		config.BearerToken = string(credentials.BearerToken)
	} else {
		config.Username, config.Password = credentials.Username, string(credentials.Password)
	}
	return config
}

// isTimeout: a socket's deadline passes a moment before its context's.
func isTimeout(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

// shouldFallBack tells whether SPDY may work where the WebSocket did not. A 403 may come from a Role that allows only
// "create" (POST, SPDY) and not "get" (WebSocket), so it is worth the second try; 401 and the API server's own 404 are not.
func shouldFallBack(err error) bool {
	// Beyond client-go's rule: a gateway that ends the connection at the sight of an upgrade.
	if httpstream.IsHTTPSProxyError(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return true
	}
	if !httpstream.IsUpgradeFailure(err) {
		return false
	}
	answered := answerOf(err)
	return answered.code != http.StatusUnauthorized && (answered.code != http.StatusNotFound || answered.isGateways())
}
