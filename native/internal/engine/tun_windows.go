package engine

import (
	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/lease"
	"slipway/native/internal/wire"
)

// deviceOf is not there yet: see lease.Handover.
func deviceOf(*lease.Handover) (tun.Device, error) {
	return nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "not yet on Windows"}
}
