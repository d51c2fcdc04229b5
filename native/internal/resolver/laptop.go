package resolver

import (
	"context"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// answerLaptop passes a question on. What belongs to its asker alone is not kept for others.
func (resolver *Resolver) answerLaptop(ctx context.Context, request *dns.Msg) *dns.Msg {
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
	answer, age, err := resolver.askLaptop(ctx, question, flags)
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

func (resolver *Resolver) askLaptop(ctx context.Context, question dns.Question, flags upstreamFlags) (*answer, time.Duration, error) {
	key := cacheKey{name: dns.CanonicalName(question.Name), kind: question.Qtype, flags: flags}
	return resolver.cache.lookup(ctx, key, func() (*answer, error) {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		response, err := exchange(ctx, resolver.upstream, question, flags)
		if err != nil {
			return nil, err
		}
		return fromLaptop(question, response), nil
	})
}

// fromLaptop keeps the whole answer of the laptop's own nameservers: they are trusted as without us.
func fromLaptop(question dns.Question, response *dns.Msg) *answer {
	result := &answer{
		rcode: response.Rcode, records: response.Answer, authority: response.Ns,
		extra:         slices.DeleteFunc(slices.Clone(response.Extra), isOPT),
		authoritative: response.Authoritative, authenticated: response.AuthenticatedData,
		truncated: response.Truncated,
	}
	if response.Truncated {
		return result
	}
	positive := slices.ContainsFunc(response.Answer, func(record dns.RR) bool { return isOfType(record, question.Qtype) })
	switch {
	case positive && response.Rcode == dns.RcodeSuccess:
		result.keep = seconds(min(lowestTTL(response.Answer), maxUpstreamTTL))
	case response.Rcode == dns.RcodeSuccess || response.Rcode == dns.RcodeNameError:
		if ttl, ok := negativeTTL(response.Ns); ok { // without SOA it must not be kept (RFC 2308 section 5)
			result.keep = seconds(ttl)
		}
	}
	return result
}
