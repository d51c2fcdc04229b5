package names

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"slipway/native/internal/wire"
)

// Limits of the search list: glibc 2.26 and later have none (before: 6 names, 256 characters), musl takes 255
// characters, and a list without end only makes every wrong name slow.
const (
	maxSearch       = 32
	maxSearchLength = 2048 // characters, spaces included
)

// marker heads a resolv.conf of ours. The lines under it say how to live without us.
const marker = "# Written by Slipway while it is connected to a cluster."

var header = []string{
	marker,
	"# The servers found here stay behind Slipway's; disconnecting puts the file back.",
	"# If Slipway is gone: slipway-helper clean",
}

// resolvConf is what a resolv.conf says, as glibc's resolver reads it (resolv.conf(5)).
type resolvConf struct {
	nameservers []string
	search      []string // of the last search or domain line
	options     wire.UpstreamOptions
}

func parseResolvConf(content []byte) (parsed resolvConf) {
	for line := range strings.Lines(string(content)) {
		keyword, values := fields(line)
		switch keyword {
		case "nameserver":
			if len(values) > 0 {
				if address, err := netip.ParseAddr(values[0]); err == nil {
					parsed.nameservers = append(parsed.nameservers, address.String())
				}
			}
		case "search":
			// "search ." is how systemd-resolved writes "none": not nil, which would mean the host's own domain.
			parsed.search = slices.DeleteFunc(append([]string{}, values...), func(name string) bool { return name == "." })
		case "domain":
			parsed.search = values[:min(1, len(values))]
		case "options":
			for _, value := range values {
				readOption(&parsed.options, value)
			}
		}
	}
	return parsed
}

// maxTimeout is what glibc takes at most (RES_MAXRETRANS), in seconds.
const maxTimeout = 30

// readOption takes what is for who asks the nameservers. All others (ndots, attempts, edns0, trust-ad, single-request,
// no-aaaa …) are for the programs' own resolver, which goes on reading them.
func readOption(options *wire.UpstreamOptions, option string) {
	name, value, _ := strings.Cut(option, ":")
	switch name {
	case "timeout":
		if seconds, err := strconv.Atoi(value); err == nil {
			options.TimeoutSeconds = min(max(1, seconds), maxTimeout)
		}
	case "rotate":
		options.IsRotating = true
	case "use-vc", "usevc":
		options.IsByTCP = true
	}
}

// upstreamsOf returns the nameservers; with none in the file it is the local machine's (resolv.conf(5)).
func upstreamsOf(content []byte) []string {
	if servers := parseResolvConf(content).nameservers; len(servers) > 0 {
		return servers
	}
	return []string{"127.0.0.1"}
}

// fields splits a line as glibc does: the keyword must begin in the first column.
func fields(line string) (keyword string, values []string) {
	if line == "" || strings.ContainsRune("#; \t\r\n", rune(line[0])) {
		return "", nil
	}
	parts := strings.Fields(line)
	if len(parts) == 0 {
		return "", nil
	}
	for index, part := range parts { // a comment may not follow a value, but many write one
		if index > 0 && (part[0] == '#' || part[0] == ';') {
			parts = parts[:index]
			break
		}
	}
	return parts[0], parts[1:]
}

// composeResolvConf puts our resolver first and our search domains in front, and keeps everything else: original
// servers behind ours (glibc asks the first three), options, comments. implied is the search domain that the
// resolver would derive from the host's name where the file has none; a search line of ours would hide it. It
// returns the content, the whole search list, and the domains that are in it because of us.
func composeResolvConf(original []byte, resolver string, search []string, implied string) (content []byte, inForce, added []string) {
	parsed := parseResolvConf(original)
	theirs := parsed.search
	if theirs == nil && implied != "" {
		theirs = []string{implied}
	}
	inForce = boundSearch(search, theirs)
	for _, name := range inForce {
		if !slices.Contains(parsed.search, name) {
			added = append(added, name)
		}
	}
	lines := append(slices.Clone(header), "nameserver "+resolver)
	if len(inForce) > 0 {
		lines = append(lines, "search "+strings.Join(inForce, " "))
	}
	for line := range strings.Lines(string(original)) {
		keyword, values := fields(line)
		switch keyword {
		case "search", "domain":
			continue
		case "nameserver":
			if len(values) > 0 && values[0] == resolver {
				continue
			}
		case "options":
			// With rotate, two questions of three would not reach our answerer.
			values = slices.DeleteFunc(values, func(value string) bool { return value == "rotate" })
			if len(values) == 0 {
				continue
			}
			line = "options " + strings.Join(values, " ")
		}
		lines = append(lines, strings.TrimRight(line, "\r\n"))
	}
	return []byte(strings.Join(lines, "\n") + "\n"), inForce, added
}

func boundSearch(ours, theirs []string) (bounded []string) {
	length := 0
	for _, name := range slices.Concat(ours, theirs) {
		if slices.Contains(bounded, name) {
			continue
		}
		if len(bounded) == maxSearch || length+len(name)+1 > maxSearchLength {
			break
		}
		bounded = append(bounded, name)
		length += len(name) + 1
	}
	return bounded
}

// withoutOurs takes our lines out of somebody's later version of the file. It tells whether our nameserver was among
// them: without it the file works as its writer meant it, whatever else is in it.
func withoutOurs(content []byte, resolvers, added []string) (cleaned []byte, asksUs bool) {
	var lines []string
	for line := range strings.Lines(string(content)) {
		keyword, values := fields(line)
		switch {
		case slices.Contains(header, strings.TrimRight(line, "\r\n")):
			continue
		case keyword == "nameserver" && len(values) > 0 && slices.Contains(resolvers, values[0]):
			asksUs = true
			continue
		case keyword == "search" || keyword == "domain":
			kept := slices.DeleteFunc(slices.Clone(values), func(name string) bool { return slices.Contains(added, name) })
			if len(kept) == len(values) {
				break
			}
			if len(kept) == 0 {
				continue
			}
			line = keyword + " " + strings.Join(kept, " ") + "\n"
		}
		lines = append(lines, line)
	}
	return []byte(strings.Join(lines, "")), asksUs
}
