package resolver

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Limits in seconds. Negative answers are told and kept shortly: what is missing is often just being deployed.
const (
	maxNegativeTTL     = 30
	defaultNegativeTTL = 5   // where the cluster names none
	maxClusterTTL      = 300 // a program that kept the answer must not outlive the connection for long
	maxUpstreamTTL     = 3600
	maxChain           = 12 // CNAMEs in a row
)

// answer is what is known of a question, ready to be told under any spelling of the name. It is shared between
// askers and never changed.
type answer struct {
	rcode                     int
	records, authority, extra []dns.RR
	authoritative             bool
	authenticated, truncated  bool

	// Of the cluster: where its CNAMEs lead outside its zones, the outside name, and the addresses that it says this
	// name has, renamed to the question's name.
	outside string
	foreign []dns.RR

	keep time.Duration // for how long it may be kept; 0: not at all
}

// exists tells whether the name is there, with or without records of the type.
func (answer *answer) exists() bool { return answer.rcode == dns.RcodeSuccess }

// fromUpstream keeps the whole answer of the laptop's own nameservers: they are trusted as without us.
func fromUpstream(question dns.Question, response *dns.Msg) *answer {
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
			ttl = defaultNegativeTTL
		}
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

func isOPT(record dns.RR) bool { return record.Header().Rrtype == dns.TypeOPT }

func isOfType(record dns.RR, kind uint16) bool {
	return record.Header().Rrtype == kind || kind == dns.TypeANY && record.Header().Rrtype != dns.TypeRRSIG
}

func lowestTTL(records []dns.RR) uint32 {
	lowest := uint32(1<<31 - 1) // RFC 2181 section 8
	for _, record := range records {
		lowest = min(lowest, record.Header().Ttl)
	}
	return lowest
}

// negativeTTL is RFC 2308 section 5, bounded.
func negativeTTL(authority []dns.RR) (uint32, bool) {
	for _, record := range authority {
		if start, ok := record.(*dns.SOA); ok {
			return min(start.Hdr.Ttl, start.Minttl, maxNegativeTTL), true
		}
	}
	return 0, false
}

// withTTL bounds the times to live of records that the caller owns.
func withTTL(records []dns.RR, highest uint32) []dns.RR {
	for _, record := range records {
		record.Header().Ttl = min(record.Header().Ttl, highest)
	}
	return records
}

// told copies records for one asker: older by age, the name spelt as asked.
func told(records []dns.RR, age time.Duration, from, to string) []dns.RR {
	result := make([]dns.RR, 0, len(records))
	for _, record := range records {
		record = dns.Copy(record)
		header := record.Header()
		if header.Rrtype != dns.TypeOPT {
			header.Ttl -= min(header.Ttl, uint32(age/time.Second))
		}
		if strings.EqualFold(header.Name, from) {
			header.Name = to
		}
		result = append(result, record)
	}
	return result
}

func seconds(count uint32) time.Duration { return time.Duration(count) * time.Second }
