package engine

import (
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/lease"
)

// deviceOf makes a device of a descriptor that has IFF_VNET_HDR set: it turns offloads on and carries batches. The
// device closes the descriptor.
func deviceOf(handover *lease.Handover) (tun.Device, error) {
	descriptor, err := handover.Descriptor()
	if err != nil {
		return nil, err
	}
	device, _, err := tun.CreateUnmonitoredTUNFromFD(descriptor)
	if err != nil {
		unix.Close(descriptor)
	}
	return device, err
}
