package tundev

import (
	"errors"
	"net/netip"
	"os"
)

var errNotYet = errors.New("TUN: not yet on this system")

// Available is false until it is written for this system.
func Available() bool { return false }

// NewAlias is not yet written for this system.
func NewAlias() string { return "" }

// Open is not yet written for this system.
func Open(string, int, []netip.Prefix) (Interface, *os.File, error) {
	return Interface{}, nil, errNotYet
}

// Close is not yet written for this system.
func Close(string) error { return errNotYet }

// Find is not yet written for this system.
func Find(string) int { return 0 }
