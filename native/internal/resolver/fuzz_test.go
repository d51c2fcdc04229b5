package resolver

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// written takes what the handler writes, as a socket would.
type written struct {
	dns.ResponseWriter
	remote   net.Addr
	messages []*dns.Msg
	sizes    []int
}

func (written *written) RemoteAddr() net.Addr { return written.remote }

func (written *written) WriteMsg(message *dns.Msg) error {
	packed, err := message.Pack()
	if err == nil {
		written.messages, written.sizes = append(written.messages, message), append(written.sizes, len(packed))
	}
	return err
}

// between makes a resolver between two exchanges that answer with the bytes given.
func between(cluster, upstream []byte) *Resolver {
	says := func(bytes []byte) Exchange {
		return func(_ context.Context, query *dns.Msg) (*dns.Msg, error) {
			response := new(dns.Msg)
			if err := response.Unpack(bytes); err != nil {
				return nil, err
			}
			response.Response, response.Question = true, query.Question
			return response, nil
		}
	}
	resolver := New(Config{Cluster: says(cluster), Upstream: says(upstream)})
	resolver.Set(Inputs{
		Domain:    "cluster.local",
		Scope:     wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"webshop", "dev"}},
		Routed:    []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12"), netip.MustParsePrefix("fd00::/64")},
		ClusterUp: true,
	})
	return resolver
}

func FuzzServeDNS(f *testing.F) {
	pack := func(message *dns.Msg) []byte {
		packed, err := message.Pack()
		if err != nil {
			f.Fatal(err)
		}
		return packed
	}
	record := func(text string) dns.RR {
		parsed, err := dns.NewRR(text)
		if err != nil {
			f.Fatal(err)
		}
		return parsed
	}
	alias := query("orders.webshop.svc.cluster.local", dns.TypeA)
	alias.Answer = []dns.RR{
		record("orders.webshop.svc.cluster.local. 5 IN CNAME a.cluster.local."),
		record("a.cluster.local. 5 IN CNAME www.example.test."), record("www.example.test. 5 IN A 192.0.2.1"),
	}
	service := query("orders.webshop.svc.cluster.local", dns.TypeSRV)
	service.Answer = []dns.RR{record("orders.webshop.svc.cluster.local. 5 IN SRV 0 1 80 a.cluster.local.")}
	service.Extra = []dns.RR{record("a.cluster.local. 5 IN A 10.96.0.1")}
	edns := query("orders.webshop", dns.TypeAAAA)
	edns.SetEdns0(65535, true)
	for _, question := range []*dns.Msg{
		alias, service, edns, query("wpad.webshop.svc", dns.TypeA), query("1.0.96.10.in-addr.arpa", dns.TypePTR),
		query("_http._tcp.orders.webshop", dns.TypeSRV), query(`a\.b\000.webshop`, dns.TypeANY), query(".", dns.TypeNS),
		query("0.0.d.f.ip6.arpa", dns.TypePTR), query(strings.Repeat("a.", 120), dns.TypeA),
	} {
		f.Add(pack(question), pack(alias), pack(service), true)
	}
	f.Fuzz(func(t *testing.T, question, cluster, upstream []byte, stream bool) {
		request := new(dns.Msg)
		if request.Unpack(question) != nil {
			return
		}
		resolver := between(cluster, upstream)
		defer resolver.Set(Inputs{})
		writer := &written{remote: &net.UDPAddr{}}
		if stream {
			writer.remote = &net.TCPAddr{}
		}
		asked := request.Copy()
		resolver.ServeDNS(writer, request)
		if len(writer.messages) > 1 || len(writer.messages) == 0 && !asked.Response {
			t.Fatalf("%d responses", len(writer.messages))
		}
		for index, response := range writer.messages {
			if response.Id != asked.Id || !response.Response {
				t.Fatal("the response is not to this request")
			}
			if !stream && writer.sizes[index] > maxDatagram {
				t.Fatalf("a datagram of %d bytes", writer.sizes[index])
			}
		}
	})
}

// FuzzFromCluster checks the promise that matters most: whatever the cluster says, only names of its zones come out.
func FuzzFromCluster(f *testing.F) {
	seed := query("orders.webshop.svc.cluster.local", dns.TypeA)
	for _, text := range []string{
		"orders.webshop.svc.cluster.local. 5 IN A 10.96.0.1", "www.example.test. 5 IN A 192.0.2.1",
		"orders.webshop.svc.cluster.local. 5 IN CNAME www.example.test.",
	} {
		record, err := dns.NewRR(text)
		if err != nil {
			f.Fatal(err)
		}
		seed.Answer = append(seed.Answer, record)
	}
	packed, err := seed.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, data []byte) {
		response := new(dns.Msg)
		if response.Unpack(data) != nil || len(response.Question) != 1 {
			return
		}
		plan := &plan{domain: "cluster.local.", zones: []string{"cluster.local."}}
		question := response.Question[0]
		question.Name = dns.CanonicalName(question.Name)
		if !plan.belongs(question.Name) {
			return
		}
		answer := fromCluster(plan, question, response)
		for _, records := range [][]dns.RR{answer.records, answer.extra, answer.foreign} {
			for _, record := range records {
				if !plan.belongs(record.Header().Name) {
					t.Fatalf("%v came through", record)
				}
			}
		}
	})
}

func BenchmarkKeptAnswer(b *testing.B) {
	laptop := newLaptop(b)
	request := query("orders.webshop", dns.TypeA)
	b.ReportAllocs()
	for b.Loop() {
		if response := laptop.Answer(b.Context(), request); len(response.Answer) != 1 {
			b.Fatal(response)
		}
	}
}
