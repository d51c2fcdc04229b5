package resolver

import (
	"errors"

	"github.com/miekg/dns"
)

var (
	errClusterFailed = errors.New("the cluster's nameservers could not tell")
	errLaptopFailed  = errors.New("the laptop's nameservers could not tell")
	errOtherQuestion = errors.New("the answer is to another question")
)

// reply makes the response to a request.
func reply(request *dns.Msg, result found) *dns.Msg {
	response := new(dns.Msg).SetRcode(request, result.rcode)
	response.RecursionAvailable = true
	response.Authoritative, response.AuthenticatedData = result.authoritative, result.authenticated
	response.Truncated = result.truncated
	response.Answer, response.Ns, response.Extra = result.records, result.authority, result.extra
	answerEDNS0(response, request)
	return response
}

// failed makes a response without records. An asker that knows EDNS is told why (RFC 8914).
func failed(request *dns.Msg, rcode int, because error) *dns.Msg {
	response := new(dns.Msg).SetRcode(request, rcode)
	response.RecursionAvailable = true
	option := answerEDNS0(response, request)
	if option == nil || because == nil {
		return response
	}
	reason := &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeNetworkError}
	switch {
	case errors.Is(because, errClusterDown):
		reason.ExtraText = errClusterDown.Error()
	case errors.Is(because, errNoServers):
		reason.InfoCode, reason.ExtraText = dns.ExtendedErrorCodeNoReachableAuthority, errNoServers.Error()
	}
	option.Option = append(option.Option, reason)
	return response
}

// answerEDNS0 adds our OPT record where the request has one (RFC 6891 section 6.1.1).
func answerEDNS0(response, request *dns.Msg) *dns.OPT {
	asked := request.IsEdns0()
	if asked == nil {
		return nil
	}
	response.SetEdns0(maxDatagram, asked.Do())
	return response.IsEdns0()
}

// negative says that there is nothing. The SOA lets a resolver between keep it for as long as we would (RFC 2308);
// the cluster's own would name a zone that the short name does not lie in.
func negative(rcode int, zone string) found {
	start := &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: maxClusterTTL},
		Ns:  "invalid.", Mbox: "invalid.", Serial: 1, Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: maxClusterTTL,
	}
	return found{rcode: rcode, authoritative: true, authority: []dns.RR{start}}
}
