package resolver

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// found is an answer for one asker.
type found struct {
	rcode                     int
	records, authority, extra []dns.RR
	authoritative             bool
	authenticated             bool
	truncated                 bool
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
	if question.Qclass != dns.ClassINET && route.way != toUpstream {
		if _, own := plan.zoneOf(name); own {
			return failed(request, dns.RcodeRefused, nil)
		}
		route.way = toUpstream
	}
	switch route.way {
	case toNobody:
		return reply(request, negative(dns.RcodeNameError, route.zone))
	case toCluster:
		result, err := resolver.askCluster(ctx, plan, route, question)
		if err != nil {
			return failed(request, dns.RcodeServerFailure, err)
		}
		return reply(request, result)
	case toEither:
		return resolver.answerEither(ctx, plan, route, request)
	}
	return resolver.answerUpstream(ctx, request)
}

// answerEither answers a short name. The cluster comes first; where it has no such name, the world may have it.
func (resolver *Resolver) answerEither(ctx context.Context, plan *plan, route route, request *dns.Msg) *dns.Msg {
	question := request.Question[0]
	result, err := resolver.askCluster(ctx, plan, route, question)
	if err == nil && result.rcode == dns.RcodeSuccess {
		return reply(request, result)
	}
	if err == nil && result.rcode == dns.RcodeNameError {
		return resolver.answerUpstream(ctx, request)
	}
	if err == nil {
		err = errClusterFailed
	}
	// Nobody knows now whether it is the cluster's. If it was, the world must not be asked: another host would
	// get its connections. If the world does not have it either, that must not be kept as the truth.
	if resolver.cache.wasThere(plan.clusterKey(route.name, question.Qtype)) {
		return failed(request, dns.RcodeServerFailure, err)
	}
	response := resolver.answerUpstream(ctx, request)
	if response.Rcode == dns.RcodeNameError {
		return failed(request, dns.RcodeServerFailure, err)
	}
	return response
}

// askCluster asks for route.name and tells the answer under the name of the question.
func (resolver *Resolver) askCluster(ctx context.Context, plan *plan, route route, question dns.Question) (found, error) {
	link := resolver.link.Load()
	if link == nil || resolver.cluster == nil {
		return found{}, errClusterDown
	}
	key := plan.clusterKey(route.name, question.Qtype)
	asked := dns.Question{Name: key.name, Qtype: key.kind, Qclass: dns.ClassINET}
	answer, age, err := resolver.cache.lookup(ctx, key, func() (*answer, error) {
		ctx, cancel := context.WithTimeout(link.ctx, clusterTimeout)
		defer cancel()
		response, err := exchange(ctx, resolver.cluster, asked, upstreamFlags{})
		if err != nil {
			return nil, err
		}
		return fromCluster(plan, asked, response), nil
	})
	if err != nil {
		return found{}, err
	}
	if answer.rcode != dns.RcodeSuccess && answer.rcode != dns.RcodeNameError {
		return found{rcode: answer.rcode}, nil
	}
	result := found{
		rcode: answer.rcode, authoritative: true,
		records: told(answer.records, age, route.name, question.Name),
		extra:   told(answer.extra, age, "", ""),
	}
	if asked.Qtype != question.Qtype { // only whether the name is there was asked
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

// clusterKey also decides what is really asked: of a cluster without IPv6 only whether the name is there, since
// whoever asks for AAAA or HTTPS waits for the answer before it connects.
func (plan *plan) clusterKey(name string, kind uint16) cacheKey {
	if !plan.clusterIP6 && (kind == dns.TypeAAAA || kind == dns.TypeHTTPS || kind == dns.TypeSVCB) {
		kind = dns.TypeA
	}
	return cacheKey{cluster: true, name: name, kind: kind}
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
	if len(own.records) == 0 {
		own.authority = negative(dns.RcodeSuccess, route.zone).authority
	}
	if len(answer.foreign) > 0 && !slices.ContainsFunc(answer.foreign, func(record dns.RR) bool { return !plan.isRoutedRecord(record) }) {
		return own, nil
	}
	outside, outsideAge, err := resolver.lookUpstream(ctx, dns.Question{Name: answer.outside, Qtype: question.Qtype, Qclass: dns.ClassINET}, upstreamFlags{})
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
	switch record := record.(type) {
	case *dns.A:
		address, ok := netip.AddrFromSlice(record.A.To4())
		return ok && plan.isRouted(address)
	case *dns.AAAA:
		address, ok := netip.AddrFromSlice(record.AAAA)
		return ok && plan.isRouted(address)
	}
	return false
}

// answerUpstream passes a question on. What belongs to its asker alone is not kept for others.
func (resolver *Resolver) answerUpstream(ctx context.Context, request *dns.Msg) *dns.Msg {
	flags, plain := plainFlags(request)
	if !plain {
		response, err := resolver.upstream(ctx, request)
		if err == nil && response == nil {
			err = errOtherQuestion
		}
		if err != nil {
			return failed(request, dns.RcodeServerFailure, err)
		}
		response.Id, response.Question = request.Id, request.Question
		return response
	}
	question := request.Question[0]
	answer, age, err := resolver.lookUpstream(ctx, question, flags)
	if err != nil {
		return failed(request, dns.RcodeServerFailure, err)
	}
	name := dns.CanonicalName(question.Name)
	return reply(request, found{
		rcode: answer.rcode, authoritative: answer.authoritative, authenticated: answer.authenticated, truncated: answer.truncated,
		records: told(answer.records, age, name, question.Name),
		// The owner of a SOA or NS record is a zone, not the spelling of the question.
		authority: told(answer.authority, age, "", ""),
		extra:     told(answer.extra, age, "", ""),
	})
}

func (resolver *Resolver) lookUpstream(ctx context.Context, question dns.Question, flags upstreamFlags) (*answer, time.Duration, error) {
	key := cacheKey{name: dns.CanonicalName(question.Name), kind: question.Qtype, flags: flags}
	return resolver.cache.lookup(ctx, key, func() (*answer, error) {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		response, err := exchange(ctx, resolver.upstream, question, flags)
		if err != nil {
			return nil, err
		}
		return fromUpstream(question, response), nil
	})
}

// exchange asks and makes sure that it was this question that was answered.
func exchange(ctx context.Context, ask Exchange, question dns.Question, flags upstreamFlags) (*dns.Msg, error) {
	query := &dns.Msg{Question: []dns.Question{question}}
	query.Id, query.RecursionDesired = dns.Id(), true
	query.CheckingDisabled, query.AuthenticatedData = flags.checkingDisabled, flags.authenticated
	if flags.edns0 {
		query.SetEdns0(edns0Size, flags.wantsDNSSEC)
	}
	response, err := ask(ctx, query)
	if err != nil {
		return nil, err
	}
	if response == nil || !response.Response || len(response.Question) > 1 ||
		len(response.Question) == 1 && !sameQuestion(response.Question[0], question) ||
		len(response.Question) == 0 && (response.Rcode == dns.RcodeSuccess || response.Rcode == dns.RcodeNameError) {
		return nil, errOtherQuestion
	}
	return response, nil
}
