package proxy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// pacFile is a proxy auto-config script: what is the cluster's goes to the proxy, everything else goes out directly, and so does
// everything once nobody listens there. Names of one label may be Services: the proxy knows. It asks for no name itself.
func pacFile(proxy netip.AddrPort, ranges []netip.Prefix, domains []string) string {
	networks := []string{}
	for _, prefix := range ranges {
		networks = append(networks, prefix.Masked().String())
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
function bitsOf(host) {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    return "4:" + binary(host.split("."), 10, 8);
  }
  if (host.indexOf(":") < 0) {
    return "";
  }
  var halves = host.replace(/[\[\]]/g, "").split("::");
  var groups = halves[0] === "" ? [] : halves[0].split(":");
  var last = halves.length === 1 || halves[1] === "" ? [] : halves[1].split(":");
  while (halves.length === 2 && groups.length + last.length < 8) {
    groups.push("0");
  }
  return "6:" + binary(groups.concat(last), 16, 16);
}
function binary(parts, base, width) {
  var bits = "";
  for (var i = 0; i < parts.length; i++) {
    bits += ("0000000000000000" + parseInt(parts[i], base).toString(2)).slice(-width);
  }
  return bits;
}
function FindProxyForURL(url, host) {
  var cluster = "PROXY %s; DIRECT";
  host = host.toLowerCase();
  if (host === "localhost") {
    return "DIRECT";
  }
  var address = bitsOf(host);
  if (address !== "") {
    for (var i = 0; i < networks.length; i++) {
      var network = networks[i].split("/");
      var length = 2 + Number(network[1]);
      if (address.slice(0, length) === bitsOf(network[0]).slice(0, length)) {
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
