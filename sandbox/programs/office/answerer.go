package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// answerTTL is short, so that a test that changes something need not wait.
const answerTTL = 5

type answerer struct {
	zone    map[string]netip.Addr
	mutex   sync.Mutex
	queries *os.File
}

func (a *answerer) serve(network, address string) error {
	server := &dns.Server{Addr: address, Net: network, Handler: a}
	return server.ListenAndServe()
}

// ServeDNS answers one query and writes it down: time, asker, transport, type, name.
func (a *answerer) ServeDNS(writer dns.ResponseWriter, query *dns.Msg) {
	reply := new(dns.Msg).SetReply(query)
	reply.Authoritative, reply.RecursionAvailable = true, true
	if len(query.Question) == 1 {
		a.record(writer, query.Question[0])
		a.answer(reply, query.Question[0])
	} else {
		reply.Rcode = dns.RcodeFormatError
	}
	if option := query.IsEdns0(); option != nil {
		reply.SetEdns0(1232, false)
	}
	writer.WriteMsg(reply)
}

func (a *answerer) answer(reply *dns.Msg, question dns.Question) {
	name := strings.ToLower(question.Name)
	header := dns.RR_Header{Name: question.Name, Class: dns.ClassINET, Ttl: answerTTL}
	address, known := a.zone[name]
	switch {
	case known && question.Qtype == dns.TypeA:
		header.Rrtype = dns.TypeA
		reply.Answer = append(reply.Answer, &dns.A{Hdr: header, A: address.AsSlice()})
	case known:
		reply.Ns = append(reply.Ns, startOfAuthority(name))
	case question.Qtype == dns.TypePTR && a.reverse(name) != "":
		header.Rrtype = dns.TypePTR
		reply.Answer = append(reply.Answer, &dns.PTR{Hdr: header, Ptr: a.reverse(name)})
	default:
		if !a.isParent(name) {
			reply.Rcode = dns.RcodeNameError
		}
		reply.Ns = append(reply.Ns, startOfAuthority(name))
	}
}

// isParent tells an empty non-terminal, which exists and is no NXDOMAIN (RFC 8020).
func (a *answerer) isParent(name string) bool {
	for known := range a.zone {
		if name == "." || strings.HasSuffix(known, "."+name) {
			return true
		}
	}
	return false
}

func (a *answerer) reverse(name string) string {
	for known, address := range a.zone {
		if reversed, err := dns.ReverseAddr(address.String()); err == nil && reversed == name {
			return known
		}
	}
	return ""
}

// startOfAuthority lets resolvers keep a negative answer for answerTTL (RFC 2308).
func startOfAuthority(name string) dns.RR {
	labels := dns.SplitDomainName(name)
	zone := "."
	if len(labels) > 0 {
		zone = labels[len(labels)-1] + "."
	}
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: answerTTL},
		Ns:  "resolver.office.test.", Mbox: "hostmaster.office.test.",
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: answerTTL,
	}
}

func (a *answerer) record(writer dns.ResponseWriter, question dns.Question) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	fmt.Fprintf(a.queries, "%s %s %s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), writer.RemoteAddr(),
		writer.RemoteAddr().Network(), dns.TypeToString[question.Qtype], strings.ToLower(question.Name))
}
