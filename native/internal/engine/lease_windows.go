package engine

import (
	"context"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/wire"
)

// OpenTun is not there yet: Windows passes no descriptor of a network interface, see ADR 4.
func (helper *leaseHelper) OpenTun(context.Context, wire.OpenTunInput) (wire.TunOpened, tun.Device, error) {
	return wire.TunOpened{}, nil, &wire.Problem{Code: wire.CodeTunUnavailable, Cause: "not yet on Windows"}
}
