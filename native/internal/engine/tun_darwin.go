package engine

import (
	"os"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/lease"
)

// deviceOf makes a device of a utun control socket's descriptor, which the device closes.
func deviceOf(handover *lease.Handover) (tun.Device, error) {
	descriptor, err := handover.Descriptor()
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(descriptor), "utun")
	device, err := tun.CreateTUNFromFile(file, 0)
	if err != nil {
		file.Close()
	}
	return device, err
}
