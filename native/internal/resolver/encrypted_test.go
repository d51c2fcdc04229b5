package resolver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// authority signs certificates.
type authority struct {
	t           *testing.T
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	made := &authority{t: t}
	made.key, made.certificate = made.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return made
}

func (authority *authority) sign(template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	authority.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		authority.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "test"}
	template.NotBefore = time.Now().Add(-48 * time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, parentKey := authority.certificate, authority.key
	if parent == nil {
		parent, parentKey = template, key
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		authority.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(signed)
	if err != nil {
		authority.t.Fatal(err)
	}
	return key, certificate
}

// serveTLS is a nameserver on one port: over TLS by TCP, in the clear by UDP. It counts what it was asked each way.
func serveTLS(t *testing.T, by *authority, template *x509.Certificate) (address netip.AddrPort, encrypted, clear *atomic.Int32) {
	t.Helper()
	key, certificate := by.sign(template)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}}}
	return serveWith(t, func(listener net.Listener) net.Listener { return tls.NewListener(listener, config) })
}

func serveWith(t *testing.T, wrap func(net.Listener) net.Listener) (address netip.AddrPort, streamed, clear *atomic.Int32) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		t.Skip("the same port of TCP is somebody else's") // rare
	}
	answering := &nameserver{records: map[string][]dns.RR{}}
	streamed, clear = new(atomic.Int32), new(atomic.Int32)
	record, err := dns.NewRR("api.corp. 300 IN A 192.0.2.20")
	if err != nil {
		t.Fatal(err)
	}
	answering.records["api.corp."] = []dns.RR{record}
	counting := func(count *atomic.Int32) dns.Handler {
		return dns.HandlerFunc(func(writer dns.ResponseWriter, request *dns.Msg) {
			count.Add(1)
			answering.answer("corp.", writer, request)
		})
	}
	servers := []*dns.Server{{PacketConn: packets, Handler: counting(clear)}}
	if wrap != nil {
		servers = append(servers, &dns.Server{Listener: wrap(listener), Handler: counting(streamed)})
	}
	for _, server := range servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	t.Cleanup(func() { listener.Close() })
	return netip.MustParseAddrPort(packets.LocalAddr().String()), streamed, clear
}

// A laptop whose resolver asks over TLS is asked for as that: never in the clear where it must not be.
func TestUpstreamsAreAskedOverTLSAsTheLaptopDoes(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(ours.certificate)
	named := func() *x509.Certificate { return &x509.Certificate{DNSNames: []string{"dns.corp"}} }
	byAddress := &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	expired := named()
	expired.NotAfter = time.Now().Add(-time.Hour)
	const good, none = "NOERROR | api.corp. A 192.0.2.20", "SERVFAIL"
	plain := func(listener net.Listener) net.Listener { return listener }
	for name, check := range map[string]struct {
		way, name        string
		by               *authority
		certificate      *x509.Certificate               // nil: the port has no TLS
		wrap             func(net.Listener) net.Listener // of a port without TLS; nil: it is silent
		answer           string
		isTLS, isInClear bool
	}{
		"its name":                        {wire.UpstreamTLS, "dns.corp", ours, named(), nil, good, true, false},
		"its address":                     {wire.UpstreamTLS, "", ours, byAddress, nil, good, true, false},
		"another name":                    {wire.UpstreamTLS, "dns.example", ours, named(), nil, none, false, false},
		"a name, and none is given":       {wire.UpstreamTLS, "", ours, named(), nil, none, false, false},
		"another authority":               {wire.UpstreamTLS, "dns.corp", theirs, named(), nil, none, false, false},
		"expired":                         {wire.UpstreamTLS, "dns.corp", ours, expired, nil, none, false, false},
		"no TLS there":                    {wire.UpstreamTLS, "dns.corp", nil, nil, plain, none, false, false},
		"silent":                          {wire.UpstreamTLS, "dns.corp", nil, nil, nil, none, false, false},
		"where it can, it can":            {wire.UpstreamOpportunistic, "", ours, named(), nil, good, true, false},
		"where it can, another authority": {wire.UpstreamOpportunistic, "dns.corp", theirs, expired, nil, good, true, false},
		"where it can, no TLS there":      {wire.UpstreamOpportunistic, "dns.corp", nil, nil, plain, good, false, true},
		"where it can, silent":            {wire.UpstreamOpportunistic, "dns.corp", nil, nil, nil, good, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var address netip.AddrPort
			var encrypted, clear *atomic.Int32
			if check.certificate != nil {
				copied := *check.certificate
				address, encrypted, clear = serveTLS(t, check.by, &copied)
			} else {
				address, encrypted, clear = serveWith(t, check.wrap)
			}
			cluster := serve(t, "cluster.local.", clusterRecords)
			resolver := New(Config{Cluster: NewCluster(NewUpstream(nil, nil).dial, []netip.AddrPort{cluster.address}).Exchange})
			resolver.upstreamServers.tls.roots = roots
			resolver.upstreamServers.timeout = time.Second
			resolver.Set(Inputs{
				Domain: "cluster.local", Scope: wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"webshop", "corp"}}, ClusterUp: true,
				Upstreams: []wire.Upstream{{Address: address.Addr(), Port: address.Port(), Way: check.way, Name: check.name}},
			})
			for range 2 { // api.corp could be a Service of the namespace corp, which the cluster lacks
				if got := ask(t, resolver, "api.corp"); got != check.answer {
					t.Errorf("got %s", got)
				}
			}
			if encrypted.Load() > 0 != check.isTLS || clear.Load() > 0 != check.isInClear {
				t.Errorf("asked %d times over TLS, %d times in the clear", encrypted.Load(), clear.Load())
			}
		})
	}
}

// The next server has its turn where TLS with the first fails, and one that is asked in the clear stays so for a while.
func TestTheNextServerIsAskedWhereTLSFails(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	broken, _, _ := serveTLS(t, ours, &x509.Certificate{DNSNames: []string{"other.corp"}})
	good, encrypted, _ := serveTLS(t, ours, &x509.Certificate{DNSNames: []string{"dns.corp"}})
	servers := NewUpstream([]wire.Upstream{
		{Address: broken.Addr(), Port: broken.Port(), Way: wire.UpstreamTLS, Name: "dns.corp"},
		{Address: good.Addr(), Port: good.Port(), Way: wire.UpstreamTLS, Name: "dns.corp"},
	}, nil)
	servers.tls.roots = x509.NewCertPool()
	servers.tls.roots.AddCert(ours.certificate)
	for range 3 {
		response, err := servers.Exchange(t.Context(), query("api.corp", dns.TypeA))
		if err != nil || line(response) != "NOERROR | api.corp. A 192.0.2.20" {
			t.Errorf("got %v, %v", response, err)
		}
	}
	if encrypted.Load() != 3 {
		t.Errorf("the second was asked %d times", encrypted.Load())
	}

	unable, streamed, clear := serveWith(t, func(listener net.Listener) net.Listener { return listener })
	servers.Set([]wire.Upstream{{Address: unable.Addr(), Port: unable.Port(), Way: wire.UpstreamOpportunistic}})
	for range 3 {
		if _, err := servers.Exchange(t.Context(), query("api.corp", dns.TypeA)); err != nil {
			t.Error(err)
		}
	}
	if clear.Load() != 3 || streamed.Load() != 0 {
		t.Errorf("asked %d times in the clear, %d times by TCP", clear.Load(), streamed.Load())
	}
}
