package resolver

import (
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"slipway/native/internal/domains"
)

// Programs are told the addresses that they can reach: of ranges that are mapped, virtual ones. What is kept, asked for and
// compared are the cluster's own.

// reverseRoute decides on a name of in-addr.arpa or ip6.arpa that lies in a range of the tunnel. Of a virtual address the
// cluster is asked by the real one. A name above it is there, and has nothing: zones of virtual ranges are nobody's.
func (plan *plan) reverseRoute(name string) route {
	asked, before, _ := domains.ReversePrefix(name)
	real, isVirtual := plan.mapping.Real(asked.Addr())
	switch {
	case !isVirtual:
		return route{way: toCluster, name: name, zone: parent(name)}
	case !asked.IsSingleIP():
		return route{way: toNothing, zone: name}
	}
	reversed, err := dns.ReverseAddr(real.String())
	if err != nil {
		return route{way: toNobody, zone: parent(name)}
	}
	labels := dns.SplitDomainName(name)[:before]
	return route{way: toCluster, name: strings.Join(append(labels, reversed), "."), zone: parent(name)}
}

// known gives records the addresses by which programs reach what they name. The caller owns them.
func (plan *plan) known(records []dns.RR) []dns.RR {
	if plan.mapping == nil {
		return records
	}
	for _, record := range records {
		switch record := record.(type) {
		case *dns.A:
			record.A = plan.knownIP(record.A)
		case *dns.AAAA:
			record.AAAA = plan.knownIP(record.AAAA)
		case *dns.SVCB:
			plan.knownHints(record)
		case *dns.HTTPS:
			plan.knownHints(&record.SVCB)
		}
	}
	return records
}

// knownHints is known for the addresses that a binding of a service hints at (RFC 9460 section 7.3).
func (plan *plan) knownHints(binding *dns.SVCB) {
	for _, value := range binding.Value {
		var hints []net.IP
		switch value := value.(type) {
		case *dns.SVCBIPv4Hint:
			hints = value.Hint
		case *dns.SVCBIPv6Hint:
			hints = value.Hint
		}
		for index, hint := range hints {
			hints[index] = plan.knownIP(hint)
		}
	}
}

func (plan *plan) knownIP(real net.IP) net.IP {
	address, ok := netip.AddrFromSlice(real)
	if !ok {
		return real
	}
	if virtual, isMapped := plan.mapping.Virtual(address.Unmap()); isMapped {
		return virtual.AsSlice()
	}
	return real
}
