// Package packetfilters reads which chains of nftables and of iptables-legacy drop what programs of this computer send or are sent, so that who finds
// packets gone can be told where to look. It must never change a rule, and says nothing of packets that it has not seen: a chain
// that drops something need not be the one. Rules of iptables-nft are nftables' too; programs of eBPF are not seen.
package packetfilters

// Bounds: of chains that are told, and of chains that are read for it.
const (
	toldAtMost = 8
	readAtMost = 256
)
