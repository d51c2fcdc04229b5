package names

import (
	"os"
	"slices"
	"strings"
)

const hostsPath = "/etc/hosts"

// impliedSearch is what glibc searches where resolv.conf names nothing: the host's name from its first dot.
func impliedSearch() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	_, domain, _ := strings.Cut(name, ".")
	return domain
}

// ownDomains are the domains that the laptop's own name lies in: as the kernel knows it, and as hosts(5) does, where
// many systems have the whole name (hostname(1), THE FQDN).
func ownDomains() (domains []string) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return nil
	}
	hosts, _ := readBounded(hostsPath)
	for _, whole := range append([]string{name}, namesOf(name, hosts)...) {
		if _, domain, _ := strings.Cut(whole, "."); domain != "" && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// namesOf returns the names on the lines of a hosts file that have the name, whole or up to its first dot.
func namesOf(name string, hosts []byte) (found []string) {
	short, _, _ := strings.Cut(name, ".")
	for line := range strings.Lines(string(hosts)) {
		line, _, _ = strings.Cut(line, "#")
		parts := strings.Fields(line)
		if len(parts) > 1 && slices.ContainsFunc(parts[1:], func(part string) bool { return part == name || part == short }) {
			found = append(found, slices.DeleteFunc(parts[1:], func(part string) bool { return part != short && !strings.HasPrefix(part, short+".") })...)
		}
	}
	return found
}
