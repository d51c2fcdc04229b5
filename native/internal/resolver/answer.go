package resolver

import (
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Limits in seconds. What the cluster says is told and kept shortly: a Service that is missing is often just being made,
// one that is made anew has another address, and the pods behind a headless one come and go.
const (
	maxNegativeTTL = 30 // of the laptop's nameservers
	maxClusterTTL  = 5  // of names that are the cluster's, or may be, whether they are there or not
	maxUpstreamTTL = 3600
	maxChain       = 12 // CNAMEs in a row
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

// found is an answer for one asker.
type found struct {
	rcode                     int
	records, authority, extra []dns.RR
	authoritative             bool
	authenticated             bool
	truncated                 bool
}

// exists tells whether the name is there, with or without records of the type.
func (answer *answer) exists() bool { return answer.rcode == dns.RcodeSuccess }

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
