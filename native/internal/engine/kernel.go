package engine

import (
	"context"
	"net/netip"

	"slipway/native/internal/packet"
	"slipway/native/internal/routelookup"
)

// Kernel is what the reach check asks of the laptop's kernel, with the rights of any program of the user.
type Kernel interface {
	// Interface describes the interface with the index. It is fs.ErrNotExist where there is none.
	Interface(index int) (InterfaceState, error)
	// Way looks up where what the user sends to address goes.
	Way(address netip.Addr) (routelookup.Way, error)
	// Tables are the rules and routes of now, of address's family.
	Tables(address netip.Addr) (routelookup.Tables, error)
	// Connections are the TCP connections of all programs, but for those that are opening, as the laptop sends.
	Connections() ([]packet.Flow, error)
	// User is whose ways are looked up.
	User() uint32
	// Probe connects an ordinary socket ("tcp", "udp") to target; over UDP it sends a datagram and waits for one. bound
	// is told the socket's own port before anything leaves. Errors are those of connect(2), send(2) and recv(2).
	Probe(ctx context.Context, network string, target netip.AddrPort, bound func(port uint16)) error
}

// InterfaceState is what a reach check must know of the tunnel's interface.
type InterfaceState struct {
	Name      string
	IsUp      bool
	Addresses []netip.Addr
}
