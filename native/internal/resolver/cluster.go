package resolver

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// askCluster asks for route.name and tells the answer under the name of the question.
func (resolver *Resolver) askCluster(ctx context.Context, plan *plan, route route, question dns.Question) (found, error) {
	asked := plan.clusterKey(route.name, question.Qtype)
	answer, age, err := resolver.lookupCluster(ctx, plan, asked)
	if err != nil {
		return found{}, err
	}
	if exists := plan.clusterKey(route.name, dns.TypeA); answer.rcode == dns.RcodeNameError && asked != exists && asked.kind != dns.TypePTR {
		// NXDOMAIN is of the name (RFC 8020), but some nameservers say it of a type.
		if ofName, _, err := resolver.lookupCluster(ctx, plan, exists); err == nil && ofName.exists() {
			return found{rcode: dns.RcodeSuccess, authoritative: true, authority: negative(dns.RcodeSuccess, route.zone).authority}, nil
		}
	}
	if answer.rcode != dns.RcodeSuccess && answer.rcode != dns.RcodeNameError {
		return found{rcode: answer.rcode}, nil
	}
	result := found{
		rcode: answer.rcode, authoritative: true,
		records: plan.withSuffix(plan.known(told(answer.records, age, route.name, question.Name)), route.suffix),
		extra:   plan.withSuffix(plan.known(told(answer.extra, age, "", "")), route.suffix),
	}
	if asked.kind != question.Qtype { // only whether the name is there was asked
		result.extra = nil
		result.records = slices.DeleteFunc(result.records, func(record dns.RR) bool { return record.Header().Rrtype != dns.TypeCNAME })
	}
	if answer.outside != "" {
		return resolver.followOutside(ctx, plan, route, question, answer, age, result)
	}
	if !slices.ContainsFunc(result.records, func(record dns.RR) bool { return isOfType(record, question.Qtype) }) {
		result.authority = negative(result.rcode, route.zone).authority
	}
	return result, nil
}

// lookupCluster asks the cluster's nameservers, or what is kept of them.
func (resolver *Resolver) lookupCluster(ctx context.Context, plan *plan, key cacheKey) (*answer, time.Duration, error) {
	said, age, err := resolver.askOrLast(ctx, key, func() (*answer, error) {
		link := resolver.link.Load()
		if link == nil || resolver.cluster == nil {
			return nil, errClusterDown
		}
		ctx, cancel := context.WithTimeout(link.ctx, clusterTimeout)
		defer cancel()
		asked := dns.Question{Name: key.name, Qtype: key.kind, Qclass: dns.ClassINET}
		response, err := exchange(ctx, resolver.cluster, asked, upstreamFlags{})
		if err != nil {
			return nil, err
		}
		return fromCluster(plan, asked, response), nil
	})
	if err != nil {
		return nil, 0, err
	}
	return resolver.overrule(plan, key, said), age, nil
}

// clusterKey also decides what is really asked: of a cluster without IPv6 only whether the name is there, since
// whoever asks for AAAA or HTTPS waits for the answer before it connects.
func (plan *plan) clusterKey(name string, kind uint16) cacheKey {
	if !plan.clusterIP6 && (kind == dns.TypeAAAA || kind == dns.TypeHTTPS || kind == dns.TypeSVCB) {
		kind = dns.TypeA
	}
	return cacheKey{cluster: true, name: name, kind: kind}
}

// fromCluster takes out of the cluster's answer what it may say: the chain from the asked name through its own
// zones to records of the asked type, addresses of SRV targets in its zones, and that there is nothing.
func fromCluster(plan *plan, question dns.Question, response *dns.Msg) *answer {
	result := &answer{rcode: response.Rcode, authoritative: true}
	if response.Rcode != dns.RcodeSuccess && response.Rcode != dns.RcodeNameError {
		return result
	}
	terminal := result.follow(plan, question, response.Answer)
	if terminal {
		result.rcode = dns.RcodeSuccess
		result.extra = glue(plan, result.records, response.Extra)
		lowest := min(lowestTTL(result.records), maxClusterTTL)
		result.records, result.extra = withTTL(result.records, lowest), withTTL(result.extra, lowest)
		result.keep = seconds(lowest)
	} else {
		ttl, ok := negativeTTL(response.Ns)
		if !ok {
			ttl = maxClusterTTL
		}
		ttl = min(ttl, maxClusterTTL)
		result.records = withTTL(result.records, min(lowestTTL(result.records), maxClusterTTL))
		if result.outside != "" && result.rcode == dns.RcodeNameError {
			result.rcode = dns.RcodeSuccess // the name itself is there; where it leads is not the cluster's to say
		}
		if len(result.records) > 0 {
			ttl = min(ttl, lowestTTL(result.records))
		}
		result.keep = seconds(ttl)
	}
	if response.Truncated {
		result.keep = 0
	}
	return result
}

