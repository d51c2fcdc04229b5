package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
	"slipway/native/internal/domains"
	"slipway/native/internal/packet"
	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// maxRefusals bounds what is told of names that are not the cluster's: it is in every snapshot of the core.
const maxRefusals = 100

// dnsPort is where the engine's own stack answers.
const dnsPort = 53

// maxReverse is how many reverse zones are asked for, those of wide parts first: what the laptop needs inside a range leaves
// parts of single addresses around it.
const maxReverse = 128

// namesInput asks for what the resolver wants to be sent, and for the reverse zones of what is routed. It returns as well what the resolver does not ask for, because the policy lets no cluster have it.
func namesInput(answerer *resolver.Resolver, address netip.Addr, inputs resolver.Inputs, reverse []netip.Prefix) (wire.NamesInput, []wire.NameRefusal) {
	routing, search, refused := answerer.Names()
	input := wire.NamesInput{
		Resolver: address.String(), Domains: notNil(routing), Search: notNil(search), Reverse: []string{},
		Granted: inputs.Granted(), Extra: inputs.Scope.Extra, WayOnly: inputs.Scope.NamesElsewhere,
	}
	if input.WayOnly {
		input.Domains, input.Search = []string{}, []string{}
		return input, refused
	}
	for _, prefix := range slices.Concat(reverse, otherRanges(inputs.Scope.Clusters)) {
		if zones := domains.ReverseZones(prefix); len(input.Reverse)+len(zones) <= maxReverse {
			input.Reverse = append(input.Reverse, zones...)
		}
	}
	// A message to the helper holds no more than it takes: thousands of namespaces must not cost the others their names.
	room := max(0, domains.Max-len(input.Search)-len(input.Reverse))
	if over := len(input.Domains) - room; over > 0 {
		input.Domains = input.Domains[:room]
		refused = append(slices.Clone(refused), more(over))
	}
	return input, refused
}

// otherRanges are those whose addresses other clusters name.
func otherRanges(clusters []wire.OtherCluster) (ranges []netip.Prefix) {
	for _, cluster := range clusters {
		for _, text := range cluster.Ranges {
			if prefix, err := netip.ParsePrefix(text); err == nil {
				ranges = append(ranges, prefix)
			}
		}
	}
	return ranges
}

// more stands for so many refusals that are not told one by one.
func more(count int) wire.NameRefusal {
	return wire.NameRefusal{Name: fmt.Sprintf("+%d", count), Reason: domains.ReasonTooMany}
}

// namesEvent tells what is in force of what was asked. refused was not even asked for; the helper may refuse more,
// by what it reads of the laptop itself.
func namesEvent(asked wire.NamesInput, refused []wire.NameRefusal, inForce wire.NamesInForce) wire.NamesEvent {
	refused = append(slices.Clone(refused), inForce.Refused...)
	if over := len(refused) - maxRefusals; over > 0 { // a cluster may call its namespaces as every top-level domain
		refused = append(refused[:maxRefusals], more(over))
	}
	routing := slices.DeleteFunc(slices.Clone(asked.Domains), func(domain string) bool {
		return slices.ContainsFunc(inForce.Refused, func(refusal wire.NameRefusal) bool { return refusal.Name == domain })
	})
	mode := inForce.Mode
	if asked.WayOnly {
		mode = wire.NamesElsewhere
	}
	return wire.NamesEvent{
		Mode: mode, Resolver: asked.Resolver, Domains: notNil(routing), Search: notNil(inForce.Search),
		Upstreams: notNil(inForce.Upstreams), Refused: refused,
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

// nameservers reads the addresses of the cluster's.
func nameservers(texts []string) (servers []netip.AddrPort) {
	for _, upstream := range upstreams(texts) {
		servers = append(servers, upstream.Dialled(wire.UpstreamClear))
	}
	return servers
}

// upstreams reads the laptop's.
func upstreams(texts []string) (servers []wire.Upstream) {
	for _, text := range texts {
		if server, isUpstream := wire.ParseUpstream(text); isUpstream {
			servers = append(servers, server)
		}
	}
	return servers
}

// nameserver is the pair of servers inside the engine's own stack.
type nameserver struct {
	servers []*dns.Server
}

// laptopOnly answers the laptop's own addresses and nobody else: the names that the laptop's nameservers know are none of
// the cluster's business.
func laptopOnly(laptop packet.PerFamily, handler dns.Handler) dns.Handler {
	return dns.HandlerFunc(func(writer dns.ResponseWriter, question *dns.Msg) {
		from, err := netip.ParseAddrPort(writer.RemoteAddr().String())
		if err != nil || !laptop.Has(from.Addr().Unmap()) {
			_ = writer.Close()
			return
		}
		handler.ServeDNS(writer, question)
	})
}

// listen answers the laptop on the engine's address, port 53, with handler. It returns once both servers take questions.
func listen(path *path, handler dns.Handler) (*nameserver, error) {
	handler = laptopOnly(path.laptop, handler)
	address := netip.AddrPortFrom(path.resolver, dnsPort)
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
	target := netip.AddrPortFrom(connection.path.resolver, dnsPort).String()
	var err error
	for range 2 {
		var socket net.Conn
		if socket, err = connection.dial(ctx, "udp", target); err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { socket.Close() })
		var answer *dns.Msg
		answer, _, err = client.ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: socket})
		stop()
		socket.Close()
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
	}
	return nil, err
}
