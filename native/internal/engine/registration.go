package engine

import (
	"fmt"
	"net/netip"
	"slices"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// registration is what an agent granted, checked.
type registration struct {
	granted   wire.Registered
	addresses []sessionAddresses // of each address family one
	lanes     *tunnel.Lanes
	flows     *bytestream.Session
}

// sessionAddresses are those of the tunnel's ends in one address family.
type sessionAddresses struct{ laptop, engine, agent netip.Addr }

// primary are the addresses that heartbeats and the engine's own stack use.
func (registration registration) primary() sessionAddresses { return registration.addresses[0] }

// laptopPrefixes are the TUN's own addresses.
func (registration registration) laptopPrefixes() []string {
	var prefixes []string
	for _, own := range registration.addresses {
		prefixes = append(prefixes, netip.PrefixFrom(own.laptop, own.laptop.BitLen()).String())
	}
	return prefixes
}

// allowedIPs are WireGuard's: the agent may send from whatever the cluster has, in the families of the session.
func (registration registration) allowedIPs() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, own := range registration.addresses {
		unspecified := netip.IPv4Unspecified()
		if own.laptop.Is6() {
			unspecified = netip.IPv6Unspecified()
		}
		prefixes = append(prefixes, netip.PrefixFrom(unspecified, 0))
	}
	return prefixes
}

// ends are the addresses of laptop and engine, as another agent is asked for them, and another engine asks.
func (registration registration) ends() []wire.SessionAddresses {
	var ends []wire.SessionAddresses
	for _, own := range registration.addresses {
		ends = append(ends, wire.SessionAddresses{Laptop: own.laptop.String(), Engine: own.engine.String()})
	}
	return ends
}

// sameEnds tells whether laptop and engine have the same addresses in both.
func (one registration) sameEnds(other registration) bool {
	return slices.EqualFunc(one.addresses, other.addresses, func(left, right sessionAddresses) bool {
		return left.laptop == right.laptop && left.engine == right.engine
	})
}

// checkRegistration believes nothing: the agent runs in a cluster.
func checkRegistration(granted wire.Registered) (registration, error) {
	result := registration{granted: granted}
	if len(granted.Addresses) != len(wire.AddressFamilies) {
		return result, malformed("addresses of %d families instead of %d", len(granted.Addresses), len(wire.AddressFamilies))
	}
	for index, family := range wire.AddressFamilies {
		checked, err := checkAddresses(granted.Addresses[index], family)
		if err != nil {
			return result, err
		}
		result.addresses = append(result.addresses, checked)
	}
	if granted.Lanes < 1 || granted.Lanes > 16 || granted.FlowLanes < 1 || granted.FlowLanes > 16 {
		return result, malformed("%d lanes for packets and %d for flows", granted.Lanes, granted.FlowLanes)
	}
	if granted.MTU < 1280 || granted.MTU > 65000 {
		return result, malformed("an MTU of %d", granted.MTU)
	}
	return result, nil
}

func checkAddresses(granted wire.SessionAddresses, family wire.AddressFamily) (sessionAddresses, error) {
	var result sessionAddresses
	for _, field := range []struct {
		name  string
		text  string
		value *netip.Addr
	}{
		{"laptop", granted.Laptop, &result.laptop},
		{"engine", granted.Engine, &result.engine},
		{"agent", granted.Agent, &result.agent},
	} {
		address, err := netip.ParseAddr(field.text)
		if err != nil || !family.Range.Contains(address) {
			return result, malformed("the %s address is not in %s", field.name, family.Range)
		}
		*field.value = address
	}
	if result.laptop == result.engine || result.laptop == result.agent || result.engine == result.agent {
		return result, malformed("two addresses of the session are the same")
	}
	return result, nil
}

func malformed(format string, values ...any) *wire.Problem {
	return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: "registration: " + fmt.Sprintf(format, values...)}
}
