package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/apiserver/portforward"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

// DialTimeout bounds a Dial whose context has no earlier deadline: name, TCP, proxy, TLS, upgrade and streams. At
// 500 ms of round trip these take about 4 s.
const DialTimeout = 15 * time.Second

// timing is what tests shorten.
type timing struct {
	// upgrade is how much of DialTimeout a gateway may take that swallows one protocol, before the other is tried.
	upgrade time.Duration
	// ping keeps gateways from closing an idle connection, which many do after a minute; 10 s is client-go's own.
	ping time.Duration
}

var usualTiming = timing{upgrade: 8 * time.Second, ping: 10 * time.Second}

const portForwardProtocol = "portforward.k8s.io"

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
	passed      atomic.Int32 // the protocol that did; SPDY before any, which costs each hop less (docs/adr/0036)
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

func (c *Carrier) dialWith(ctx context.Context, target wire.AgentTarget, because401 bool) (carrier.Stream, error) {
	credentials, err := c.credentials(ctx, because401)
	if err != nil {
		return nil, fmt.Errorf("get credentials: %w", err)
	}
	asked := portForwardTo(target)
	forward := forward{to: asked.address(c.server), port: target.Port, config: c.configWith(credentials), ping: c.timing.ping}
	first := protocol(c.passed.Load())
	var failures [2]error // of plainSPDY and webSocket
	opened, err := forward.open(ctx, first, c.timing.upgrade)
	if err == nil {
		return opened, nil
	}
	failures[first] = err
	if shouldFallBack(err) && ctx.Err() == nil {
		second := first.other()
		if opened, err = forward.open(ctx, second, 0); err == nil {
			c.passed.Store(int32(second))
			return opened, nil
		}
		failures[second] = err
		c.passed.Store(int32(plainSPDY))
	}
	return nil, c.explain(ctx, failures[webSocket], failures[plainSPDY], asked)
}

// forward is a port-forward that is asked for.
type forward struct {
	to     *url.URL
	port   int
	config *rest.Config
	ping   time.Duration
}

// open takes no longer than patience from the connection on, where that is not 0.
func (f forward) open(ctx context.Context, by protocol, patience time.Duration) (carrier.Stream, error) {
	upgraded, err := upgradeTo(ctx, by, portForwardProtocol, f.to, f.config, patience)
	if err != nil {
		return nil, err
	}
	opened, err := portforward.Open(upgraded, upgraded.abort, portforward.Options{
		Port: f.port, WebSocket: by == webSocket, Ping: f.ping, Explain: func(text string) error { return explainKubelet(text) },
	})
	if err != nil {
		return nil, upgraded.fail(ctx, err)
	}
	if err := upgraded.ready(ctx); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return opened, nil
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

// shouldFallBack tells whether the other protocol may work where one did not. A 403 may come from a Role that allows only "create"
// (SPDY) or only "get" (a WebSocket), so it is worth the second try; 401, the API server's own 404, and a server that is busy are
// not, and neither is what ended before the upgrade was asked for.
func shouldFallBack(err error) bool {
	if answered := answerOf(err); answered.code != 0 {
		isVerdict := answered.code == http.StatusNotFound || isBusy(answered)
		return answered.code != http.StatusUnauthorized && !(isVerdict && answered.isStatus)
	}
	// Such as a gateway that ends the connection at the sight of an upgrade, or lets it through and drops what follows.
	var broken *brokenUpgrade
	return errors.As(err, &broken) && explainTLS(err) == nil
}
