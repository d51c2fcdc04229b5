package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

const (
	// askBytes is a small question, and askWhole one that takes several packets of any path's largest size.
	askBytes = 32
	askWhole = 8 << 10

	// measureTimes is how often a round trip is measured; the least counts.
	measureTimes = 3

	// addressesAtMost is how many addresses of a name are tried.
	addressesAtMost = 4
)

// segments are what is tried in turn, in bytes, where large packets do not come through and nobody tells: those of paths
// with packets of 1400, 1280 (the least that IPv6 allows, RFC 8200) and 576 bytes, less the headers of IPv6 and TCP.
var segments = []int{1340, 1220, 516}

// found is what came of a try. With a route comes a probe that the receiver closes.
type found struct {
	outcome, detail string // "" where the agent does not listen yet
	isRefused       bool   // by the laptop's own judgement: there is no need for the agent to listen
	route           *route
	probe           carrier.Probe
}

// try looks at all addresses of a candidate, in their order, until one works.
func (scout *scout) try(ctx context.Context, one wire.DirectCandidate) found {
	ctx, cancel := context.WithTimeout(ctx, scout.timing.DirectTry)
	defer cancel()
	addresses, err := scout.resolve(ctx, one)
	if err != nil {
		return unresolved(err)
	}
	return scout.tryAll(ctx, one, addresses)
}

func (scout *scout) tryAll(ctx context.Context, one wire.DirectCandidate, addresses []netip.Addr) (told found) {
	for index, address := range addresses {
		next := scout.tryAddress(ctx, one, netip.AddrPortFrom(address, uint16(one.Port)))
		if next.route != nil || next.outcome == "" {
			return next
		}
		if index == 0 || !next.isRefused || told.isRefused { // an address that may be tried says more than one that may not
			told = next
		}
	}
	return told
}

// resolve asks the laptop's own resolver where the candidate is a name.
func (scout *scout) resolve(ctx context.Context, one wire.DirectCandidate) ([]netip.Addr, error) {
	if one.Port < 1 || one.Port > 65535 {
		return nil, fmt.Errorf("there is no port %d", one.Port)
	}
	if address, err := netip.ParseAddr(one.Host); err == nil {
		return []netip.Addr{address.Unmap()}, nil
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", one.Host)
	if err != nil {
		return nil, err
	}
	for index, address := range addresses {
		addresses[index] = address.Unmap()
	}
	return addresses[:min(len(addresses), addressesAtMost)], nil
}

func (scout *scout) tryAddress(ctx context.Context, one wire.DirectCandidate, address netip.AddrPort) found {
	if outcome, detail := scout.set.client.refuses(ctx, address); outcome != "" {
		return found{outcome: outcome, detail: detail, isRefused: true}
	}
	if !scout.listens() {
		return found{}
	}
	made := &route{candidate: one, target: carrier.DirectTarget{Address: address}}
	probe, err := scout.measure(ctx, made)
	if err != nil {
		return outcomeOf(err)
	}
	if scout.passes(ctx, probe) {
		made.mtu = probe.MTU()
		return found{outcome: wire.DirectWorks, route: made, probe: probe}
	}
	for _, segment := range segments {
		_ = probe.Close()
		made.target.Segment = segment
		if probe, err = scout.measure(ctx, made); err != nil {
			return outcomeOf(err)
		}
		if scout.passes(ctx, probe) {
			made.mtu = segment + headers(address.Addr())
			return found{outcome: wire.DirectWorks, route: made, probe: probe}
		}
	}
	_ = probe.Close()
	return found{outcome: wire.DirectSmallOnly}
}

// headers of IP and TCP without options, in bytes.
func headers(address netip.Addr) int {
	if address.Is4() {
		return 40
	}
	return 60
}

// measure opens a probe and takes the least of some round trips.
func (scout *scout) measure(ctx context.Context, made *route) (carrier.Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, scout.timing.DirectAnswer)
	defer cancel()
	probe, err := scout.straight.Probe(ctx, made.target)
	if err != nil {
		return nil, err
	}
	made.roundTrip = 0
	for range measureTimes {
		took, err := probe.Ask(ctx, askBytes)
		if err != nil {
			_ = probe.Close()
			return nil, err
		}
		if made.roundTrip == 0 || took < made.roundTrip {
			made.roundTrip = took
		}
	}
	return probe, nil
}

// passes tells whether packets of full size come through, both ways.
func (scout *scout) passes(ctx context.Context, probe carrier.Probe) bool {
	ctx, cancel := context.WithTimeout(ctx, scout.timing.DirectSilence)
	defer cancel()
	_, err := probe.Ask(ctx, askWhole)
	return err == nil
}

// outcomeOf names a failure.
func outcomeOf(err error) found {
	var timeout net.Error
	switch {
	case errors.Is(err, carrier.ErrNotOurs):
		return found{outcome: wire.DirectNotOurs}
	case errors.Is(err, syscall.ECONNREFUSED):
		return found{outcome: wire.DirectRefused}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return found{outcome: wire.DirectSilent}
	}
	outcome, detail := unreachable(err)
	return found{outcome: outcome, detail: detail}
}

// unresolved names why a candidate's name leads nowhere.
func unresolved(err error) found {
	var asked *net.DNSError
	if errors.As(err, &asked) && asked.IsNotFound {
		return found{outcome: wire.DirectNoName, isRefused: true}
	}
	return found{outcome: wire.DirectUnreachable, detail: err.Error(), isRefused: true}
}

// unreachable names why the system sends nothing to an address. What the outcome says needs no word of the system.
func unreachable(err error) (outcome, detail string) {
	switch {
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return wire.DirectUnreachable, ""
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES): // of connect(2): a rule for outgoing packets
		return wire.DirectBlocked, ""
	}
	return wire.DirectUnreachable, reason(err)
}

// reason is the system's word, without addresses, which the candidate names already.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}

// refusal tells that an address is no candidate whatever answers there, as an outcome, or nothing: packets to it would come
// back to the laptop, to this tunnel, or go to whoever is near. A zone (RFC 4007) means nothing where others see the address,
// and makes one of the laptop's own look like another.
func refusal(address netip.Addr, own []netip.Addr) (outcome string) {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case !address.IsValid(), address.IsUnspecified(), address.IsLoopback(), address.IsMulticast(), address == broadcast,
		address.IsLinkLocalUnicast(), address.Zone() != "", slices.Contains(own, address):
		return wire.DirectForbidden
	}
	if _, isTunnel := wire.AddressFamilyOf(address); isTunnel {
		return wire.DirectInsideTunnel
	}
	return ""
}

// ownAddresses are the laptop's.
func ownAddresses() []netip.Addr {
	var own []netip.Addr
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, one := range found {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil {
			own = append(own, prefix.Addr().Unmap())
		}
	}
	return own
}
