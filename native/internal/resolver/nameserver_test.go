package resolver

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// nameserver is a real DNS server on loopback, UDP and TCP on one port, with the records of one text.
type nameserver struct {
	address netip.AddrPort

	mutex   sync.Mutex
	records map[string][]dns.RR
	asked   []string // "TYPE name", as spelt
	rewrite func(response *dns.Msg, network string) *dns.Msg
}

// serve answers from records in zone file form; names below zone that are not there get NXDOMAIN and its SOA.
func serve(t testing.TB, zone string, text string) *nameserver {
	t.Helper()
	server := &nameserver{records: map[string][]dns.RR{}}
	parser := dns.NewZoneParser(strings.NewReader(text), "", "")
	for record, ok := parser.Next(); ok; record, ok = parser.Next() {
		name := dns.CanonicalName(record.Header().Name)
		server.records[name] = append(server.records[name], record)
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	handler := dns.HandlerFunc(func(writer dns.ResponseWriter, request *dns.Msg) { server.answer(zone, writer, request) })
	server.address = listen(t, handler)
	return server
}

// listen serves a handler on one free port of loopback, by UDP and TCP.
func listen(t testing.TB, handler dns.Handler) netip.AddrPort {
	t.Helper()
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err != nil { // somebody else's port
			packets.Close()
			continue
		}
		for _, server := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: listener, Handler: handler}} {
			started := make(chan struct{})
			server.NotifyStartedFunc = func() { close(started) }
			go func() { _ = server.ActivateAndServe() }()
			<-started
			t.Cleanup(func() { _ = server.Shutdown() })
		}
		return netip.MustParseAddrPort(packets.LocalAddr().String())
	}
	t.Fatal("no port is free for both UDP and TCP")
	return netip.AddrPort{}
}

