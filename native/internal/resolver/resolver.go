// Package resolver answers every DNS question of the laptop that reaches the engine: names of the cluster through
// the tunnel, all others by the laptop's own nameservers, as if it were not there. It must never let the cluster
// answer for a name that is not its own, never tell that a name of the cluster is missing because the tunnel is
// down, never ask itself, and never write names to a log.
package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

const (
	answerTimeout  = 9 * time.Second // several servers in turn; a stub resolver asks again after 5 s
	clusterTimeout = 4500 * time.Millisecond
	maxInFlight    = 2048
)

// Config says whom to ask. Either an Exchange is given, or it is made: the cluster's from ClusterDial and the
// nameservers of Inputs, the laptop's from UpstreamDial (nil: ordinary sockets) and the upstreams of Inputs.
type Config struct {
	Cluster      Exchange
	ClusterDial  Dial
	Upstream     Exchange
	UpstreamDial Dial

	// Own are the resolver's own addresses. They are never asked, whoever lists them as nameservers.
	Own []netip.Addr
}

// Resolver is a dns.Handler, and safe for concurrent use. It starts without a cluster.
type Resolver struct {
	own             []netip.Addr
	cluster         Exchange
	clusterServers  *Servers // nil where Config.Cluster was given
	upstream        Exchange
	upstreamServers *Servers // nil where Config.Upstream was given
	dial            Dial     // to others
	others          atomic.Pointer[map[netip.Addr]Exchange]

	cache    *cache
	inFlight atomic.Int32
	plan     atomic.Pointer[plan]
	link     atomic.Pointer[link] // nil while the tunnel is down

	canary     atomic.Pointer[string] // a name that nobody has, another one for other upstreams
	notAwaited atomic.Int64           // until when (Unix nanoseconds) nobody waits for what the laptop's nameservers know

	services services

	mutex  sync.Mutex // orders Set, SetServices and ChangeServices
	inputs Inputs
}

// link is one time that the tunnel was up; its end ends what is asked through it.
type link struct {
	ctx    context.Context
	cancel context.CancelFunc
}

var errClusterDown = errors.New("the tunnel to the cluster is down")

// New makes a resolver. Until Set everything goes to the laptop's own nameservers.
func New(config Config) *Resolver {
	resolver := &Resolver{
		own: slices.Clone(config.Own), cluster: config.Cluster, upstream: config.Upstream, cache: newCache(),
		dial: config.UpstreamDial,
	}
	resolver.others.Store(&map[netip.Addr]Exchange{})
	if resolver.cluster == nil && config.ClusterDial != nil {
		resolver.clusterServers = NewCluster(config.ClusterDial, nil)
		resolver.cluster = resolver.clusterServers.Exchange
	}
	if resolver.upstream == nil {
		resolver.upstreamServers = NewUpstream(nil, config.UpstreamDial)
		resolver.upstream = resolver.upstreamServers.Exchange
	}
	resolver.plan.Store(&plan{})
	resolver.canary.Store(newCanary())
	return resolver
}

// Names returns what the system's split DNS should send here (routing domains, most needed first), the search list,
// both without final dots, and what the policy does not let the cluster answer for.
func (resolver *Resolver) Names() (routing, search []string, refused []wire.NameRefusal) {
	plan := resolver.plan.Load()
	routing, search = plan.names()
	return routing, search, plan.refused
}

// Claims tells whether a name may be the cluster's, and whether nobody else answers for it.
func (resolver *Resolver) Claims(name string) (may, alone bool) {
	route := resolver.plan.Load().route(dns.CanonicalName(name), dns.TypeA)
	return route.way != toLaptop, route.way == toCluster || route.way == toNobody
}

// Answer answers one question, whatever transport it came by. It returns nil for what is no question at all.
func (resolver *Resolver) Answer(ctx context.Context, request *dns.Msg) *dns.Msg {
	switch {
	case request == nil || request.Response:
		return nil
	case request.Opcode != dns.OpcodeQuery:
		return failed(request, dns.RcodeNotImplemented, nil)
	case len(request.Question) != 1:
		return failed(request, dns.RcodeFormatError, nil)
	}
	if option := request.IsEdns0(); option != nil && option.Version() != 0 {
		return failed(request, dns.RcodeBadVers, nil)
	}
	question := request.Question[0]
	switch question.Qtype {
	case dns.TypeAXFR, dns.TypeIXFR, dns.TypeMAILA, dns.TypeMAILB, dns.TypeTKEY, dns.TypeTSIG, dns.TypeOPT:
		return failed(request, dns.RcodeRefused, nil)
	}
	name := dns.CanonicalName(question.Name)
	plan := resolver.plan.Load()
	route := plan.route(name, question.Qtype)
	if question.Qclass != dns.ClassINET && route.way != toLaptop {
		if _, own := plan.zoneOf(name); own {
			return failed(request, dns.RcodeRefused, nil)
		}
		route.way = toLaptop
	}
	switch route.way {
	case toNobody:
		return reply(request, negative(dns.RcodeNameError, route.zone))
	case toNothing:
		return reply(request, negative(dns.RcodeSuccess, route.zone))
	case toCluster:
		result, err := resolver.askCluster(ctx, plan, route, question)
		if err != nil {
			return failed(request, dns.RcodeServerFailure, err)
		}
		return reply(request, result)
	case toOther:
		return resolver.answerOther(ctx, route, request)
	case toEither:
		return resolver.answerEither(ctx, plan, route, request)
	}
	return resolver.answerLaptop(ctx, request)
}

// ServeDNS implements dns.Handler over UDP and TCP.
func (resolver *Resolver) ServeDNS(writer dns.ResponseWriter, request *dns.Msg) {
	defer resolver.inFlight.Add(-1)
	var response *dns.Msg
	if resolver.inFlight.Add(1) > maxInFlight {
		response = failed(request, dns.RcodeServerFailure, nil)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		response = resolver.Answer(ctx, request)
	}
	if response == nil {
		return
	}
	fit(response, request, isStream(writer.RemoteAddr()))
	if err := writer.WriteMsg(response); err != nil {
		_ = writer.WriteMsg(failed(request, dns.RcodeServerFailure, nil)) // somebody's record cannot be written again
	}
}

func isStream(address net.Addr) bool {
	return address != nil && strings.HasPrefix(address.Network(), "tcp")
}

// fit cuts a response to what its asker can take (RFC 6891 section 6.2.5; the TC bit sends it to TCP).
func fit(response, request *dns.Msg, stream bool) {
	size := dns.MinMsgSize
	if option := request.IsEdns0(); option != nil {
		size = max(size, min(int(option.UDPSize()), maxDatagram))
	}
	if stream {
		size = dns.MaxMsgSize
	}
	response.Truncate(size)
	response.Compress = true
}

// maxDatagram bounds what is sent in one UDP datagram; the TUN's MTU takes it whole.
const maxDatagram = 4096
