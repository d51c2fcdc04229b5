package resolver

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

func upstreamOf(servers ...netip.AddrPort) *Resolver {
	resolver := New(Config{Own: []netip.Addr{netip.MustParseAddr("198.18.0.2")}})
	resolver.Set(Inputs{Upstreams: inClear(servers)})
	return resolver
}

func ask(t *testing.T, resolver *Resolver, name string) string {
	t.Helper()
	return line(resolver.Answer(t.Context(), query(name, dns.TypeA)))
}

const worldAnswer = "NOERROR | www.example.test. A 203.0.113.5"

// silence takes datagrams and never answers.
func silence(t *testing.T) (netip.AddrPort, *atomic.Int32) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	var count atomic.Int32
	go func() {
		buffer := make([]byte, 512)
		for {
			if _, _, err := socket.ReadFrom(buffer); err != nil {
				return
			}
			count.Add(1)
		}
	}()
	return netip.MustParseAddrPort(socket.LocalAddr().String()), &count
}

func TestASilentServerIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	silent, heard := silence(t)
	good := serve(t, "example.test.", upstreamRecords)
	resolver := upstreamOf(silent, good.address)
	if got := ask(t, resolver, "www.example.test"); got != worldAnswer {
		t.Fatalf("got %s", got)
	}
	before := heard.Load()
	if got := ask(t, resolver, "x.dev"); got != "NOERROR | x.dev. A 203.0.113.9" {
		t.Errorf("got %s", got)
	}
	if heard.Load() != before {
		t.Error("the silent server was asked first again, which costs every name its time-out")
	}
}

func TestAServerThatFailsOrRefusesIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	good := serve(t, "example.test.", upstreamRecords)
	for _, rcode := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented} {
		bad := serve(t, "example.test.", "")
		bad.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
			response.Rcode = rcode
			return response
		})
		if got := ask(t, upstreamOf(closed, bad.address, good.address), "www.example.test"); got != worldAnswer {
			t.Errorf("after %s: %s", dns.RcodeToString[rcode], got)
		}
		if got := ask(t, upstreamOf(bad.address), "www.example.test"); got != dns.RcodeToString[rcode] {
			t.Errorf("%s alone: %s", dns.RcodeToString[rcode], got)
		}
	}
	missing := serve(t, "example.test.", "")
	if got := ask(t, upstreamOf(missing.address, good.address), "www.example.test"); got != "NXDOMAIN" {
		t.Errorf("NXDOMAIN is an answer, not a failure: %s", got)
	}
}

func TestALostDatagramIsSentAgain(t *testing.T) {
	t.Parallel()
	server := serve(t, "example.test.", upstreamRecords)
	var seen atomic.Int32
	server.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		if seen.Add(1) == 1 {
			return nil
		}
		return response
	})
	resolver := upstreamOf(server.address)
	resolver.upstreamServers.timeout = answerTimeout // a busy machine must not decide this test
	if got := ask(t, resolver, "www.example.test"); got != worldAnswer {
		t.Errorf("got %s", got)
	}
}

func TestForgedDatagramsDoNotEndTheWait(t *testing.T) {
	t.Parallel()
	address := listen(t, dns.HandlerFunc(func(writer dns.ResponseWriter, request *dns.Msg) {
		forged := new(dns.Msg).SetReply(request)
		forged.Answer, _ = answersOf("www.example.test. 300 IN A 192.0.2.66")
		forged.Id++
		_ = writer.WriteMsg(forged)
		forged.Id--
		forged.Question = []dns.Question{{Name: "other.example.test.", Qtype: dns.TypeA, Qclass: dns.ClassINET}}
		_ = writer.WriteMsg(forged)
		_, _ = writer.Write([]byte{1, 2, 3})
		honest := new(dns.Msg).SetReply(request)
		honest.Answer, _ = answersOf("www.example.test. 300 IN A 203.0.113.5")
		_ = writer.WriteMsg(honest)
	}))
	if got := ask(t, upstreamOf(address), "www.example.test"); got != worldAnswer {
		t.Errorf("got %s", got)
	}
}

func answersOf(text string) ([]dns.RR, error) {
	record, err := dns.NewRR(text)
	return []dns.RR{record}, err
}

func TestWeNeverAskOurselves(t *testing.T) {
	t.Parallel()
	good := serve(t, "example.test.", upstreamRecords)
	for _, own := range []string{"198.18.0.2:53", "[::ffff:198.18.0.2]:53"} {
		resolver := upstreamOf(netip.MustParseAddrPort(own), good.address)
		if list := resolver.upstreamServers.inOrder(); !slices.Equal(list, inClear([]netip.AddrPort{good.address})) {
			t.Errorf("asks %v", list)
		}
		if got := ask(t, resolver, "www.example.test"); got != worldAnswer {
			t.Errorf("got %s", got)
		}
		if got := ask(t, upstreamOf(netip.MustParseAddrPort(own)), "www.example.test"); got != "SERVFAIL" {
			t.Errorf("with no other server: %s", got)
		}
	}
}

