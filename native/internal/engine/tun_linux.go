package engine

import "golang.zx2c4.com/wireguard/tun"

// deviceOf makes a device of a descriptor that has IFF_VNET_HDR set: it turns offloads on and carries batches.
func deviceOf(descriptor int) (tun.Device, error) {
	device, _, err := tun.CreateUnmonitoredTUNFromFD(descriptor)
	return device, err
}
