package agent

import (
	"net/netip"
	"slices"
	"strings"

	"slipway/native/internal/wire"
)

// Limits of what is taken from a resolv.conf; glibc itself uses 3 nameservers, and any number of search domains.
const (
	nameserversAtMost = 8
	searchAtMost      = 32
	nameAtMost        = 253 // RFC 1035 section 2.3.4, as text without the last dot
)

// ParseResolvConf reads the agent pod's resolv.conf (resolv.conf(5)), which kubelet wrote. The cluster's domain is
// found in the search list, whose entries are NAMESPACE.svc.DOMAIN, svc.DOMAIN, DOMAIN and then the node's own. What
// is not well-formed is left out. Build and CanPing are not set.
func ParseResolvConf(text string) wire.AgentFacts {
	facts := wire.AgentFacts{Nameservers: []string{}, Search: []string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line, _, _ = strings.Cut(line, ";")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			address, err := netip.ParseAddr(fields[1])
			if err == nil && len(facts.Nameservers) < nameserversAtMost && !slices.Contains(facts.Nameservers, address.Unmap().String()) {
				facts.Nameservers = append(facts.Nameservers, address.Unmap().String())
			}
		case "search", "domain": // the last one counts
			facts.Search = searchList(fields[1:])
		}
	}
	facts.ClusterDomain = clusterDomain(facts.Search)
	return facts
}

func searchList(names []string) []string {
	result := []string{}
	for _, name := range names {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if isName(name) && len(result) < searchAtMost && !slices.Contains(result, name) {
			result = append(result, name)
		}
	}
	return result
}

// isName tells whether text is a domain name as clusters use them: letters, digits, hyphens and underscores.
func isName(text string) bool {
	if text == "" || len(text) > nameAtMost {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, letter := range []byte(label) {
			isLetter := letter >= 'a' && letter <= 'z' || letter >= '0' && letter <= '9'
			if !isLetter && letter != '-' && letter != '_' {
				return false
			}
		}
	}
	return true
}

// clusterDomain is the domain behind "svc.", or empty where the pod does not use the cluster's DNS.
func clusterDomain(search []string) string {
	for _, name := range search {
		if domain, ok := strings.CutPrefix(name, "svc."); ok {
			return domain
		}
	}
	for _, name := range search {
		if _, rest, ok := strings.Cut(name, "."); ok {
			if domain, ok := strings.CutPrefix(rest, "svc."); ok {
				return domain
			}
		}
	}
	return ""
}