func TestAServerThatAsksUsBackIsNoEndlessLoop(t *testing.T) {
	t.Parallel()
	resolver := New(Config{})
	var asked atomic.Int32
	address := listen(t, dns.HandlerFunc(func(writer dns.ResponseWriter, request *dns.Msg) {
		asked.Add(1)
		resolver.ServeDNS(writer, request)
	}))
	resolver.Set(Inputs{Upstreams: inClear([]netip.AddrPort{address})})
	if got := ask(t, resolver, "www.example.test"); got != "SERVFAIL" {
		t.Errorf("got %s", got)
	}
	if asked.Load() > 4 { // one exchange, its datagram sent twice
		t.Errorf("went around %d times", asked.Load())
	}
}

func manyEndpoints(count int) string {
	var text strings.Builder
	for index := range count {
		fmt.Fprintf(&text, "many.webshop.svc.cluster.local. 30 IN A 10.244.%d.%d\n", index/200, index%200+1)
	}
	return text.String()
}

func TestLargeAnswersComeWholeOverTCP(t *testing.T) {
	laptop := newLaptop(t)
	many := serve(t, "cluster.local.", manyEndpoints(400))
	laptop.cluster.mutex.Lock()
	laptop.cluster.records = many.records
	laptop.cluster.mutex.Unlock()
	laptop.upstream.set("many.example.test.", strings.Split(strings.TrimSpace(strings.ReplaceAll(manyEndpoints(400), "many.webshop.svc.cluster.local.", "many.example.test.")), "\n")...)
	for _, name := range []string{"many.webshop", "many.example.test"} {
		short := laptop.ask(name, dns.TypeA)
		short.Compress = true // as it was on the wire
		if !short.Truncated || short.Len() > dns.MinMsgSize {
			t.Errorf("%s: %d bytes, truncated %v, without EDNS", name, short.Len(), short.Truncated)
		}
		request := query(name, dns.TypeA)
		request.SetEdns0(1232, false)
		middle := laptop.exchange("udp", request)
		middle.Compress = true
		if !middle.Truncated || middle.Len() > 1232 || len(middle.Answer) <= len(short.Answer) {
			t.Errorf("%s: %d bytes, truncated %v, with EDNS", name, middle.Len(), middle.Truncated)
		}
		if whole := laptop.exchange("tcp", query(name, dns.TypeA)); whole.Truncated || len(whole.Answer) != 400 {
			t.Errorf("%s: %d records over TCP, truncated %v", name, len(whole.Answer), whole.Truncated)
		}
	}
}

func TestWhatBelongsToOneAskerIsPassedOn(t *testing.T) {
	laptop := newLaptop(t)
	var options atomic.Int32
	laptop.upstream.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		options.Add(1)
		if option := response.IsEdns0(); option != nil {
			option.Option = append(option.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: "6f6666696365"})
		}
		return response
	})
	for range 2 {
		request := query("www.example.test", dns.TypeA)
		request.SetEdns0(1232, true)
		request.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_NSID{Code: dns.EDNS0NSID}}
		response := laptop.exchange("udp", request)
		if line(response) != worldAnswer || !strings.Contains(response.String(), "NSID: 6f6666696365") {
			t.Errorf("the option did not come back: %v", response)
		}
	}
	if options.Load() != 2 {
		t.Errorf("asked %d times", options.Load())
	}
	plain := query("www.example.test", dns.TypeA)
	plain.SetEdns0(4096, true)
	if option := laptop.exchange("udp", plain).IsEdns0(); option == nil || !option.Do() {
		t.Error("EDNS and its DO bit are not answered")
	}
	if laptop.ask("www.example.test", dns.TypeA).IsEdns0() != nil {
		t.Error("EDNS is answered to who did not ask with it")
	}
}

func TestAClusterServerWithoutEDNSIsAskedWithout(t *testing.T) {
	laptop := newLaptop(t)
	laptop.cluster.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
		if response.IsEdns0() != nil {
			response.Rcode, response.Answer, response.Ns, response.Extra = dns.RcodeFormatError, nil, nil, nil
		}
		return response
	})
	if got := line(laptop.ask("orders.webshop.svc", dns.TypeA)); got != "NOERROR | orders.webshop.svc. A 10.96.10.10" {
		t.Errorf("got %s", got)
	}
}
