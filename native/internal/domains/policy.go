// Package domains says which names a cluster may answer for. A cluster calls itself and its namespaces what it
// likes, so nothing that it says is believed: not a name that others can register, not one that networks use for
// themselves, not one of the laptop's own. The engine's resolver and the root helper go by this one table, the helper
// with what it read of the laptop by itself.
package domains

import (
	"net/netip"
	"slices"
	"strings"

	"slipway/native/internal/wire"
)

// Max is how many names of all kinds (routing, search, reverse) a cluster may have; the rest is refused.
const Max = 512

// Reasons of a refusal, as wire.NameRefusal has them.
const (
	ReasonMalformed    = "malformed"
	ReasonPublicSuffix = "public-suffix" // others have names directly below it, or below a name within it
	ReasonRegistrable  = "registrable"   // it lies below a public suffix: somebody may own it
	ReasonSpecialUse   = "special-use"
	ReasonCollision    = "name-collision"
	ReasonLaptop       = "laptop-domain"
	ReasonReverse      = "reverse"
	ReasonNamespace    = "namespace" // a suffix that is a namespace of the cluster whose short names are in force
	ReasonTooMany      = "too-many"
)

// Policy judges names for one laptop and one cluster. It is never changed.
type Policy struct {
	laptop  []string // canonical, without final dots
	granted []string // by the user's word, as far as it can be given
}

// NewPolicy takes the domains of the laptop (search, routing-only, of each link, of its own name), and the
// domains that the user lets this cluster answer for as a whole; "" is none.
func NewPolicy(laptop []string, granted ...string) Policy {
	var policy Policy
	for _, domain := range laptop {
		domain = canonical(strings.TrimPrefix(domain, "~"))
		if domain != "" && !slices.Contains(policy.laptop, domain) {
			policy.laptop = append(policy.laptop, domain)
		}
	}
	var given []string
	for _, domain := range granted {
		domain = canonical(domain)
		if refusal := policy.Judge(domain); refusal == nil || refusal.Grantable {
			given = append(given, domain)
		}
	}
	policy.granted = given
	return policy
}

// Judge tells why a cluster may not answer for a name and everything below it, nil where it may. The name is a whole
// domain, a part of one, or a namespace.
func (policy Policy) Judge(name string) *wire.NameRefusal {
	refuse := func(reason, conflict string, grantable bool) *wire.NameRefusal {
		return &wire.NameRefusal{Name: Printable(name), Reason: reason, Conflict: conflict, Grantable: grantable}
	}
	labels, valid := split(name)
	if !valid {
		return refuse(ReasonMalformed, "", false)
	}
	top := labels[len(labels)-1]
	switch {
	case slices.Contains(specialTree, top), len(labels) == 1 && slices.Contains(specialUse, name):
		return refuse(ReasonSpecialUse, top, false)
	case IsUnder(name, clusterLocal):
		return nil
	}
	if suffix := suffixWithin(labels); suffix != "" {
		return refuse(ReasonPublicSuffix, suffix, false)
	}
	if domain := policy.laptopWithin(name); domain != "" {
		return refuse(ReasonLaptop, domain, false)
	}
	if slices.ContainsFunc(policy.granted, func(domain string) bool { return IsUnder(name, domain) }) || policy.isServiceZone(labels) {
		return nil
	}
	for _, domain := range policy.laptop {
		if IsUnder(name, domain) {
			return refuse(ReasonLaptop, domain, true)
		}
	}
	if suffix := suffixAbove(labels); suffix != "" {
		return refuse(ReasonRegistrable, suffix, true)
	}
	if slices.Contains(specialUse, top) {
		return refuse(ReasonSpecialUse, top, true)
	}
	if slices.Contains(collisions, top) {
		return refuse(ReasonCollision, top, true)
	}
	return nil
}

// Zones says what of its own domain a cluster may answer for: all, or the two parts that Kubernetes defines
// (https://github.com/kubernetes/dns/blob/master/docs/specification.md), or nothing; and why it is not all.
func (policy Policy) Zones(domain string) (zones []string, refusal *wire.NameRefusal) {
	refusal = policy.Judge(domain)
	if refusal == nil {
		return []string{domain}, nil
	}
	for _, part := range []string{"svc." + domain, "pod." + domain} {
		if policy.Judge(part) == nil {
			zones = append(zones, part)
		}
	}
	return zones, refusal
}

// Reverse judges a zone of in-addr.arpa or ip6.arpa: it is wholly inside private space, and none of the laptop's own
// zones is it or lies in it.
func (policy Policy) Reverse(zone string) *wire.NameRefusal {
	prefix, before, isReverse := ReversePrefix(zone)
	if !isReverse || before > 0 || !slices.ContainsFunc(reverseSpace, func(space netip.Prefix) bool {
		return space.Bits() <= prefix.Bits() && space.Contains(prefix.Addr())
	}) {
		return &wire.NameRefusal{Name: Printable(zone), Reason: ReasonReverse}
	}
	if domain := policy.laptopWithin(zone); domain != "" {
		return &wire.NameRefusal{Name: Printable(zone), Reason: ReasonLaptop, Conflict: domain}
	}
	return nil
}

// laptopWithin returns a domain of the laptop that the name is, or that lies below it; "" where there is none.
func (policy Policy) laptopWithin(name string) string {
	for _, domain := range policy.laptop {
		if IsUnder(domain, name) {
			return domain
		}
	}
	return ""
}

// isServiceZone tells whether a name is a part of a cluster's domain that Kubernetes defines, or below it: svc.DOMAIN
// or pod.DOMAIN, where DOMAIN is neither a registry's nor set aside, and nothing within is somebody else's.
func (policy Policy) isServiceZone(labels []string) bool {
	for index, label := range labels[:len(labels)-1] {
		zone, domain := labels[index:], labels[index+1:]
		if label != "svc" && label != "pod" || isRegistry(domain) || len(domain) == 1 && slices.Contains(specialUse, domain[0]) {
			continue
		}
		if suffixWithin(zone) == "" && policy.laptopWithin(strings.Join(zone, ".")) == "" {
			return true
		}
	}
	return false
}

// IsUnder tells whether a name is the domain or lies below it. Both are canonical, with or without final dots alike.
func IsUnder(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}

func canonical(domain string) string { return strings.ToLower(strings.Trim(domain, ".")) }
