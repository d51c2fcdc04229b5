//go:build unix

package lease

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Handover is the tunnel's interface as the helper handed it over: what a device is made of on this system. On Unix that
// is a descriptor: of the TUN on Linux (IFF_TUN|IFF_NO_PI|IFF_VNET_HDR, nonblocking), of a utun control socket on macOS.
type Handover struct{ file *os.File }

// Descriptor returns a descriptor that the caller owns, for a device that takes the number itself; the interface lives
// as long as one of its descriptors does.
func (handover *Handover) Descriptor() (int, error) {
	descriptor, err := unix.FcntlInt(handover.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("duplicate the TUN's descriptor: %w", err)
	}
	return descriptor, nil
}

// Close gives up what no device was made of.
func (handover *Handover) Close() error { return handover.file.Close() }
