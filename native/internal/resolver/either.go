package resolver

import (
	"context"

	"github.com/miekg/dns"
)

// answerEither answers a short name. The cluster comes first; where it has no such name, the world may have it.
func (resolver *Resolver) answerEither(ctx context.Context, plan *plan, route route, request *dns.Msg) *dns.Msg {
	question := request.Question[0]
	result, err := resolver.askCluster(ctx, plan, route, question)
	if err == nil && result.rcode == dns.RcodeSuccess {
		return reply(request, result)
	}
	if err == nil && result.rcode == dns.RcodeNameError {
		return resolver.answerLaptop(ctx, request)
	}
	if err == nil {
		err = errClusterFailed
	}
	// Nobody knows now whether it is the cluster's. If it was, the world must not be asked: another host would
	// get its connections. If the world does not have it either, that must not be kept as the truth.
	if resolver.cache.wasThere(plan.clusterKey(route.name, question.Qtype)) {
		return failed(request, dns.RcodeServerFailure, err)
	}
	response := resolver.answerLaptop(ctx, request)
	if response.Rcode == dns.RcodeNameError {
		return failed(request, dns.RcodeServerFailure, err)
	}
	return response
}
