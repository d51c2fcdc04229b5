package dumps

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// Settled asks again when the list changed while it was being read.
func Settled[Item any](list func() ([]Item, error)) (items []Item, err error) {
	for range 10 {
		if items, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return items, err
		}
	}
	return items, err
}
