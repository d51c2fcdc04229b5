// Package resolver answers every DNS question of the laptop that reaches the engine: names of the cluster through
// the tunnel, all others by the laptop's own nameservers, as if it were not there. It must never let the cluster
// answer for a name that is not its own, never tell that a name of the cluster is missing because the tunnel is
// down, never ask itself, and never write names to a log.
package resolver

import (
	"context"
	"errors"
	"maps"
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
// nameservers of SetFacts, the upstream's from UpstreamDial (nil: ordinary sockets) and those of SetUpstreams.
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

	cache    *cache
	inFlight atomic.Int32
	plan     atomic.Pointer[plan]
	link     atomic.Pointer[link] // nil while the tunnel is down

	mutex       sync.Mutex // orders the setters
	domain      string
	scope       wire.NameScope
	reverse     []netip.Prefix
	hostDomains []string
}

// link is one time that the tunnel was up; its end ends what is asked through it.
type link struct {
	ctx    context.Context
	cancel context.CancelFunc
}

var errClusterDown = errors.New("the tunnel to the cluster is down")

// New makes a resolver. Until SetFacts and SetClusterUp everything goes upstream.
func New(config Config) *Resolver {
	resolver := &Resolver{
		own: slices.Clone(config.Own), cluster: config.Cluster, upstream: config.Upstream, cache: newCache(),
	}
	if resolver.cluster == nil && config.ClusterDial != nil {
		resolver.clusterServers = NewCluster(config.ClusterDial, nil)
		resolver.cluster = resolver.clusterServers.Exchange
	}
	if resolver.upstream == nil {
		resolver.upstreamServers = NewUpstream(nil, config.UpstreamDial)
		resolver.upstream = resolver.upstreamServers.Exchange
	}
	resolver.plan.Store(&plan{})
	return resolver
}

// SetFacts takes the cluster's domain and nameservers from what the agent read. A domain that the cluster may not
// claim is left out: its names go upstream, and Names returns nothing.
func (resolver *Resolver) SetFacts(facts wire.AgentFacts) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	resolver.domain = ""
	if facts.ClusterDomain != "" {
		resolver.domain = dns.CanonicalName(facts.ClusterDomain)
	}
	if resolver.clusterServers != nil {
		var servers []netip.AddrPort
		for _, text := range facts.Nameservers {
			if address, err := netip.ParseAddr(text); err == nil {
				servers = append(servers, netip.AddrPortFrom(address.Unmap(), 53))
			}
		}
		resolver.clusterServers.Set(resolver.withoutOwn(servers))
	}
	resolver.replan()
	resolver.cache.flush() // the same names may be another cluster's now
}

// SetScope says which namespaces exist, and in which one single labels are looked for.
func (resolver *Resolver) SetScope(scope wire.NameScope) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	if scope.HomeNamespace == resolver.scope.HomeNamespace && slices.Equal(scope.Namespaces, resolver.scope.Namespaces) {
		return
	}
	resolver.scope = wire.NameScope{HomeNamespace: scope.HomeNamespace, Namespaces: slices.Clone(scope.Namespaces)}
	resolver.replan()
}

// SetReverse says which ranges are routed into the tunnel: addresses in them are looked up in the cluster. Without
// an IPv6 range among them, questions for IPv6 addresses of the cluster's names are answered with none at once.
func (resolver *Resolver) SetReverse(routed []netip.Prefix) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	resolver.reverse = nil
	for _, prefix := range routed {
		resolver.reverse = append(resolver.reverse, prefix.Masked())
	}
	resolver.replan()
}

// SetHostDomains names the search domains that the laptop has without us. A cluster or a namespace whose name lies
// around one of them does not get those names.
func (resolver *Resolver) SetHostDomains(domains []string) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	resolver.hostDomains = slices.Clone(domains)
	resolver.replan()
}

// SetUpstreams sets the laptop's own nameservers, in their order.
func (resolver *Resolver) SetUpstreams(servers []netip.AddrPort) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	if resolver.upstreamServers != nil {
		resolver.upstreamServers.Set(resolver.withoutOwn(servers))
	}
	resolver.cache.flush()
}

// SetClusterUp says whether the tunnel lives. While it does not, the cluster's names are answered with SERVFAIL at
// once, which nobody keeps.
func (resolver *Resolver) SetClusterUp(up bool) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	current := resolver.link.Load()
	switch {
	case up && current == nil:
		ctx, cancel := context.WithCancel(context.Background())
		resolver.link.Store(&link{ctx: ctx, cancel: cancel})
	case !up && current != nil:
		resolver.link.Store(nil)
		current.cancel()
	}
}

// Names returns what the system's split DNS should send here (routing domains, most needed first) and the search
// list, without final dots. Namespaces that are top-level domains are not among the domains.
func (resolver *Resolver) Names() (domains, search []string) {
	return resolver.plan.Load().names()
}

// replan puts the parts together and forgets what was answered under the plan before. The caller holds the mutex.
func (resolver *Resolver) replan() {
	next := &plan{home: resolver.scope.HomeNamespace, namespaces: map[string]bool{}, reverse: resolver.reverse}
	if zones := zonesOf(resolver.domain, resolver.hostDomains); zones != nil {
		next.domain, next.zones = resolver.domain, zones
	}
	for _, namespace := range append(slices.Clone(resolver.scope.Namespaces), next.home) {
		if isHostLabel(namespace) {
			next.namespaces[namespace] = !ownedByOthers(namespace, resolver.hostDomains)
		}
	}
	if !next.exists(next.home) {
		next.home = ""
	}
	next.clusterIP6 = slices.ContainsFunc(next.reverse, func(prefix netip.Prefix) bool { return prefix.Addr().Is6() })
	if last := resolver.plan.Load(); last.equal(next) {
		return
	}
	resolver.plan.Store(next)
	resolver.cache.flush()
}

func (plan *plan) equal(other *plan) bool {
	return plan.domain == other.domain && plan.home == other.home && slices.Equal(plan.zones, other.zones) &&
		slices.Equal(plan.reverse, other.reverse) && maps.Equal(plan.namespaces, other.namespaces)
}

func (resolver *Resolver) withoutOwn(servers []netip.AddrPort) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(servers), func(server netip.AddrPort) bool {
		return slices.Contains(resolver.own, server.Addr().Unmap())
	})
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
