package engine

import (
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/lease"
	"slipway/native/internal/offload"
)

// deviceOf makes a device of a descriptor that has IFF_VNET_HDR set: it turns offloads on, carries batches, and takes segments
// in parts. The device closes the descriptor.
func deviceOf(handover *lease.Handover) (tun.Device, error) {
	descriptor, err := handover.Descriptor()
	if err != nil {
		return nil, err
	}
	device, _, err := tun.CreateUnmonitoredTUNFromFD(descriptor)
	if err != nil {
		unix.Close(descriptor)
		return nil, err
	}
	offloading, err := offload.New(device)
	if err != nil {
		_ = device.Close()
		return nil, err
	}
	return offloading, nil
}
