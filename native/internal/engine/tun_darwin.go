package engine

import (
	"os"

	"golang.zx2c4.com/wireguard/tun"
)

// deviceOf makes a device of a utun control socket's descriptor.
func deviceOf(descriptor int) (tun.Device, error) {
	return tun.CreateTUNFromFile(os.NewFile(uintptr(descriptor), "utun"), 0)
}
