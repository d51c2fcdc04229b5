package serviceping

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

const (
	laptop  = "198.18.0.1"
	orders  = "10.96.10.10"
	ledger  = "10.96.20.20"
	podA    = "10.244.1.5"
	podB    = "10.244.2.6"
	gateway = "10.244.0.1"

	typeEchoReply    = 0 // RFC 792
	typeUnreachable  = 3
	typeEchoRequest  = 8
	typeTimeExceeded = 11
)

// checksum is the plain sum of RFC 1071: the tests do not trust the incremental one.
func checksum(bytes []byte) uint16 {
	total := uint32(0)
	for index, value := range bytes {
		total += uint32(value) << (8 * (1 - index%2))
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return ^uint16(total)
}

func messageOf(source, destination string, message []byte) []byte {
	result := make([]byte, 20, 20+len(message))
	result[0], result[8], result[9] = 0x45, 64, packet.ICMP
	binary.BigEndian.PutUint16(result[2:], uint16(20+len(message)))
	from, to := netip.MustParseAddr(source).As4(), netip.MustParseAddr(destination).As4()
	copy(result[12:], from[:])
	copy(result[16:], to[:])
	binary.BigEndian.PutUint16(result[10:], checksum(result))
	binary.BigEndian.PutUint16(message[2:], 0)
	binary.BigEndian.PutUint16(message[2:], checksum(message))
	return append(result, message...)
}

func echoOf(source, destination string, kind byte, identifier, sequence uint16) []byte {
	message := []byte{kind, 0, 0, 0, 0, 0, 0, 0, 'p', 'a', 'y', 'l', 'o', 'a', 'd'}
	binary.BigEndian.PutUint16(message[4:], identifier)
	binary.BigEndian.PutUint16(message[6:], sequence)
	return messageOf(source, destination, message)
}

func request(destination string, identifier uint16) []byte {
	return echoOf(laptop, destination, typeEchoRequest, identifier, 1)
}

// answer is what the pinged host sends for a request.
func answer(request []byte) []byte {
	return echoOf(to(request), from(request), typeEchoReply, word(request, 24), word(request, 26))
}

func from(raw []byte) string               { return netip.AddrFrom4([4]byte(raw[12:16])).String() }
func to(raw []byte) string                 { return netip.AddrFrom4([4]byte(raw[16:20])).String() }
func word(bytes []byte, offset int) uint16 { return binary.BigEndian.Uint16(bytes[offset:]) }

func outbound(rewriter *Rewriter, raw []byte) Verdict {
	parsed, ok := packet.Parse(raw)
	if !ok {
		return Pass
	}
	return rewriter.Outbound(&parsed)
}

func inbound(rewriter *Rewriter, raw []byte) {
	if parsed, ok := packet.Parse(raw); ok {
		rewriter.Inbound(&parsed)
	}
}

func expectSound(t *testing.T, raw []byte) {
	t.Helper()
	if checksum(raw[:20]) != 0 || checksum(raw[20:]) != 0 {
		t.Fatalf("a checksum is wrong: %x", raw)
	}
}

func rewriterOf(services map[string][]string) *Rewriter {
	rewriter := New()
	rewriter.Change(endpointsOf(services), true)
	return rewriter
}

// endpointsOf names each Service by its address.
func endpointsOf(services map[string][]string) map[wire.ServiceName][]wire.ServiceEndpoint {
	all := map[wire.ServiceName][]wire.ServiceEndpoint{}
	for address, ready := range services {
		all[wire.ServiceName{Name: address}] = []wire.ServiceEndpoint{{Address: address, Ready: ready}}
	}
	return all
}

// ping sends one echo and returns the endpoint that got it; the reply must look as if the Service had answered.
func ping(t *testing.T, rewriter *Rewriter, destination string, identifier uint16) string {
	t.Helper()
	asked := request(destination, identifier)
	sent := slices.Clone(asked)
	if verdict := outbound(rewriter, sent); verdict != Rewritten {
		t.Fatalf("ping %s: verdict %d", destination, verdict)
	}
	expectSound(t, sent)
	reply := answer(sent)
	inbound(rewriter, reply)
	expectSound(t, reply)
	if want := answer(asked); !slices.Equal(reply, want) {
		t.Fatalf("the program gets %x, want %x", reply, want)
	}
	return to(sent)
}

func TestAServiceAnswersThroughOneEndpointPerRunOfPing(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA, podB}})
	used := map[string]bool{}
	for identifier := range uint16(4) {
		first := ping(t, rewriter, orders, identifier)
		used[first] = true
		for range 3 {
			if again := ping(t, rewriter, orders, identifier); again != first {
				t.Errorf("run %d changed from %s to %s", identifier, first, again)
			}
		}
	}
	if !used[podA] || !used[podB] {
		t.Errorf("runs went to %v only", used)
	}
}