// follow collects the chain. It returns whether it ended in records of the asked type, inside the zones.
func (answer *answer) follow(plan *plan, question dns.Question, records []dns.RR) bool {
	current := question.Name
	inside := true
	for range maxChain {
		next := ""
		terminal := false
		for _, record := range records {
			header := record.Header()
			if header.Class != dns.ClassINET || !strings.EqualFold(header.Name, current) || !isSound(record) {
				continue
			}
			alias, isAlias := record.(*dns.CNAME)
			switch {
			case isOfType(record, question.Qtype) && inside:
				answer.records = append(answer.records, dns.Copy(record))
				terminal = true
			case isOfType(record, question.Qtype):
				foreign := dns.Copy(record)
				foreign.Header().Name = question.Name
				answer.foreign = append(answer.foreign, foreign)
			case isAlias && next == "":
				next = alias.Target
				if inside {
					answer.records = append(answer.records, dns.Copy(record))
				}
			}
		}
		if terminal || next == "" {
			return terminal
		}
		if inside && !plan.belongs(next) {
			inside, answer.outside = false, next
		}
		current = next
	}
	return false
}

// isSound refuses addresses that no Service or endpoint has (Kubernetes refuses them too), and that would turn a
// name of the cluster against the laptop's own services.
func isSound(record dns.RR) bool {
	var bytes []byte
	switch record := record.(type) {
	case *dns.A:
		bytes = record.A.To4()
	case *dns.AAAA:
		bytes = record.AAAA
	default:
		return true
	}
	address, ok := netip.AddrFromSlice(bytes)
	address = address.Unmap()
	return ok && !address.IsUnspecified() && !address.IsLoopback() && !address.IsLinkLocalUnicast() && !address.IsMulticast()
}

// glue keeps the addresses of SRV targets that the cluster may answer for.
func glue(plan *plan, records, extra []dns.RR) (kept []dns.RR) {
	targets := map[string]bool{}
	for _, record := range records {
		if service, ok := record.(*dns.SRV); ok && plan.belongs(service.Target) {
			targets[dns.CanonicalName(service.Target)] = true
		}
	}
	for _, record := range extra {
		header := record.Header()
		wanted := header.Rrtype == dns.TypeA || header.Rrtype == dns.TypeAAAA && plan.clusterIP6
		if wanted && header.Class == dns.ClassINET && isSound(record) && targets[dns.CanonicalName(header.Name)] {
			kept = append(kept, dns.Copy(record))
		}
	}
	return kept
}

// followOutside ends a chain that leaves the cluster (an ExternalName). The outside name is looked up as the laptop
// would do it: the cluster cannot answer for it. Addresses that the cluster gave stand in, under the cluster's own
// name, where they are the cluster's to reach or where the laptop finds none.
func (resolver *Resolver) followOutside(ctx context.Context, plan *plan, route route, question dns.Question, answer *answer, age time.Duration, chain found) (found, error) {
	own := found{rcode: dns.RcodeSuccess, authoritative: true}
	for _, record := range told(answer.foreign, age, route.name, question.Name) {
		if isOfType(record, question.Qtype) {
			record.Header().Ttl = min(record.Header().Ttl, maxClusterTTL)
			own.records = append(own.records, record)
		}
	}
	plan.known(own.records)
	if len(own.records) == 0 {
		own.authority = negative(dns.RcodeSuccess, route.zone).authority
	}
	if len(answer.foreign) > 0 && !slices.ContainsFunc(answer.foreign, func(record dns.RR) bool { return !plan.isRoutedRecord(record) }) {
		return own, nil
	}
	outside, outsideAge, err := resolver.askLaptop(ctx, dns.Question{Name: answer.outside, Qtype: question.Qtype, Qclass: dns.ClassINET}, upstreamFlags{})
	if err == nil && outside.rcode == dns.RcodeSuccess || len(answer.foreign) == 0 && err == nil {
		chain.rcode = outside.rcode // RFC 6604: that of the end of the chain
		chain.records = append(chain.records, told(outside.records, outsideAge, "", "")...)
		chain.authority = told(outside.authority, outsideAge, "", "")
		return chain, nil
	}
	if len(answer.foreign) > 0 {
		return own, nil
	}
	return found{}, err
}

func (plan *plan) isRoutedRecord(record dns.RR) bool {
	address, ok := AddressOf(record)
	return ok && plan.isRouted(address)
}