func (server *nameserver) answer(zone string, writer dns.ResponseWriter, request *dns.Msg) {
	question := request.Question[0]
	network := writer.LocalAddr().Network()
	server.mutex.Lock()
	server.asked = append(server.asked, dns.TypeToString[question.Qtype]+" "+question.Name)
	rewrite := server.rewrite
	server.mutex.Unlock()
	response := new(dns.Msg).SetReply(request)
	response.RecursionAvailable = true
	name := dns.CanonicalName(question.Name)
	server.mutex.Lock()
	_, exists := server.records[name]
	for range 5 {
		next := ""
		for _, record := range server.records[name] {
			if record.Header().Rrtype == question.Qtype {
				response.Answer = append(response.Answer, dns.Copy(record))
			} else if alias, ok := record.(*dns.CNAME); ok {
				response.Answer = append(response.Answer, dns.Copy(record))
				next = dns.CanonicalName(alias.Target)
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	server.mutex.Unlock()
	if !exists {
		response.Rcode = dns.RcodeNameError
	}
	if len(response.Answer) == 0 {
		start, err := dns.NewRR(zone + " 3600 IN SOA ns." + zone + " hostmaster." + zone + " 1 7200 1800 86400 3600")
		if err == nil {
			response.Ns = append(response.Ns, start)
		}
	}
	if option := request.IsEdns0(); option != nil {
		response.SetEdns0(1232, option.Do())
	}
	if rewrite != nil {
		if response = rewrite(response, network); response == nil {
			return
		}
	}
	fit(response, request, network == "tcp")
	_ = writer.WriteMsg(response)
}

func (server *nameserver) rewriteWith(rewrite func(response *dns.Msg, network string) *dns.Msg) {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	server.rewrite = rewrite
}

func (server *nameserver) set(name string, records ...string) {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	delete(server.records, name)
	for _, text := range records {
		record, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		server.records[name] = append(server.records[name], record)
	}
}

// questions returns what was asked since the last call.
func (server *nameserver) questions() []string {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	asked := server.asked
	server.asked = nil
	return asked
}

const clusterRecords = `
orders.webshop.svc.cluster.local.    30 IN A 10.96.10.10
orders.webshop.svc.cluster.local.    30 IN TXT "orders"
api.dev.svc.cluster.local.           30 IN A 10.96.10.11
ledger.infra.svc.cluster.local.      30 IN A 10.244.1.5
ledger.infra.svc.cluster.local.      30 IN A 10.244.2.6
ledger-0.ledger.infra.svc.cluster.local. 30 IN A 10.244.1.5
ledger-0.ledger.webshop.svc.cluster.local. 30 IN A 10.244.1.7
10-244-1-5.webshop.pod.cluster.local. 30 IN A 10.244.1.5
_http._tcp.orders.webshop.svc.cluster.local. 30 IN SRV 0 100 80 orders.webshop.svc.cluster.local.
10.10.96.10.in-addr.arpa.            30 IN PTR orders.webshop.svc.cluster.local.
outside.infra.svc.cluster.local.     30 IN CNAME www.example.test.
www.example.test.                    30 IN A 192.0.2.66
inside.infra.svc.cluster.local.      30 IN CNAME orders.webshop.svc.cluster.local.
private.infra.svc.cluster.local.     30 IN CNAME database.example.test.
database.example.test.               30 IN A 10.244.9.9
vpc.infra.svc.cluster.local.         30 IN CNAME only.vpc.test.
only.vpc.test.                       30 IN A 172.31.0.9
`

const upstreamRecords = `
www.example.test.      300 IN A 203.0.113.5
www.example.test.      300 IN AAAA 2001:db8::5
www.example.test.      300 IN HTTPS 1 . alpn=h2
x.dev.                 300 IN A 203.0.113.9
printer.webshop.       300 IN A 192.0.2.7
printer.queue.         300 IN A 192.0.2.9
database.example.test. 300 IN A 203.0.113.8
9.2.0.192.in-addr.arpa. 300 IN PTR host.example.test.
use-application-dns.net. 300 IN A 203.0.113.53
wpad.webshop.          300 IN A 192.0.2.8
wpad.                  300 IN A 192.0.2.8
`

// laptop is a resolver between two real nameservers, itself served on real sockets.
type laptop struct {
	*Resolver
	t                 testing.TB
	cluster, upstream *nameserver
	address           netip.AddrPort
}

func newLaptop(t testing.TB) *laptop {
	t.Helper()
	cluster, upstream := serve(t, "cluster.local.", clusterRecords), serve(t, "example.test.", upstreamRecords)
	resolver := New(Config{
		Cluster:  NewCluster(NewUpstream(nil, nil).dial, []netip.AddrPort{cluster.address}).Exchange,
		Upstream: NewUpstream(inClear([]netip.AddrPort{upstream.address}), nil).Exchange,
	})
	resolver.Set(Inputs{
		Domain:    "cluster.local",
		Scope:     wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"webshop", "infra", "dev", "test"}, Headless: []string{"dev", "infra", "ledger", "queue", "Not a label"}},
		Routed:    []netip.Prefix{netip.MustParsePrefix("10.96.0.0/16"), netip.MustParsePrefix("10.244.0.0/16")},
		ClusterUp: true,
	})
	t.Cleanup(func() { resolver.Set(Inputs{}) })
	return &laptop{Resolver: resolver, t: t, cluster: cluster, upstream: upstream, address: listen(t, resolver)}
}

// change gives the resolver the inputs that it has, but for what edit changes.
func (laptop *laptop) change(edit func(*Inputs)) {
	inputs := laptop.inputs
	edit(&inputs)
	laptop.Set(inputs)
}

func (laptop *laptop) tunnel(up bool) { laptop.change(func(inputs *Inputs) { inputs.ClusterUp = up }) }

func query(name string, kind uint16) *dns.Msg { return new(dns.Msg).SetQuestion(dns.Fqdn(name), kind) }

// exchange asks as a program would, over the named network.
func (laptop *laptop) exchange(network string, request *dns.Msg) *dns.Msg {
	laptop.t.Helper()
	client := &dns.Client{Net: network, Timeout: 10 * time.Second, UDPSize: dns.MaxMsgSize}
	response, _, err := client.Exchange(request, laptop.address.String())
	if err != nil {
		laptop.t.Fatalf("ask %s: %v", request.Question[0].Name, err)
	}
	if len(response.Question) != 1 || response.Question[0] != request.Question[0] {
		laptop.t.Fatalf("the answer is to %v, not to %v", response.Question, request.Question)
	}
	return response
}

func (laptop *laptop) ask(name string, kind uint16) *dns.Msg {
	laptop.t.Helper()
	return laptop.exchange("udp", query(name, kind))
}

// told puts a response on one line: the code, then the records without their times to live.
func line(response *dns.Msg) string {
	parts := []string{dns.RcodeToString[response.Rcode]}
	for _, record := range response.Answer {
		fields := strings.Fields(record.String())
		parts = append(parts, strings.Join(append(fields[:1:1], fields[3:]...), " "))
	}
	return strings.Join(parts, " | ")
}
