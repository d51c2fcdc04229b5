package resolver

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"
)

// plan says which names go where. It is never changed, only replaced. Names in it are lower case; the cluster's
// domain and zones end in a dot, namespaces do not.
type plan struct {
	domain     string   // "" while it is unknown or refused
	zones      []string // what the cluster alone answers for: the domain, or the parts of it that it may claim
	home       string
	namespaces map[string]bool // true: names below it may be asked of the cluster without .svc
	reverse    []netip.Prefix
	clusterIP6 bool // whether any IPv6 address of the cluster can be reached
}

// way is where a question goes.
type way uint8

const (
	toLaptop  way = iota // as it was asked
	toCluster            // under route.name, and its answer is the answer
	toEither             // to the cluster under route.name; upstream as it was asked where the cluster has no such name
	toNobody             // there is no such name
)

type route struct {
	way  way
	name string // toCluster, toEither: the full name
	zone string // toCluster, toEither: the zone, as the asker sees it, that a negative answer is told of
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
		return route{way: toCluster, name: name, zone: parent(name)}
	}
	labels := dns.SplitDomainName(name)
	if plan.domain == "" || len(labels) == 0 || !expands(kind) {
		return route{way: toLaptop}
	}
	return plan.routeShort(name, labels)
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
	case last == "svc":
		// No top-level domain is called so: nobody else can answer, and any namespace can be meant.
		if len(labels) < 3 || !plan.exists(labels[len(labels)-2]) {
			return route{way: toLaptop}
		}
		expanded.name, expanded.way = name+plan.domain, toCluster
	default:
		if len(labels) > 4 || !plan.namespaces[last] {
			return route{way: toLaptop}
		}
		if len(labels) == 4 && !(strings.HasPrefix(labels[0], "_") && strings.HasPrefix(labels[1], "_")) {
			return route{way: toLaptop}
		}
		expanded.name = name + "svc." + plan.domain
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

// expands tells whether programs ask for this type by a short name. Resolvers that walk the tree from its root ask
// for NS, DS and the like of single labels, which must not be mistaken for Services.
func expands(kind uint16) bool {
	switch kind {
	case dns.TypeA, dns.TypeAAAA, dns.TypeCNAME, dns.TypeSRV, dns.TypeTXT, dns.TypePTR, dns.TypeHTTPS, dns.TypeSVCB, dns.TypeANY:
		return true
	}
	return false
}

// zoneOf returns the zone of the cluster that a name lies in.
func (plan *plan) zoneOf(name string) (string, bool) {
	for _, zone := range plan.zones {
		if isUnder(name, zone) {
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
	asked, ok := reversePrefix(name)
	if !ok {
		return false
	}
	for _, prefix := range plan.reverse {
		if prefix.Bits() <= asked.Bits() && prefix.Contains(asked.Addr()) {
			return true
		}
	}
	return false
}

// isRouted tells whether an address is reached through the tunnel.
func (plan *plan) isRouted(address netip.Addr) bool {
	return slices.ContainsFunc(plan.reverse, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

func isUnder(name, zone string) bool {
	return name == zone || strings.HasSuffix(name, "."+zone)
}

func parent(name string) string {
	next, end := dns.NextLabel(name, 0)
	if end {
		return name
	}
	return name[next:]
}

// specialUse are the top-level names that are set aside for other uses (RFC 6761, 6762, 7686, 8375, 9476; ICANN
// board resolution 2024.07.29.06 for internal).
var specialUse = map[string]bool{
	"alt": true, "arpa": true, "example": true, "internal": true, "invalid": true, "local": true,
	"localhost": true, "onion": true, "test": true,
}

// reserved tells whether a single label is a top-level domain or set aside. Asking for a name below it finds those
// that are listed by a wildcard only.
func reserved(label string) bool {
	_, isDomain := publicsuffix.PublicSuffix("x." + label)
	return isDomain || specialUse[label]
}

// ownedByOthers tells whether names below a namespace's name are somebody else's: it is a top-level domain or set
// aside, or the laptop's own domains lie there. Such a namespace would capture them all.
func ownedByOthers(namespace string, hostDomains []string) bool {
	return reserved(namespace) || slices.ContainsFunc(hostDomains, func(host string) bool {
		return isUnder(dns.CanonicalName(host), namespace+".")
	})
}

// zonesOf says what a cluster with this domain (lower case, final dot) may answer for. It calls itself what it likes,
// so a domain that others own is not believed: a public suffix is refused; under one, or around the laptop's own
// domains, only the two parts that Kubernetes defines (DNS-Based Service Discovery) are left to it.
func zonesOf(domain string, hostDomains []string) []string {
	bare := strings.TrimSuffix(domain, ".")
	labels := strings.Split(bare, ".")
	if len(bare) > 200 || slices.ContainsFunc(labels, func(label string) bool { return !isHostLabel(label) }) {
		return nil
	}
	suffix, isPublic := publicsuffix.PublicSuffix(bare)
	if isPublic && suffix == bare || len(labels) == 1 && reserved(bare) {
		return nil
	}
	around := slices.ContainsFunc(hostDomains, func(host string) bool { return isUnder(dns.CanonicalName(host), domain) })
	if isPublic || around {
		return []string{"svc." + domain, "pod." + domain}
	}
	return []string{domain}
}

// isHostLabel tells whether a label is letters, digits and inner hyphens (RFC 1123), in lower case.
func isHostLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(character rune) bool {
		return character != '-' && (character < '0' || character > '9') && (character < 'a' || character > 'z')
	})
}

// names returns the routing domains, the home namespace's first, and the search list of this plan.
func (plan *plan) names() (domains, search []string) {
	if plan.domain == "" {
		return nil, nil
	}
	for _, zone := range plan.zones {
		domains = append(domains, strings.TrimSuffix(zone, "."))
	}
	domains = append(domains, "svc")
	if plan.namespaces[plan.home] {
		domains = append(domains, plan.home)
	}
	for _, namespace := range slices.Sorted(maps.Keys(plan.namespaces)) {
		if namespace != plan.home && plan.namespaces[namespace] {
			domains = append(domains, namespace)
		}
	}
	bare := strings.TrimSuffix(plan.domain, ".")
	if plan.home != "" {
		search = append(search, plan.home+".svc."+bare)
	}
	search = append(search, "svc."+bare)
	if slices.Contains(plan.zones, plan.domain) {
		search = append(search, bare)
	}
	return domains, search
}
