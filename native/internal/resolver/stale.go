package resolver

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

const (
	// staleFor is how long after its time the cluster's last answer is told while the cluster cannot be asked (RFC 8767).
	// Connections outlive a tunnel that is cut for a moment; a name that fails in it ends the program that opens the next
	// one, and a C library that hears SERVFAIL asks the laptop's own nameserver, which says that there is no such name.
	staleFor = 30 * time.Second
	// staleAfter is how long the cluster's nameservers are waited for where there is such an answer (RFC 8767 section 5). The
	// question goes on, and what it finds is kept.
	staleAfter = 1800 * time.Millisecond
)

// stale returns the last answer that the name is there, for as long as it may be told in place of a failure.
func (cache *cache) stale(key cacheKey) (kept, bool) {
	entry, ok := cache.last(key)
	return entry, ok && entry.answer.exists() && cache.now().Sub(entry.at) < entry.answer.keep+staleFor
}

// askOrLast returns what ask finds or what is kept of it; where that fails or takes long, the last answer that the name is
// there. Only the age of what is told grows, so that nobody keeps it for longer than now.
func (resolver *Resolver) askOrLast(ctx context.Context, key cacheKey, ask func() (*answer, error)) (*answer, time.Duration, error) {
	last, isKept := resolver.cache.stale(key)
	if !isKept {
		return resolver.cache.lookup(ctx, key, ask)
	}
	waiting, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	said, age, err := resolver.cache.lookup(waiting, key, ask)
	if err == nil && (said.rcode == dns.RcodeSuccess || said.rcode == dns.RcodeNameError) {
		return said, age, nil
	}
	return last.answer, resolver.cache.now().Sub(last.at), nil
}
