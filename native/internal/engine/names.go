package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// dnsPort is where the engine's own stack answers.
const dnsPort = 53

// reverseZones bounds how many in-addr.arpa zones one prefix may need; wider ones than /9 are no cluster's.
const reverseZones = 128

// namesInput asks for what the resolver wants to be sent, and for the reverse zones of the routed ranges.
func namesInput(answerer *resolver.Resolver, address netip.Addr, routes []netip.Prefix) wire.NamesInput {
	domains, search := answerer.Names()
	input := wire.NamesInput{
		Resolver: address.String(), Domains: notNil(domains), Search: notNil(search), Reverse: []string{},
	}
	for _, prefix := range routes {
		input.Reverse = append(input.Reverse, reverseOf(prefix)...)
	}
	return input
}

// reverseOf returns the in-addr.arpa zones that cover prefix exactly (RFC 1035 section 3.5 cuts at whole bytes).
func reverseOf(prefix netip.Prefix) []string {
	prefix = prefix.Masked()
	if !prefix.Addr().Is4() || prefix.Bits() < 8 {
		return nil
	}
	labels := (prefix.Bits() + 7) / 8
	count := 1 << (labels*8 - prefix.Bits())
	if count > reverseZones {
		return nil
	}
	bytes := prefix.Addr().As4()
	first := int(bytes[labels-1])
	var zones []string
	for offset := range count {
		bytes[labels-1] = byte(first + offset)
		var zone strings.Builder
		for label := labels - 1; label >= 0; label-- {
			fmt.Fprintf(&zone, "%d.", bytes[label])
		}
		zones = append(zones, zone.String()+"in-addr.arpa")
	}
	return zones
}

// namesEvent tells what is in force of what was asked.
func namesEvent(asked wire.NamesInput, inForce wire.NamesInForce) wire.NamesEvent {
	domains := slices.DeleteFunc(slices.Clone(asked.Domains), func(domain string) bool {
		return slices.Contains(inForce.Refused, domain)
	})
	return wire.NamesEvent{
		Mode: inForce.Mode, Resolver: asked.Resolver, Domains: notNil(domains), Search: notNil(inForce.Search),
		Upstreams: notNil(inForce.Upstreams), Refused: inForce.Refused,
	}
}

func namesOff(answerer netip.Addr, upstreams []string, problem *wire.Problem) wire.NamesEvent {
	return wire.NamesEvent{
		Mode: "off", Resolver: answerer.String(), Domains: []string{}, Search: []string{},
		Upstreams: notNil(upstreams), Problem: problem,
	}
}

// notNil makes an empty list of none: the core's schema wants a list.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// nameservers reads addresses as resolv.conf has them: with or without port, with or without zone.
func nameservers(texts []string) []netip.AddrPort {
	var servers []netip.AddrPort
	for _, text := range texts {
		if server, err := netip.ParseAddrPort(text); err == nil {
			servers = append(servers, server)
		} else if address, err := netip.ParseAddr(text); err == nil {
			servers = append(servers, netip.AddrPortFrom(address.Unmap(), dnsPort))
		}
	}
	return servers
}

// nameserver is the pair of servers inside the engine's own stack.
type nameserver struct {
	servers []*dns.Server
}

// laptopOnly answers the laptop's own address and nobody else: the names that the laptop's nameservers know are none of
// the cluster's business.
func laptopOnly(laptop netip.Addr, handler dns.Handler) dns.Handler {
	return dns.HandlerFunc(func(writer dns.ResponseWriter, question *dns.Msg) {
		from, err := netip.ParseAddrPort(writer.RemoteAddr().String())
		if err != nil || from.Addr().Unmap() != laptop {
			_ = writer.Close()
			return
		}
		handler.ServeDNS(writer, question)
	})
}

// listen answers the laptop on the engine's address, port 53, with handler. It returns once both servers take questions.
func listen(path *path, handler dns.Handler) (*nameserver, error) {
	handler = laptopOnly(path.laptop, handler)
	address := netip.AddrPortFrom(path.engine, dnsPort)
	packets, err := path.stack.ListenUDP(address)
	if err != nil {
		return nil, fmt.Errorf("answer names over UDP: %w", err)
	}
	listener, err := path.stack.ListenTCP(address)
	if err != nil {
		packets.Close()
		return nil, fmt.Errorf("answer names over TCP: %w", err)
	}
	result := &nameserver{servers: []*dns.Server{
		{PacketConn: packets, Handler: handler, UDPSize: dns.MaxMsgSize},
		{Listener: listener, Handler: handler, ReadTimeout: 10 * time.Second},
	}}
	started := make(chan struct{}, len(result.servers))
	for _, server := range result.servers {
		server.NotifyStartedFunc = func() { started <- struct{}{} }
		go func() { _ = server.ActivateAndServe() }()
	}
	for range result.servers {
		<-started
	}
	return result, nil
}

func (nameserver *nameserver) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, server := range nameserver.servers {
		_ = server.ShutdownContext(ctx)
	}
}

// askThroughKernel asks the engine's answerer as a program of the laptop does: by an ordinary socket.
func (connection *connection) askThroughKernel(ctx context.Context, name string) (*dns.Msg, error) {
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), dns.TypeA)
	client := &dns.Client{Net: "udp", Timeout: 2 * time.Second}
	target := netip.AddrPortFrom(connection.path.engine, dnsPort).String()
	var err error
	for range 2 {
		var socket net.Conn
		if socket, err = connection.config.SystemDial(ctx, "udp", target); err != nil {
			return nil, err
		}
		var answer *dns.Msg
		answer, _, err = client.ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: socket})
		socket.Close()
		if err == nil {
			return answer, nil
		}
	}
	return nil, err
}
