//go:build linux

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// TestAHostileAgentAnswersOnly sends what nobody asked for over every lane of a real tunnel, and behind it what was.
func TestAHostileAgentAnswersOnly(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	near, far := netip.MustParseAddrPort("198.18.0.10:5514"), netip.MustParseAddrPort("10.244.0.5:7")
	laptop.mutex.Lock()
	kernel := laptop.kernel
	laptop.mutex.Unlock()
	socket, err := kernel.ListenUDP(near)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	_ = socket.SetDeadline(time.Now().Add(patience))
	if _, err := socket.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(far)); err != nil {
		t.Fatal(err)
	}
	agent := cluster.agents[firstAgent.Pod]
	agent.mutex.Lock()
	var session *fakeSession
	for _, one := range agent.sessions {
		session = one
	}
	agent.mutex.Unlock()
	forged := func(source netip.AddrPort) []byte { return packet.DatagramOf(source, near, []byte("forged")) }
	heard := map[string]bool{}
	for lane := range wire.LaneCount {
		for _, raw := range [][]byte{
			forged(netip.AddrPortFrom(far.Addr(), 8)), forged(netip.MustParseAddrPort("10.244.0.6:7")),
			forged(netip.MustParseAddrPort("192.168.77.1:7")), forged(netip.MustParseAddrPort("8.8.8.8:7")),
			forged(netip.MustParseAddrPort("198.18.0.1:7")), forged(netip.MustParseAddrPort("198.18.0.12:7")),
			packet.Echo(far.Addr(), near.Addr(), 1, 1, nil),
			segmentOf(far.String(), near.String(), header.TCPFlagSyn, 1, 0, 0),
			packet.DatagramOf(far, near, fmt.Appendf(nil, "lane %d", lane)),
		} {
			parsed, _ := packet.Parse(raw)
			session.lanes.Send(lane, &parsed)
		}
	}
	for len(heard) < wire.LaneCount {
		buffer := make([]byte, 100)
		count, from, err := socket.ReadFrom(buffer)
		if err != nil {
			t.Fatalf("heard %v: %v", heard, err)
		}
		if text := string(buffer[:count]); !strings.HasPrefix(text, "lane ") || from.String() != far.String() {
			t.Fatalf("%q came from %s", text, from)
		}
		heard[string(buffer[:count])] = true
	}
}

// TestALargeAnswerComesInFragments: more than a packet of the tunnel holds.
func TestALargeAnswerComesInFragments(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	socket, err := laptop.dial(t.Context(), "udp", "10.96.0.10:53")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	question := new(dns.Msg).SetQuestion(largeName, dns.TypeTXT)
	answer, _, err := (&dns.Client{Timeout: patience, UDPSize: dns.MaxMsgSize}).ExchangeWithConn(question, &dns.Conn{Conn: socket, UDPSize: dns.MaxMsgSize})
	if err != nil || len(answer.Answer) != largeRecords {
		t.Fatalf("%d records: %v", len(answer.Answer), err)
	}
}

// TestAWithdrawnRangeEndsItsConnections: at once, and those of the ranges that stay live on.
func TestAWithdrawnRangeEndsItsConnections(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	dial := func(address string) net.Conn {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		socket, err := laptop.dial(ctx, "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { socket.Close() })
		expectEcho(t, socket, address)
		return socket
	}
	pod, service := dial("10.244.0.5:80"), dial("10.96.0.20:80")
	all := decide(wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/24")})
	fewer := wire.RouteDecisions{Decisions: slices.Clone(all.Decisions)}
	fewer.Decisions[1].Decision, fewer.Decisions[1].Reason = wire.DecisionRefused, "own-subnet"
	laptop.routes <- fewer
	core.await(wire.EventRoutes)
	if _, err := pod.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection into a withdrawn range gives %v", err)
	}
	expectEcho(t, service, "still here")
	laptop.routes <- all
	core.await(wire.EventRoutes)
	dial("10.244.0.5:80")
}
