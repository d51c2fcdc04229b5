//go:build !linux

package routelookup

import (
	"errors"
	"net/netip"
)

var errNotYet = errors.New("look up a route: not yet on this system")

// To answers "not yet".
func To(netip.Addr, uint32) (Way, error) { return Way{}, errNotYet }

// Tables are nothing yet.
type Tables struct{}

// Read answers "not yet".
func Read(netip.Addr) (Tables, error) { return Tables{}, errNotYet }

// Within finds nothing yet.
func (Tables) Within(netip.Prefix, int, int) []netip.Addr { return nil }

// Why knows nothing yet.
func (Tables) Why(netip.Addr, uint32, Way) Reason { return Reason{} }
