package names

import (
	_ "embed"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"slipway/native/internal/wire"
)

// MaxDomains is how many domains of all kinds are taken; the rest is refused.
const MaxDomains = 512

// The first line is the version of the list, the others are its rules, sorted.
//
//go:generate go run generate_suffixes.go
//go:embed suffixes.txt
var suffixText string

var suffixes = sync.OnceValue(func() []string {
	_, rules, _ := strings.Cut(strings.TrimSpace(suffixText), "\n")
	return strings.Split(rules, "\n")
})

// Special-use names (RFC 6761, 6762, 7686, 8375, 9476, and ICANN's reservation of internal): not for a cluster to
// take as a whole. A domain below local is fine where a cluster is configured so (cluster.local is the default).
var specialUse = []string{"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}

// Those that nothing below may be taken of either.
var specialTree = []string{"arpa", "invalid", "localhost", "onion"}

// private is the space whose reverse zones a cluster may answer: what routes may carry.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	wire.TunnelRange,
}

// Screen splits what a client wants into what the policy lets pass (in lower case, without repetitions) and what it
// refuses.
func Screen(input wire.NamesInput) (passed wire.NamesInput, refused []string) {
	left := MaxDomains
	take := func(names []string, accept func(string) bool) (taken []string) {
		for _, name := range names {
			lower := strings.ToLower(name)
			switch {
			case slices.Contains(taken, lower):
			case left > 0 && accept(lower):
				left--
				taken = append(taken, lower)
			default:
				refused = append(refused, printable(name))
			}
		}
		return taken
	}
	passed.Resolver = input.Resolver
	passed.Domains = take(input.Domains, acceptable)
	passed.Search = take(input.Search, acceptable)
	passed.Reverse = take(input.Reverse, privateReverse)
	return passed, refused
}

// acceptable tells whether a cluster may have the lower-case name and everything below it.
func acceptable(name string) bool {
	labels, valid := split(name)
	if !valid || slices.Contains(specialTree, labels[len(labels)-1]) {
		return false
	}
	if len(labels) == 1 && slices.Contains(specialUse, name) {
		return false
	}
	return !isPublicSuffix(name, labels)
}

// split checks RFC 1123 syntax: letters, digits and inner hyphens.
func split(name string) (labels []string, valid bool) {
	if name == "" || len(name) > 253 {
		return nil, false
	}
	labels = strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return nil, false
		}
		for index := range len(label) {
			octet := label[index]
			if (octet < 'a' || octet > 'z') && (octet < '0' || octet > '9') && octet != '-' {
				return nil, false
			}
		}
	}
	// A last label of digits only makes an address, or a part of one (RFC 3696 section 2).
	last := labels[len(labels)-1]
	return labels, strings.Trim(last, "0123456789") != ""
}

// isPublicSuffix tells whether others may register names directly below this one: com, co.uk, anything.ck.
func isPublicSuffix(name string, labels []string) bool {
	listed := func(rule string) bool {
		_, found := slices.BinarySearch(suffixes(), rule)
		return found
	}
	if listed("!" + name) {
		return false
	}
	if listed(name) || listed("*."+name) {
		return true
	}
	return len(labels) > 1 && listed("*."+strings.Join(labels[1:], "."))
}

// privateReverse tells whether name is an in-addr.arpa zone (RFC 1035 section 3.5) wholly inside private space.
func privateReverse(name string) bool {
	digits, isReverse := strings.CutSuffix(name, ".in-addr.arpa")
	if !isReverse {
		return false
	}
	labels := strings.Split(digits, ".")
	if len(labels) > 4 {
		return false
	}
	var octets [4]byte
	for index, label := range labels {
		value, err := strconv.ParseUint(label, 10, 8)
		if err != nil || strconv.FormatUint(value, 10) != label {
			return false
		}
		octets[len(labels)-1-index] = byte(value)
	}
	zone := netip.PrefixFrom(netip.AddrFrom4(octets), 8*len(labels))
	return slices.ContainsFunc(private, func(space netip.Prefix) bool {
		return space.Bits() <= zone.Bits() && space.Contains(zone.Addr())
	})
}

// printable makes a refused name fit to be shown: it may be anything that a cluster sent.
func printable(name string) string {
	if len(name) > 64 {
		name = name[:64] + "..."
	}
	return strings.Trim(strconv.QuoteToASCII(name), `"`)
}
