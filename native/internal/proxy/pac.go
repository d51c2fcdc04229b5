package proxy

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// pacFile is a proxy auto-config script: what is the cluster's goes to the proxy, everything else goes out directly, and so does
// everything once nobody listens there. Names of one label may be Services: the proxy knows. It asks for no name itself.
func pacFile(proxy netip.AddrPort, ranges []netip.Prefix, domains []string) string {
	networks := [][2]string{}
	for _, prefix := range ranges {
		if prefix.Addr().Is4() {
			mask := net.IP(net.CIDRMask(prefix.Bits(), 32)).String()
			networks = append(networks, [2]string{prefix.Masked().Addr().String(), mask})
		}
	}
	suffixes := []string{}
	for _, domain := range domains {
		suffixes = append(suffixes, "."+strings.ToLower(domain))
	}
	return fmt.Sprintf(pacScript, script(networks), script(suffixes), proxy)
}

// script writes data as JavaScript. JSON is a part of it (ECMA-262 since 2019), and names hold no other letters anyway.
func script(value any) string {
	text, _ := json.Marshal(value) // of strings: it cannot fail
	return string(text)
}

const pacScript = `// Made by Slipway for the cluster that is connected. It changes with the cluster's namespaces and ranges.
var networks = %s;
var domains = %s;
function FindProxyForURL(url, host) {
  var cluster = "PROXY %s; DIRECT";
  host = host.toLowerCase();
  if (host === "localhost") {
    return "DIRECT";
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    for (var i = 0; i < networks.length; i++) {
      if (isInNet(host, networks[i][0], networks[i][1])) {
        return cluster;
      }
    }
    return "DIRECT";
  }
  if (isPlainHostName(host)) {
    return cluster;
  }
  for (var j = 0; j < domains.length; j++) {
    if (("." + host).slice(-domains[j].length) === domains[j]) {
      return cluster;
    }
  }
  return "DIRECT";
}
`
