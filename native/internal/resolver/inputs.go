package resolver

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"go4.org/netipx"

	"slipway/native/internal/domains"
	"slipway/native/internal/mapping"
	"slipway/native/internal/wire"
)

// Inputs is all that the resolver goes by. The zero value sends every question to nobody but the laptop's own
// nameservers, of which it has none. The slices must not be changed after they were given.
type Inputs struct {
	Domain      string           // what the cluster calls itself; "" where it is not known
	Nameservers []netip.AddrPort // the cluster's
	Agent       int              // counts the agents that took the session: the same names may be another cluster's with the next
	Scope       wire.NameScope
	Routed      []netip.Prefix  // IPv4 and IPv6 ranges that go into the tunnel: addresses in them are looked up in the cluster
	Mapping     *mapping.Table  // of ranges of the cluster that the laptop knows by other addresses, which are among Routed
	HostDomains []string        // the laptop's own domains, as wire.HostInspection has them
	Upstreams   []wire.Upstream // the laptop's own nameservers, in their order
	Options     wire.UpstreamOptions
	ClusterUp   bool // whether the tunnel lives; else the cluster's names are answered with SERVFAIL at once
}

// Granted returns the domain that the user lets the cluster answer for as a whole: only the one that it has. A cluster
// that calls itself otherwise does not inherit the word, not even by a name below.
func (inputs Inputs) Granted() string {
	if inputs.Domain == "" || dns.CanonicalName(inputs.Scope.Granted) != dns.CanonicalName(inputs.Domain) {
		return ""
	}
	return inputs.Scope.Granted
}

// Set takes the whole of what the resolver goes by, and replaces what it was given before. What was answered by other
// inputs is forgotten.
func (resolver *Resolver) Set(inputs Inputs) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	last := resolver.inputs
	resolver.inputs = inputs
	next := planOf(inputs)
	otherPlan := !resolver.plan.Load().equal(next)
	otherCluster := inputs.Agent != last.Agent || !slices.Equal(inputs.Nameservers, last.Nameservers)
	otherLaptop := !slices.Equal(inputs.Upstreams, last.Upstreams) || inputs.Options != last.Options
	if resolver.clusterServers != nil && (otherCluster || inputs.ClusterUp && !last.ClusterUp) {
		resolver.clusterServers.Set(resolver.withoutOwn(inClear(inputs.Nameservers)))
	}
	if resolver.upstreamServers != nil && otherLaptop {
		resolver.upstreamServers.SetOptions(inputs.Options)
		resolver.upstreamServers.Set(resolver.withoutOwn(inputs.Upstreams))
	}
	if otherLaptop {
		resolver.canary.Store(newCanary())
		resolver.notAwaited.Store(0)
	}
	if otherPlan {
		resolver.setOthers(next.others)
		resolver.plan.Store(next)
	}
	if otherPlan || otherCluster || otherLaptop {
		resolver.cache.flush() // the same names may be somebody else's now
	}
	resolver.setUp(inputs.ClusterUp)
}

// setUp ends the questions to a cluster whose tunnel went down, which nobody would answer.
func (resolver *Resolver) setUp(up bool) {
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

func (resolver *Resolver) withoutOwn(servers []wire.Upstream) []wire.Upstream {
	return slices.DeleteFunc(slices.Clone(servers), func(server wire.Upstream) bool {
		return slices.Contains(resolver.own, server.Address.Unmap())
	})
}

// inClear are servers that are asked over UDP and TCP.
func inClear(servers []netip.AddrPort) (list []wire.Upstream) {
	for _, server := range servers {
		list = append(list, wire.Upstream{Address: server.Addr(), Port: server.Port()})
	}
	return list
}

// planOf decides where names go. A domain that the cluster may not claim is left out: its names go to the laptop's
// own nameservers.
func planOf(inputs Inputs) *plan {
	next := &plan{home: inputs.Scope.HomeNamespace, namespaces: map[string]bool{}, headless: map[string]bool{}, mapping: inputs.Mapping}
	policy := domains.NewPolicy(inputs.HostDomains, append([]string{inputs.Granted()}, inputs.Scope.Extra...)...)
	if inputs.Domain != "" {
		next.claim(policy, dns.CanonicalName(inputs.Domain))
	}
	next.claimExtra(policy, inputs.Scope.Extra)
	for _, part := range []string{"svc", "pod"} {
		if refusal := policy.Judge(part); refusal == nil {
			next.parts = append(next.parts, part)
		} else if next.domain != "" {
			next.refused = append(next.refused, *refusal)
		}
	}
	var routed netipx.IPSetBuilder
	for _, prefix := range inputs.Routed {
		routed.AddPrefix(prefix)
		next.clusterIP6 = next.clusterIP6 || prefix.Addr().Is6()
	}
	if set, err := routed.IPSet(); err == nil { // as always with prefixes that were parsed
		next.routed = *set
	}
	for _, namespace := range append(slices.Clone(inputs.Scope.Namespaces), next.home) {
		if _, known := next.namespaces[namespace]; known || !domains.IsLabel(namespace) {
			continue
		}
		refusal := policy.Judge(namespace)
		next.namespaces[namespace] = refusal == nil
		if refusal != nil && next.domain != "" {
			refusal.Grantable = false // the word is for the cluster's own domain
			next.refused = append(next.refused, *refusal)
		}
	}
	if inputs.Domain != "" {
		next.ownDomain = dns.CanonicalName(inputs.Domain)
	}
	next.claimSuffixes(policy, inputs)
	next.elsewhere = inputs.Scope.NamesElsewhere
	if !next.exists(next.home) {
		next.home = ""
		return next
	}
	for _, service := range inputs.Scope.Headless { // of a refused one the pods have their longer names: that needs no words
		if domains.IsLabel(service) && policy.Judge(service) == nil {
			next.headless[service] = true
		}
	}
	return next
}

// claim takes what the cluster may have of its own domain, a canonical name.
func (plan *plan) claim(policy domains.Policy, domain string) {
	zones, refusal := policy.Zones(strings.TrimSuffix(domain, "."))
	if refusal != nil {
		plan.refused = append(plan.refused, *refusal)
	}
	for _, zone := range zones {
		plan.zones = append(plan.zones, zone+".")
	}
	if len(zones) > 0 {
		plan.domain = domain
	}
}

// claimExtra takes the domains that the user named: stub domains of the cluster's nameservers, which pods resolve as well.
func (plan *plan) claimExtra(policy domains.Policy, extra []string) {
	for _, name := range extra {
		domain := dns.CanonicalName(name)
		if _, known := plan.zoneOf(domain); known {
			continue
		}
		if refusal := policy.Judge(strings.TrimSuffix(domain, ".")); refusal != nil {
			refusal.Grantable = false // the word was given
			plan.refused = append(plan.refused, *refusal)
			continue
		}
		plan.zones = append(plan.zones, domain)
	}
}

func (plan *plan) equal(other *plan) bool {
	return plan.domain == other.domain && plan.home == other.home && slices.Equal(plan.zones, other.zones) &&
		plan.routed.Equal(&other.routed) && slices.Equal(plan.parts, other.parts) && slices.Equal(plan.refused, other.refused) && maps.Equal(plan.namespaces, other.namespaces) &&
		maps.Equal(plan.headless, other.headless) && plan.mapping.Equal(other.mapping) &&
		plan.elsewhere == other.elsewhere && plan.suffix == other.suffix && plan.ownDomain == other.ownDomain && slices.EqualFunc(plan.others, other.others, sameOther)
}
