package resolver

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"go4.org/netipx"

	"slipway/native/internal/domains"
	"slipway/native/internal/wire"
)

// Names of several clusters that are on. Every cluster has a suffix of its own, a single label, which says whose name is
// meant whatever it looks like in front; and the resolver of each is asked for what ends in its suffix.

// other is another cluster that is on.
type other struct {
	suffix   string // canonical, with its final dot
	resolver netip.Addr
	ranges   *netipx.IPSet // whose addresses it names
}

func sameOther(one, another other) bool {
	return one.suffix == another.suffix && one.resolver == another.resolver && one.ranges.Equal(another.ranges)
}

// claimSuffixes takes the suffixes of this cluster and of the others. Namespaces come first: their names meant something
// before another cluster was on.
func (plan *plan) claimSuffixes(policy domains.Policy, inputs Inputs) {
	take := func(suffix string) (string, bool) {
		switch refusal := policy.Judge(suffix); {
		case suffix == "":
			return "", false
		case !domains.IsLabel(suffix):
			plan.refused = append(plan.refused, wire.NameRefusal{Name: domains.Printable(suffix), Reason: domains.ReasonMalformed})
		case refusal != nil:
			refusal.Grantable = false
			plan.refused = append(plan.refused, *refusal)
		case plan.exists(suffix):
			plan.refused = append(plan.refused, wire.NameRefusal{Name: domains.Printable(suffix), Reason: domains.ReasonNamespace})
		default:
			return suffix + ".", true
		}
		return "", false
	}
	plan.suffix, _ = take(inputs.Scope.Suffix)
	for _, cluster := range inputs.Scope.Clusters {
		resolver, err := netip.ParseAddr(cluster.Resolver)
		suffix, isFree := take(cluster.Suffix)
		if err != nil || !isFree || suffix == plan.suffix {
			continue
		}
		var ranges netipx.IPSetBuilder
		for _, text := range cluster.Ranges {
			if prefix, err := netip.ParsePrefix(text); err == nil {
				ranges.AddPrefix(prefix)
			}
		}
		for _, own := range inputs.Routed { // of the same addresses this cluster's are meant
			ranges.RemovePrefix(own)
		}
		set, err := ranges.IPSet()
		if err != nil {
			set = &netipx.IPSet{}
		}
		plan.others = append(plan.others, other{suffix, resolver, set})
	}
}

// routeSuffixed decides on a name that ends in a suffix, or in the zone of an address of another cluster.
func (plan *plan) routeSuffixed(name string) (route, bool) {
	if plan.suffix != "" && domains.IsUnder(name, plan.suffix) {
		return plan.withoutSuffix(strings.TrimSuffix(name, plan.suffix)), true
	}
	asked, _, isReverse := domains.ReversePrefix(name)
	for _, other := range plan.others {
		if domains.IsUnder(name, other.suffix) || isReverse && other.ranges.ContainsPrefix(asked) {
			return route{way: toOther, other: other.resolver}, true
		}
	}
	return route{}, false
}

// withoutSuffix decides on what stands in front of the suffix: any name that this cluster's pods know, in any of its forms.
func (plan *plan) withoutSuffix(name string) route {
	labels := dns.SplitDomainName(name)
	if len(labels) == 0 {
		return route{way: toNothing, zone: plan.suffix}
	}
	found := route{way: toCluster, zone: plan.suffix, suffix: plan.suffix}
	last := labels[len(labels)-1]
	switch {
	case plan.ownDomain == "" || labels[0] == "wpad":
		found.way = toNobody
	case domains.IsUnder(name, plan.ownDomain):
		found.name = name
	case last == "svc" || last == "pod":
		found.name = name + plan.ownDomain
	case len(labels) > 1 && plan.exists(last):
		found.name = name + "svc." + plan.ownDomain
	case len(labels) <= 2 && plan.home != "": // a Service of the home namespace, or a pod of one
		found.name = name + plan.home + ".svc." + plan.ownDomain
	default:
		found.way = toNobody
	}
	if _, ok := dns.IsDomainName(found.name); !ok && found.way == toCluster { // too long
		found.way = toNobody
	}
	return found
}

// otherNames are the routing domains that send names with a suffix here.
func (plan *plan) otherNames() (routing []string) {
	if plan.suffix != "" {
		routing = append(routing, strings.TrimSuffix(plan.suffix, "."))
	}
	for _, other := range plan.others {
		routing = append(routing, strings.TrimSuffix(other.suffix, "."))
	}
	return routing
}

// setOthers makes an exchange with the resolver of each other cluster. They are programs of ours on this laptop.
func (resolver *Resolver) setOthers(others []other) {
	before := resolver.others.Load()
	next := map[netip.Addr]Exchange{}
	for _, other := range others {
		if slices.Contains(resolver.own, other.resolver) {
			continue
		}
		next[other.resolver] = (*before)[other.resolver]
		if next[other.resolver] == nil {
			next[other.resolver] = NewUpstream([]wire.Upstream{{Address: other.resolver, Port: 53}}, resolver.dial).Exchange
		}
	}
	resolver.others.Store(&next)
}

// answerOther passes a question on to the resolver of another cluster, which keeps what it hears itself.
func (resolver *Resolver) answerOther(ctx context.Context, route route, request *dns.Msg) *dns.Msg {
	ask := (*resolver.others.Load())[route.other]
	if ask == nil {
		return failed(request, dns.RcodeServerFailure, errNoServers)
	}
	response, err := ask(ctx, request)
	if err != nil {
		return failed(request, dns.RcodeServerFailure, errClusterDown)
	}
	response.Id, response.Question = request.Id, request.Question
	return response
}

// withSuffix puts suffix behind the names of this cluster that records tell and belong to: without it they would be another
// cluster's to whoever asks on. The caller owns the records.
func (plan *plan) withSuffix(records []dns.RR, suffix string) []dns.RR {
	if suffix == "" {
		return records
	}
	whose := func(name *string) {
		if domains.IsUnder(dns.CanonicalName(*name), plan.ownDomain) {
			*name += suffix
		}
	}
	for _, record := range records {
		whose(&record.Header().Name)
		switch record := record.(type) {
		case *dns.CNAME:
			whose(&record.Target)
		case *dns.SRV:
			whose(&record.Target)
		case *dns.PTR:
			whose(&record.Ptr)
		}
	}
	return records
}