func TestAnEndpointThatIsNoLongerReadyIsLeft(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA, podB}})
	first := ping(t, rewriter, orders, 7)
	other := podA
	if first == podA {
		other = podB
	}
	rewriter.Change(endpointsOf(map[string][]string{orders: {other}}), false)
	if now := ping(t, rewriter, orders, 7); now != other {
		t.Errorf("still to %s", now)
	}
	rewriter.Change(endpointsOf(map[string][]string{orders: nil}), false)
	if verdict := outbound(rewriter, request(orders, 7)); verdict != Drop {
		t.Errorf("no endpoint is ready: verdict %d", verdict)
	}
}

func TestAChangeTouchesNothingElse(t *testing.T) {
	const catalog = "10.96.0.99"
	of := func(name, address string, ready ...string) map[wire.ServiceName][]wire.ServiceEndpoint {
		return map[wire.ServiceName][]wire.ServiceEndpoint{{Name: name}: {{Address: address, Ready: ready}}}
	}
	gone := func(name string) map[wire.ServiceName][]wire.ServiceEndpoint {
		return map[wire.ServiceName][]wire.ServiceEndpoint{{Name: name}: nil}
	}
	for name, row := range map[string]struct {
		change           map[wire.ServiceName][]wire.ServiceEndpoint
		whole            bool
		orders, catalogs Verdict
	}{
		"another one changed":           {of("catalog", catalog, podB), false, Rewritten, Rewritten},
		"another one lost its last":     {of("catalog", catalog), false, Rewritten, Drop},
		"another one is gone":           {gone("catalog"), false, Rewritten, Pass},
		"one that nobody knew is gone":  {gone("nobody"), false, Rewritten, Rewritten},
		"a whole list without the one":  {of("catalog", catalog, podB), true, Pass, Rewritten},
		"it moved to another address":   {of("catalog", "10.96.0.98", podB), false, Rewritten, Pass},
		"its address has another owner": {of("heir", catalog, podB), false, Rewritten, Rewritten},
	} {
		t.Run(name, func(t *testing.T) {
			rewriter := New()
			rewriter.Change(of("orders", orders, podA), true)
			rewriter.Change(of("catalog", catalog, podB), false)
			rewriter.Change(row.change, row.whole)
			if verdict := outbound(rewriter, request(orders, 1)); verdict != row.orders {
				t.Errorf("orders: verdict %d", verdict)
			}
			if verdict := outbound(rewriter, request(catalog, 1)); verdict != row.catalogs {
				t.Errorf("catalog: verdict %d", verdict)
			}
		})
	}
	// The heir of an address keeps it when the one before goes, whichever is heard of first.
	rewriter := New()
	rewriter.Change(of("catalog", catalog, podB), true)
	rewriter.Change(of("heir", catalog, podA), false)
	rewriter.Change(gone("catalog"), false)
	if verdict := outbound(rewriter, request(catalog, 1)); verdict != Rewritten {
		t.Errorf("the heir: verdict %d", verdict)
	}
}

func TestWhatIsNoEchoToAServicePasses(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA}})
	ping(t, rewriter, orders, 1)
	tcp := request(orders, 1)
	tcp[9] = 6
	for name, other := range map[string][]byte{
		"a pod": request(podA, 1), "a TCP segment": tcp, "nothing": {}, "a cut header": request(orders, 1)[:12],
		"a cut message": request(orders, 1)[:24], "a timestamp request": echoOf(laptop, orders, 13, 1, 1),
	} {
		before := slices.Clone(other)
		if verdict := outbound(rewriter, other); verdict != Pass || !slices.Equal(before, other) {
			t.Errorf("%s: verdict %d, changed %v", name, verdict, !slices.Equal(before, other))
		}
	}
}

func TestOneIdentifierTowardTwoServicesOfOnePodIsKeptApart(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA}, ledger: {podA}})
	toOrders, toLedger := request(orders, 9), request(ledger, 9)
	outbound(rewriter, toOrders)
	outbound(rewriter, toLedger)
	for sent, want := range map[*[]byte]string{&toOrders: orders, &toLedger: ledger} {
		reply := answer(*sent)
		inbound(rewriter, reply)
		if from(reply) != want || word(reply, 24) != 9 {
			t.Errorf("the answer of %s comes from %s", want, from(reply))
		}
	}
	// The pod pinged by its own address answers under its own address, whatever identifier the program chose.
	chosen := word(toOrders, 24)
	direct := request(podA, chosen)
	if outbound(rewriter, direct) != Pass {
		t.Fatal("a pod's own address was mapped")
	}
	reply := answer(direct)
	inbound(rewriter, reply)
	if from(reply) != podA || word(reply, 24) != chosen {
		t.Errorf("the pod's answer comes from %s", from(reply))
	}
}

