package resolver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/singleflight"
	"k8s.io/utils/lru"
)

// cacheSize is in answers; one of a Service takes about 500 bytes.
const cacheSize = 10_000

// cacheKey tells apart what may be answered differently. Everything but the name is 0 where it makes no difference.
type cacheKey struct {
	cluster bool
	name    string // lower case
	kind    uint16
	flags   upstreamFlags
}

type kept struct {
	answer *answer
	at     time.Time
}

// cache keeps answers for their time to live and lets askers of the same question wait for one exchange together.
type cache struct {
	kept       *lru.Cache
	flights    singleflight.Group
	generation atomic.Uint64 // exchanges that began before a flush leave nothing behind
	now        func() time.Time
}

func newCache() *cache { return &cache{kept: lru.New(cacheSize), now: time.Now} }

func (cache *cache) flush() {
	cache.generation.Add(1)
	cache.kept.Clear()
}

// lookup returns a kept answer and its age, or what ask finds. ask goes on when this asker gives up: others may wait
// for it, and the next try finds its answer.
func (cache *cache) lookup(ctx context.Context, key cacheKey, ask func() (*answer, error)) (*answer, time.Duration, error) {
	if entry, ok := cache.fresh(key); ok {
		return entry.answer, cache.now().Sub(entry.at), nil
	}
	generation := cache.generation.Load()
	flight := cache.flights.DoChan(fmt.Sprintf("%d %v", generation, key), func() (any, error) {
		if entry, ok := cache.fresh(key); ok { // another flight landed since we looked
			return entry, nil
		}
		found, err := ask()
		if err != nil {
			return nil, err
		}
		entry := kept{answer: found, at: cache.now()}
		if found.keep > 0 && cache.generation.Load() == generation {
			cache.kept.Add(key, entry)
		}
		return entry, nil
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return nil, 0, result.Err
		}
		entry := result.Val.(kept)
		return entry.answer, cache.now().Sub(entry.at), nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// last returns what was said last, however long ago.
func (cache *cache) last(key cacheKey) (kept, bool) {
	value, ok := cache.kept.Get(key)
	if !ok {
		return kept{}, false
	}
	return value.(kept), true
}

func (cache *cache) fresh(key cacheKey) (kept, bool) {
	entry, ok := cache.last(key)
	return entry, ok && cache.now().Sub(entry.at) < entry.answer.keep
}

// wasThere tells whether a name existed when it was asked last, however long ago.
func (cache *cache) wasThere(key cacheKey) bool {
	entry, ok := cache.last(key)
	return ok && entry.answer.exists()
}

// upstreamFlags are the parts of a plain question that change its answer.
type upstreamFlags struct {
	edns0, wantsDNSSEC, checkingDisabled, authenticated bool
}

// plainFlags returns them, and whether the question has nothing else to it: what has EDNS options (cookies, client
// subnet), asks for no recursion, or is signed belongs to its asker alone.
func plainFlags(request *dns.Msg) (upstreamFlags, bool) {
	flags := upstreamFlags{checkingDisabled: request.CheckingDisabled, authenticated: request.AuthenticatedData}
	plain := request.RecursionDesired && !request.Zero && request.Question[0].Qclass == dns.ClassINET &&
		len(request.Answer) == 0 && len(request.Ns) == 0
	if option := request.IsEdns0(); option != nil {
		flags.edns0, flags.wantsDNSSEC = true, option.Do()
		plain = plain && len(option.Option) == 0 && len(request.Extra) == 1
	} else {
		plain = plain && len(request.Extra) == 0
	}
	return flags, plain
}
