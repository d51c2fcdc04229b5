//go:build unix

package engine

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/wire"
)

// OpenTun makes a device of the descriptor that came from the helper.
func (helper *leaseHelper) OpenTun(ctx context.Context, input wire.OpenTunInput) (wire.TunOpened, tun.Device, error) {
	opened, file, err := helper.Client.OpenTun(ctx, input)
	if err != nil {
		return opened, nil, err
	}
	defer file.Close()
	// The device takes the descriptor itself, and closes it; os.File keeps its own.
	descriptor, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return opened, nil, fmt.Errorf("duplicate the TUN's descriptor: %w", err)
	}
	device, err := deviceOf(descriptor)
	if err != nil {
		unix.Close(descriptor)
		return opened, nil, fmt.Errorf("use the TUN: %w", err)
	}
	return opened, device, nil
}