func TestErrorsQuoteWhatTheProgramSent(t *testing.T) {
	for kind, reporter := range map[byte]string{typeTimeExceeded: gateway, typeUnreachable: podA} {
		rewriter := rewriterOf(map[string][]string{orders: {podA}})
		asked := request(orders, 33)
		sent := slices.Clone(asked)
		outbound(rewriter, sent)
		report := messageOf(reporter, laptop, append([]byte{kind, 1, 0, 0, 0, 0, 0, 0}, sent...))
		inbound(rewriter, report)
		expectSound(t, report)
		if !slices.Equal(report[28:], asked) {
			t.Errorf("type %d quotes %x, want %x", kind, report[28:], asked)
		}
		want := reporter
		if reporter == podA {
			want = orders // as connection tracking does: the program knows no endpoint
		}
		if from(report) != want {
			t.Errorf("type %d comes from %s, want %s", kind, from(report), want)
		}
	}
}

func TestForeignRepliesAreLeftAlone(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA}})
	sent := request(orders, 5)
	outbound(rewriter, sent)
	for name, other := range map[string][]byte{
		"another host":       echoOf(podB, laptop, typeEchoReply, word(sent, 24), 1),
		"another identifier": echoOf(podA, laptop, typeEchoReply, word(sent, 24)+1, 1),
		"another laptop":     echoOf(podA, "198.18.0.9", typeEchoReply, word(sent, 24), 1),
		"a short quotation":  messageOf(gateway, laptop, append([]byte{typeTimeExceeded, 0, 0, 0, 0, 0, 0, 0}, sent[:24]...)),
	} {
		before := slices.Clone(other)
		if inbound(rewriter, other); !slices.Equal(before, other) {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestFragmentsOfAnEchoToAServiceAreDropped(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA}})
	for destination, want := range map[string]Verdict{orders: Drop, podA: Pass} {
		first, later := request(destination, 1), request(destination, 1)
		first[6] = 0x20 // more fragments
		later[7] = 100  // offset
		if outbound(rewriter, first) != want || outbound(rewriter, later) != want {
			t.Errorf("fragments to %s: want verdict %d", destination, want)
		}
	}
}

func TestTheTableIsBoundedAndExpires(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{orders: {podA, podB}})
	clock := time.Unix(1000, 0)
	rewriter.now = func() time.Time { return clock }
	for identifier := range 2 * maxEchoes {
		outbound(rewriter, request(orders, uint16(identifier)))
	}
	if len(rewriter.asked) != maxEchoes || len(rewriter.sent) != maxEchoes {
		t.Errorf("%d and %d entries", len(rewriter.asked), len(rewriter.sent))
	}
	last := request(orders, 1)
	outbound(rewriter, last)
	clock = clock.Add(idle + time.Second)
	reply := answer(last)
	inbound(rewriter, reply)
	if from(reply) == orders || len(rewriter.asked) != 0 || rewriter.active.Load() != 0 || rewriter.newest != nil {
		t.Error("an old echo is still answered for")
	}
}

func TestAddressesThatNoEndpointHasAreLeftOut(t *testing.T) {
	rewriter := rewriterOf(map[string][]string{
		orders: {"127.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0", "fd00::1", "not an address", ""}, "127.0.0.1": {podA}, "::1": {podA},
	})
	if verdict := outbound(rewriter, request(orders, 1)); verdict != Drop {
		t.Errorf("verdict %d", verdict)
	}
	if verdict := outbound(rewriter, request("127.0.0.1", 1)); verdict != Pass {
		t.Errorf("loopback as a Service: verdict %d", verdict)
	}
}

func FuzzPackets(f *testing.F) {
	quoted := append([]byte{typeTimeExceeded, 0, 0, 0, 0, 0, 0, 0}, request(podA, 1)...)
	for _, seed := range [][]byte{request(orders, 1), answer(request(podA, 1)), messageOf(gateway, laptop, quoted), {0x4f}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rewriter := rewriterOf(map[string][]string{orders: {podA}})
		outbound(rewriter, request(orders, 1))
		sent := slices.Clone(data)
		wasSound := len(data) >= 20 && data[0] == 0x45 && checksum(data[:20]) == 0
		if verdict := outbound(rewriter, sent); verdict != Rewritten && !slices.Equal(sent, data) {
			t.Fatal("changed, but not told so")
		}
		received := slices.Clone(data)
		inbound(rewriter, received)
		for _, changed := range [][]byte{sent, received} {
			if len(changed) != len(data) || wasSound && checksum(changed[:20]) != 0 {
				t.Fatalf("the header's checksum broke: %x", changed)
			}
		}
	})
}

func BenchmarkEcho(b *testing.B) {
	rewriter := rewriterOf(map[string][]string{orders: {podA, podB}})
	asked := request(orders, 1)
	sent := make([]byte, len(asked))
	b.ReportAllocs()
	for b.Loop() {
		copy(sent, asked)
		outbound(rewriter, sent)
	}
}

func BenchmarkInboundOtherTraffic(b *testing.B) {
	rewriter := rewriterOf(map[string][]string{orders: {podA}})
	outbound(rewriter, request(orders, 1))
	other := request(podA, 1)
	other[9] = 6
	b.ReportAllocs()
	for b.Loop() {
		inbound(rewriter, other)
	}
}
