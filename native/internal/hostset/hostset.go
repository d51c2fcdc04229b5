// Package hostset keeps the addresses that a cluster's catalogue shows, as changes tell them: at both ends of the link to the
// helper. It must never hold more than wire.MaxHosts, whoever tells of how many.
package hostset

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"slipway/native/internal/wire"
)

// Set is what is known, and what came of a change that has more parts. The zero value is empty.
type Set struct {
	known   map[netip.Addr]struct{}
	pending map[netip.Addr]struct{} // nil where no change is under way
}

// All are those of now. They are not to be changed, and never change.
func (set *Set) All() map[netip.Addr]struct{} { return set.known }

// Take adds a part of a change. It tells whether that has all its parts; until then nothing of it counts. A part that
// cannot be understood ends the change and changes nothing.
func (set *Set) Take(part wire.HostsInput) (isComplete bool, err error) {
	changed := set.pending
	set.pending = nil
	if part.Whole || changed == nil {
		changed = map[netip.Addr]struct{}{}
		if !part.Whole {
			maps.Copy(changed, set.known)
		}
	}
	for _, text := range part.Remove {
		address, err := parse(text)
		if err != nil {
			return false, err
		}
		delete(changed, address)
	}
	for _, text := range part.Add {
		address, err := parse(text)
		if err != nil {
			return false, err
		}
		changed[address] = struct{}{}
	}
	if len(changed) > wire.MaxHosts {
		return false, fmt.Errorf("more than %d hosts", wire.MaxHosts)
	}
	if part.More {
		set.pending = changed
		return false, nil
	}
	set.known = changed
	return true, nil
}

func parse(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return address, errors.New("a host that is no address")
	}
	return address.Unmap(), nil
}
