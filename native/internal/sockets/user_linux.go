package sockets

import (
	"net/netip"
	"os"
)

// UserOf tells whose socket of this network namespace is bound to `local` and talks to `remote`, as its user sees it. Network is
// tcp or udp. A datagram socket that talks to nobody in particular, or is bound to every address, is found by its port alone.
// False where there is no such socket any more, or the kernel does not tell.
func UserOf(network string, local, remote netip.AddrPort) (user uint32, isKnown bool) {
	for _, name := range [...]string{network, network + "6"} {
		table, err := os.Open("/proc/thread-self/net/" + name)
		if err != nil {
			continue // a kernel without IPv6
		}
		err = readTable(table, func(read entry) {
			if read.inode != 0 && isBetween(network, read.pair, local, remote) && (!isKnown || read.pair == (Pair{local, remote})) {
				user, isKnown = read.uid, true
			}
		})
		_ = table.Close()
		if err != nil {
			return 0, false
		}
		if isKnown {
			return user, true
		}
	}
	return 0, false
}

func isBetween(network string, pair Pair, local, remote netip.AddrPort) bool {
	if network == "tcp" {
		return pair == Pair{local, remote}
	}
	isLocal := pair.Local == local || pair.Local.Addr().IsUnspecified() && pair.Local.Port() == local.Port()
	return isLocal && (pair.Remote == remote || pair.Remote.Port() == 0)
}
