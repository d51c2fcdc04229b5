package wire

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// How an upstream is asked.
const (
	UpstreamClear         = ""                  // over UDP and TCP
	UpstreamTLS           = "tls"               // over TLS (RFC 7858) and never otherwise; its certificate is verified
	UpstreamOpportunistic = "opportunistic-tls" // over TLS where it can, with any certificate, else in the clear
	upstreamSeparator     = "://"               // behind the two that are not the usual way
	upstreamNameSeparator = "#"                 // as in systemd's resolved.conf(5)
	portOfDNS             = 53                  // RFC 1035
	portOfDNSOverTLS      = 853                 // RFC 7858
)

// Upstream is one of the laptop's own nameservers.
type Upstream struct {
	Address netip.Addr // with its zone where it is link-local
	Port    uint16     // 0 for the usual one of the way that it is asked
	Way     string
	Name    string // that its certificate must have; empty for that of the address
}

// String is how an upstream crosses a link and is shown: ADDRESS, ADDRESS:PORT, tls://ADDRESS#NAME.
func (upstream Upstream) String() string {
	text := upstream.Address.String()
	if upstream.Port != 0 && (upstream.Way != UpstreamClear || upstream.Port != portOfDNS) {
		text = net.JoinHostPort(text, strconv.Itoa(int(upstream.Port)))
	}
	if upstream.Way == UpstreamClear {
		return text
	}
	text = upstream.Way + upstreamSeparator + text
	if upstream.Name != "" {
		text += upstreamNameSeparator + upstream.Name
	}
	return text
}

// ParseUpstream reads what String says.
func ParseUpstream(text string) (upstream Upstream, isUpstream bool) {
	if way, rest, isSpecial := strings.Cut(text, upstreamSeparator); isSpecial {
		if way != UpstreamTLS && way != UpstreamOpportunistic {
			return upstream, false
		}
		upstream.Way = way
		text, upstream.Name, _ = strings.Cut(rest, upstreamNameSeparator)
	}
	if server, err := netip.ParseAddrPort(text); err == nil {
		upstream.Address, upstream.Port = server.Addr(), server.Port()
		return upstream, true
	}
	address, err := netip.ParseAddr(text)
	upstream.Address = address.Unmap()
	return upstream, err == nil
}

// Dialled is where the upstream is asked over the way.
func (upstream Upstream) Dialled(way string) netip.AddrPort {
	switch {
	case upstream.Port != 0:
		return netip.AddrPortFrom(upstream.Address, upstream.Port)
	case way == UpstreamClear:
		return netip.AddrPortFrom(upstream.Address, portOfDNS)
	}
	return netip.AddrPortFrom(upstream.Address, portOfDNSOverTLS)
}

// UpstreamOptions are how the laptop's resolver asks its upstreams in the clear (resolv.conf(5), "options"), as far as
// that is for who asks in its place. The zero value is the usual way.
type UpstreamOptions struct {
	TimeoutSeconds int  `json:"timeoutSeconds,omitempty"` // for each server, 1 to 30; 0 for the usual time
	IsRotating     bool `json:"isRotating,omitempty"`     // each question begins with another server
	IsByTCP        bool `json:"isByTcp,omitempty"`        // never over UDP
}
