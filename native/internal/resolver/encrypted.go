package resolver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"slipway/native/internal/wire"
)

const (
	// inClearFor is how long a server that could not be asked over TLS, and need not be, is asked in the clear:
	// systemd-resolved's own DNS_SERVER_FEATURE_RETRY_MIN_USEC.
	inClearFor = 5 * time.Minute

	keptSessions = 16 // of TLS, so that the next question needs one round trip less
)

// tlsDialer opens connections for DNS over TLS (RFC 7858), by the rules of resolved.conf(5), "DNSOverTLS=".
type tlsDialer struct {
	under    Dial
	roots    *x509.CertPool // nil are this system's
	sessions tls.ClientSessionCache
}

func newTLSDialer(under Dial) *tlsDialer {
	return &tlsDialer{under: under, sessions: tls.NewLRUClientSessionCache(keptSessions)}
}

// dial returns a connection whose handshake is done. The certificate must be of the server's name, or of its address
// where it has none, and of an authority that this system trusts; of a server that may be asked in the clear, any will do.
func (dialer *tlsDialer) dial(ctx context.Context, server wire.Upstream) (net.Conn, error) {
	connection, err := dialer.under(ctx, "tcp", server.Dialled(server.Way))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server.Name, RootCAs: dialer.roots}
	if server.Name == "" {
		config.ServerName = server.Address.WithZone("").String()
	}
	if server.Way == wire.UpstreamOpportunistic {
		config.InsecureSkipVerify = true
	} else {
		config.ClientSessionCache = dialer.sessions
	}
	encrypted := tls.Client(connection, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		connection.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return encrypted, nil
}

// isEncrypted tells whether a server is asked over TLS now.
func (servers *Servers) isEncrypted(server wire.Upstream) bool {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	return server.Way != wire.UpstreamClear && !time.Now().Before(servers.clear[server])
}

func (servers *Servers) askInClear(server wire.Upstream) {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	servers.clear[server] = time.Now().Add(inClearFor)
}
