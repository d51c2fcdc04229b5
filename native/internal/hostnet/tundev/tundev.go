// Package tundev makes the tunnel's interface and takes it away again. It must never touch an interface that does
// not carry the alias it was made with.
package tundev

// QueueLength is the interface's txqueuelen in packets, and with it the size of the TUN's ring: the only place on
// the way out that drops. With segmentation offload a packet is up to 64 KiB, so 32 of them are at most 2 MiB, 84 ms
// at 200 Mbit/s; fewer would drop the burst of SYNs of a browser that opens many connections at once.
const QueueLength = 32

// NamePrefix of the interface; the next free number follows.
const NamePrefix = "slipway"

// aliasPrefix heads ifalias, so that a person who lists links sees whose it is.
const aliasPrefix = "slipway tunnel "

// Interface is one that was made.
type Interface struct {
	Name  string
	Index int
}
