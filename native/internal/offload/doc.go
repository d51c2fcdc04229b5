// Package offload reads and writes packets of a Linux TUN that has IFF_VNET_HDR, as a network card would that computes
// checksums and cuts segments itself. Nobody else on the way looks at them: connections end on both sides of the interface,
// on the same machine. So the kernel does not cut or sum what it gives, this side does not sum what it writes, and a packet
// is copied once, by the kernel. Package offload knows no gate, stack or lane.
package offload
