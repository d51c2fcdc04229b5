//go:build !linux

package packetfilters

import "slipway/native/internal/wire"

// Dropping knows none on this system.
func Dropping() ([]wire.FilterChain, error) { return nil, nil }
