package resolver

import (
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

// plan says which names go where. It is never changed, only replaced. Names in it are lower case; the cluster's
// domain and zones end in a dot, namespaces do not.
type plan struct {
	domain     string   // "" while it is unknown or refused
	zones      []string // what the cluster alone answers for: the domain, or the parts of it that it may claim
	home       string
	namespaces map[string]bool // true: names below it may be asked of the cluster without .svc
	headless   map[string]bool // Services of home: names of one label below them are those of its pods
	parts      []string        // svc and pod, where names below may be asked of the cluster without its domain
	refused    []wire.NameRefusal
	routed     netipx.IPSet
	mapping    *mapping.Table
	clusterIP6 bool // whether any IPv6 address of the cluster can be reached

	ownDomain string // what the cluster calls itself, whether it may claim it or not: under its suffix nobody else is meant
	suffix    string // "" where it has none
	others    []other
	elsewhere bool // another cluster's names are in force: whatever this one tells must say whose it is
}

// way is where a question goes.
type way uint8

const (
	toLaptop  way = iota // as it was asked
	toCluster            // under route.name, and its answer is the answer
	toEither             // to the cluster under route.name; upstream as it was asked where the cluster has no such name
	toNobody             // there is no such name
	toNothing            // the name is there, and has nothing
	toOther              // to the resolver of another cluster, as it was asked
)

type route struct {
	way  way
	name string // toCluster, toEither: the full name
	zone string // toCluster, toEither: the zone, as the asker sees it, that a negative answer is told of
	// toEither: several labels, which may be a name of the laptop's own network.
	isShared bool
	// toEither: what resolvers ask for on their way down from the root. The laptop's nameservers are asked first: a
	// Service may be called as a top-level domain.
	walksTree bool
	other     netip.Addr // toOther: the resolver
	suffix    string     // toCluster: names of the cluster in the answer are told with it
}

// route decides on a name in lower case with its final dot.
func (plan *plan) route(name string, kind uint16) route {
	if zone, ok := plan.zoneOf(name); ok {
		if strings.HasPrefix(name, "wpad.") {
			return route{way: toNobody, zone: zone} // it would let the cluster set the browsers' proxy
		}
		return route{way: toCluster, name: name, zone: zone}
	}
	if plan.isRoutedReverse(name) {
		reverse := plan.reverseRoute(name)
		if plan.elsewhere {
			reverse.suffix = plan.suffix
		}
		return reverse
	}
	if suffixed, ok := plan.routeSuffixed(name); ok {
		return suffixed
	}
	labels := dns.SplitDomainName(name)
	if plan.domain == "" || len(labels) == 0 {
		return route{way: toLaptop}
	}
	expanded := plan.routeShort(name, labels)
	expanded.walksTree = len(labels) == 1 && walksTree(kind)
	return expanded
}

// routeShort expands what is typed without the cluster's domain.
func (plan *plan) routeShort(name string, labels []string) route {
	last := labels[len(labels)-1]
	expanded := route{way: toEither, zone: parent(name)}
	switch {
	case len(labels) == 1:
		expanded.name = name + plan.home + ".svc." + plan.domain
		expanded.zone = name
		if plan.home == "" || last == "localhost" {
			return route{way: toLaptop}
		}
	case last == "svc", last == "pod":
		// No top-level domain is called so: nobody else can answer, and any namespace can be meant.
		if !slices.Contains(plan.parts, last) || len(labels) < 3 || !plan.exists(labels[len(labels)-2]) {
			return route{way: toLaptop}
		}
		expanded.name, expanded.way = name+plan.domain, toCluster
	case len(labels) == 2 && !plan.exists(last) && plan.headless[last]:
		expanded.name, expanded.isShared = name+plan.home+".svc."+plan.domain, true
	default:
		if len(labels) > 4 || !plan.namespaces[last] {
			return route{way: toLaptop}
		}
		if len(labels) == 4 && !(strings.HasPrefix(labels[0], "_") && strings.HasPrefix(labels[1], "_")) {
			return route{way: toLaptop}
		}
		expanded.name, expanded.isShared = name+"svc."+plan.domain, true
	}
	if _, ok := dns.IsDomainName(expanded.name); !ok { // too long
		return route{way: toLaptop}
	}
	if labels[0] == "wpad" {
		if expanded.way == toCluster {
			return route{way: toNobody, zone: expanded.zone}
		}
		return route{way: toLaptop}
	}
	return expanded
}

func (plan *plan) exists(namespace string) bool {
	_, exists := plan.namespaces[namespace]
	return exists
}

// walksTree tells whether resolvers ask for this type on their way down from the root. Of single labels they must not
// be mistaken for Services; a name of the cluster exists for every type.
func walksTree(kind uint16) bool {
	switch kind {
	case dns.TypeNS, dns.TypeSOA, dns.TypeDS, dns.TypeDNSKEY:
		return true
	}
	return false
}

// zoneOf returns the zone of the cluster that a name lies in.
func (plan *plan) zoneOf(name string) (string, bool) {
	for _, zone := range plan.zones {
		if domains.IsUnder(name, zone) {
			return zone, true
		}
	}
	return "", false
}

// belongs tells whether the cluster may answer for a name.
func (plan *plan) belongs(name string) bool {
	name = dns.CanonicalName(name)
	_, ok := plan.zoneOf(name)
	return ok || plan.isRoutedReverse(name)
}

func (plan *plan) isRoutedReverse(name string) bool {
	asked, _, ok := domains.ReversePrefix(name)
	return ok && plan.routed.ContainsPrefix(asked)
}

// isRouted tells whether an address of the cluster is reached through the tunnel, by itself or by a virtual one.
func (plan *plan) isRouted(address netip.Addr) bool {
	_, isMapped := plan.mapping.Virtual(address)
	return isMapped || plan.routed.Contains(address)
}

func parent(name string) string {
	next, end := dns.NextLabel(name, 0)
	if end {
		return name
	}
	return name[next:]
}

// names returns the routing domains, the home namespace's first, and the search list of this plan.
func (plan *plan) names() (routing, search []string) {
	for _, zone := range plan.zones {
		routing = append(routing, strings.TrimSuffix(zone, "."))
	}
	routing = append(routing, plan.otherNames()...)
	if plan.domain != "" {
		routing = append(routing, plan.parts...)
	}
	if plan.domain != "" && plan.namespaces[plan.home] {
		routing = append(routing, plan.home)
	}
	for _, namespace := range slices.Sorted(maps.Keys(plan.namespaces)) {
		if plan.domain != "" && namespace != plan.home && plan.namespaces[namespace] {
			routing = append(routing, namespace)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(plan.headless)) {
		if plan.domain != "" && !plan.exists(service) {
			routing = append(routing, service)
		}
	}
	for _, searched := range []string{plan.home + ".svc." + plan.domain, "svc." + plan.domain, plan.domain} {
		if _, own := plan.zoneOf(searched); own && !strings.HasPrefix(searched, ".") {
			search = append(search, strings.TrimSuffix(searched, "."))
		}
	}
	return routing, search
}
