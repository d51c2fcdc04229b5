package resolver

import (
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// overruledFor is how long the list of Services counts for more than what the cluster's nameservers say: they may keep
// answers (30 s is usual), and see changes later than whoever watches the API server.
const overruledFor = time.Minute

// comesWithin is how long the range of a Service that was made may take to be mapped: the core sees that the Service is in none,
// asks the cluster, and plans anew.
const comesWithin = 3 * time.Second

// toldFor is for how long an answer may be kept elsewhere, with some room.
const toldFor = (maxClusterTTL + 5) * time.Second

// Service is a Service with addresses of its own, as the API server lists it.
type Service struct {
	Namespace, Name string
	Addresses       []netip.Addr
}

// change is what became of a Service.
type change struct {
	was, is []netip.Addr // none: it was not there, or is not
	at      time.Time
}

// services are those that are known, and the changes of late, by NAME.NAMESPACE.
type services struct {
	known   map[string][]netip.Addr // nil before the first list; under the resolver's mutex
	changes atomic.Pointer[map[string]change]
}

// SetServices takes the whole list; see ChangeServices.
func (resolver *Resolver) SetServices(list []Service) (wasTold bool) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	known := make(map[string][]netip.Addr, len(list))
	for _, service := range list {
		known[service.key()] = service.Addresses
	}
	is := map[string][]netip.Addr{}
	if resolver.services.known != nil {
		for key := range resolver.services.known {
			is[key] = known[key]
		}
		for key, addresses := range known {
			is[key] = addresses
		}
	}
	wasTold = resolver.note(is)
	resolver.services.known = known
	return wasTold
}

// ChangeServices takes what became of some Services; one without addresses is gone. They are answered rightly from now on,
// whatever was kept; it tells whether an answer about any of them may be kept by somebody else.
func (resolver *Resolver) ChangeServices(list []Service) (wasTold bool) {
	resolver.mutex.Lock()
	defer resolver.mutex.Unlock()
	is := make(map[string][]netip.Addr, len(list))
	for _, service := range list {
		is[service.key()] = service.Addresses
	}
	wasTold = resolver.note(is)
	if resolver.services.known == nil {
		resolver.services.known = map[string][]netip.Addr{}
	}
	for key, addresses := range is {
		if len(addresses) == 0 {
			delete(resolver.services.known, key)
		} else {
			resolver.services.known[key] = addresses
		}
	}
	return wasTold
}

func (service Service) key() string { return service.Name + "." + service.Namespace }

// note keeps which of these are others than before, and forgets changes of long ago. The caller holds the mutex.
func (resolver *Resolver) note(all map[string][]netip.Addr) (wasTold bool) {
	now := resolver.cache.now()
	before := resolver.services.changes.Load()
	next := map[string]change{}
	if before != nil {
		for key, old := range *before {
			if now.Sub(old.at) < overruledFor {
				next[key] = old
			}
		}
	}
	for key, is := range all {
		if was := resolver.services.known[key]; !slices.Equal(was, is) {
			next[key] = change{was: was, is: is, at: now}
			wasTold = wasTold || resolver.wasTold(key, now)
		}
	}
	resolver.services.changes.Store(&next)
	return wasTold
}

// wasTold tells whether somebody was answered about a Service of late.
func (resolver *Resolver) wasTold(key string, now time.Time) bool {
	plan := resolver.plan.Load()
	entry, isKept := resolver.cache.last(plan.clusterKey(key+".svc."+plan.domain, dns.TypeA))
	return plan.domain != "" && isKept && now.Sub(entry.at) < toldFor
}

// overrule corrects what the cluster's nameservers say about a Service that changed of late.
func (resolver *Resolver) overrule(plan *plan, key cacheKey, said *answer) *answer {
	changes := resolver.services.changes.Load()
	if changes == nil || len(*changes) == 0 { // as good as always
		return said
	}
	service, isOne := strings.CutSuffix(key.name, ".svc."+plan.domain)
	changed, isChanged := (*changes)[service]
	if !isOne || !isChanged || resolver.cache.now().Sub(changed.at) >= overruledFor {
		return said
	}
	is := slices.DeleteFunc(slices.Clone(changed.is), func(address netip.Addr) bool { return !plan.isRouted(address) })
	says := func(addresses []netip.Addr) bool {
		return slices.ContainsFunc(said.records, func(record dns.RR) bool {
			address, ok := AddressOf(record)
			return ok && slices.Contains(addresses, address)
		})
	}
	if len(is) == 0 && len(changed.is) > 0 { // nothing that could be reached
		isComing := resolver.cache.now().Sub(changed.at) < comesWithin && !slices.ContainsFunc(changed.is, mayBeLiteral)
		if isComing && says(changed.is) {
			return &answer{rcode: dns.RcodeSuccess, authoritative: true} // another address than this will be told
		}
		return said
	}
	switch {
	case len(is) == 0 && said.exists() && says(changed.was):
		return &answer{rcode: dns.RcodeNameError, authoritative: true}
	case len(is) > 0 && (key.kind == dns.TypeA || key.kind == dns.TypeAAAA) && !says(is):
		return &answer{rcode: dns.RcodeSuccess, authoritative: true, records: recordsOf(key, is)}
	case len(is) > 0 && !said.exists():
		return &answer{rcode: dns.RcodeSuccess, authoritative: true}
	}
	return said
}

// mayBeLiteral tells whether an address of a cluster may be reached as it is, once its range is in force. Public and class E
// ones are mapped (app/core/routing/mapped-kinds.ts): what has them on the laptop's side is somebody else.
func mayBeLiteral(address netip.Addr) bool {
	return address.IsPrivate() || sharedSpace.Contains(address) || benchmarkSpace.Contains(address)
}

var (
	sharedSpace    = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	benchmarkSpace = netip.MustParsePrefix("198.18.0.0/15") // RFC 2544
)

func recordsOf(key cacheKey, addresses []netip.Addr) (records []dns.RR) {
	for _, address := range addresses {
		start := dns.RR_Header{Name: key.name, Rrtype: key.kind, Class: dns.ClassINET, Ttl: maxClusterTTL}
		switch {
		case key.kind == dns.TypeA && address.Is4():
			records = append(records, &dns.A{Hdr: start, A: address.AsSlice()})
		case key.kind == dns.TypeAAAA && address.Is6():
			records = append(records, &dns.AAAA{Hdr: start, AAAA: address.AsSlice()})
		}
	}
	return records
}

// AddressOf reads an A or AAAA record.
func AddressOf(record dns.RR) (netip.Addr, bool) {
	switch record := record.(type) {
	case *dns.A:
		return netip.AddrFromSlice(record.A.To4())
	case *dns.AAAA:
		return netip.AddrFromSlice(record.AAAA)
	}
	return netip.Addr{}, false
}
