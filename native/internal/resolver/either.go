package resolver

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// laptopPatience is how long an answer of the cluster waits for the laptop's own nameservers to say whether they
	// know the name. They are asked at the same time, and what they say is kept.
	laptopPatience = 500 * time.Millisecond
	// notAwaitedFor is how long nobody waits for them after they were slower than that.
	notAwaitedFor = 10 * time.Second
)

// answerEither answers a short name. One label is looked for in the cluster first. A name of several labels is one of
// the laptop's own network where its nameservers know it (api.corp), and the cluster's only where they do not.
func (resolver *Resolver) answerEither(ctx context.Context, plan *plan, route route, request *dns.Msg) *dns.Msg {
	question := request.Question[0]
	if route.walksTree {
		return resolver.answerTree(ctx, plan, route, request)
	}
	known, isKept := false, true
	if route.isShared && resolver.link.Load() == nil {
		known = resolver.laptopOnceKnew(question.Name)
	} else if route.isShared {
		known, isKept = resolver.laptopKnew(question.Name)
	}
	var result found
	var err error
	if isKept && !known {
		result, err = resolver.askCluster(ctx, plan, route, question)
	} else if !isKept {
		result, known, err = resolver.askBoth(ctx, plan, route, question)
	}
	switch {
	case known:
		return resolver.answerLaptop(ctx, request)
	case err == nil && result.rcode == dns.RcodeSuccess:
		return reply(request, result)
	case err == nil && result.rcode == dns.RcodeNameError:
		return resolver.answerOutside(ctx, route, request)
	case err == nil:
		err = errClusterFailed
	}
	// Nobody knows now whether it is the cluster's. If it was, the world must not be asked: another host would
	// get its connections. If the world does not have it either, that must not be kept as the truth.
	if resolver.cache.wasThere(plan.clusterKey(route.name, question.Qtype)) && !resolver.laptopOnceKnew(question.Name) {
		return failed(request, dns.RcodeServerFailure, err)
	}
	response := resolver.answerOutside(ctx, route, request)
	if response.Rcode == dns.RcodeNameError {
		return failed(request, dns.RcodeServerFailure, err)
	}
	return response
}

// askBoth asks the cluster, and the laptop's own nameservers whether they know the name. known: it is theirs, and what
// the cluster says does not count.
func (resolver *Resolver) askBoth(ctx context.Context, plan *plan, route route, question dns.Question) (result found, known bool, err error) {
	knows := resolver.laptopKnows(ctx, question.Name)
	done := make(chan struct{})
	var told found
	var because error
	go func() {
		defer close(done)
		told, because = resolver.askCluster(ctx, plan, route, question)
	}()
	select {
	case known = <-knows:
		if known {
			return found{}, true, nil
		}
		<-done
		return told, false, because
	case <-done:
	}
	if time.Now().UnixNano() >= resolver.notAwaited.Load() {
		select {
		case known = <-knows:
			return told, known, because
		case <-time.After(laptopPatience):
			resolver.notAwaited.Store(time.Now().Add(notAwaitedFor).UnixNano())
		}
	}
	return told, resolver.laptopOnceKnew(question.Name), because
}

// answerTree answers what resolvers ask of single labels on their way down from the root: by the laptop's own
// nameservers, which know the top-level domains. That they have no such name is not handed on, where it may be the
// cluster's: whoever keeps it keeps it for every type.
func (resolver *Resolver) answerTree(ctx context.Context, plan *plan, route route, request *dns.Msg) *dns.Msg {
	response := resolver.answerOutside(ctx, route, request)
	if response.Rcode != dns.RcodeNameError {
		return response
	}
	result, err := resolver.askCluster(ctx, plan, route, dns.Question{Name: request.Question[0].Name, Qtype: dns.TypeA, Qclass: dns.ClassINET})
	switch {
	case err != nil:
		return failed(request, dns.RcodeServerFailure, err)
	case result.rcode == dns.RcodeSuccess:
		return reply(request, negative(dns.RcodeSuccess, route.zone))
	}
	return response
}

// answerOutside asks the laptop's own nameservers for a name that the cluster does not have now. That there is
// nothing is told in our words, for a few seconds only: the Service may be just being made, and an outside zone's own
// word would be kept for hours.
func (resolver *Resolver) answerOutside(ctx context.Context, route route, request *dns.Msg) *dns.Msg {
	response := resolver.answerLaptop(ctx, request)
	isNegative := len(response.Answer) == 0 && !response.Truncated
	if isNegative && (response.Rcode == dns.RcodeSuccess || response.Rcode == dns.RcodeNameError) {
		return reply(request, negative(response.Rcode, route.zone))
	}
	withTTL(response.Answer, maxClusterTTL) // a Service of this name would be the answer
	return response
}

// knownKey is the question by which the laptop's nameservers tell whether a name exists, of whatever type (RFC 8020
// section 2: NXDOMAIN is of the name).
func knownKey(name string) cacheKey { return cacheKey{name: dns.CanonicalName(name), kind: dns.TypeA} }

// laptopKnew tells what is kept of that, without asking anybody.
func (resolver *Resolver) laptopKnew(name string) (known, isKept bool) {
	entry, isKept := resolver.cache.fresh(knownKey(name))
	if !isKept || !entry.answer.exists() {
		return false, isKept
	}
	wildcard, isTested := resolver.cache.fresh(knownKey(*resolver.canary.Load()))
	return isTested && !wildcard.answer.exists(), isTested
}

// laptopOnceKnew tells what they said when they were asked last, however long ago.
func (resolver *Resolver) laptopOnceKnew(name string) bool {
	return resolver.cache.wasThere(knownKey(name)) && !resolver.cache.wasThere(knownKey(*resolver.canary.Load()))
}

// laptopKnows asks. Nothing comes where they do not answer. A name that they knew is theirs also while they fail.
func (resolver *Resolver) laptopKnows(ctx context.Context, name string) <-chan bool {
	told := make(chan bool, 1)
	go func() {
		exists := func(name string) (bool, error) {
			answer, _, err := resolver.askLaptop(ctx, dns.Question{Name: name, Qtype: dns.TypeA, Qclass: dns.ClassINET}, upstreamFlags{})
			if err == nil && answer.rcode != dns.RcodeSuccess && answer.rcode != dns.RcodeNameError {
				err = errLaptopFailed
			}
			return err == nil && answer.exists(), err
		}
		known, err := exists(name)
		if err != nil {
			known = resolver.laptopOnceKnew(name)
		} else if known {
			// Some nameservers answer for every name, with an advertisement or with nothing: that is no knowledge.
			wildcard, err := exists(*resolver.canary.Load())
			known = err != nil || !wildcard
		}
		told <- known
	}()
	return told
}

// newCanary makes a name that nobody has.
func newCanary() *string {
	label := func() string { return "x" + strings.ToLower(rand.Text()[:12]) }
	name := label() + "." + label() + "."
	return &name
}
