package names

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"slipway/native/internal/wire"
)

// resolvedServer is one of resolved's nameservers. Link 0 are the global ones. Port is 0 where it is the usual one.
type resolvedServer struct {
	Link    int32
	Family  int32
	Address []byte
	Port    uint16
	Name    string // that its certificate must have
}

// servers asks for the nameservers with their ports, which versions before 246 do not tell.
func (bus *resolved) servers() (servers []resolvedServer, err error) {
	if bus.property(bus.manager, resolvedInterface+".DNSEx", &servers) == nil {
		return servers, nil
	}
	var plain []struct {
		Link    int32
		Family  int32
		Address []byte
	}
	if err := bus.property(bus.manager, resolvedInterface+".DNS", &plain); err != nil {
		return nil, fmt.Errorf("read resolved's servers: %w", err)
	}
	for _, server := range plain {
		servers = append(servers, resolvedServer{Link: server.Link, Family: server.Family, Address: server.Address})
	}
	return servers, nil
}

// text is the server as wire.Upstream has it, asked the way that mode says: an address, with its zone where it is
// link-local.
func (server resolvedServer) text(mode string, interfaceOf func(index int) string) (string, bool) {
	address, valid := netip.AddrFromSlice(server.Address)
	if !valid {
		return "", false
	}
	address = address.Unmap()
	if address.Is6() && address.IsLinkLocalUnicast() && server.Link != 0 {
		address = address.WithZone(interfaceOf(int(server.Link)))
	}
	upstream := wire.Upstream{Address: address, Port: server.Port}
	switch mode { // resolved.conf(5), DNSOverTLS=
	case "yes":
		upstream.Way, upstream.Name = wire.UpstreamTLS, server.Name
	case "opportunistic":
		upstream.Way, upstream.Name = wire.UpstreamOpportunistic, server.Name
	}
	return upstream.String(), true
}

// sortServers tells which servers are asked for ordinary names, and the others, without those of the link own, each as
// resolved asks it: encrypted where modeOf its link says so.
func sortServers(servers []resolvedServer, own int, isOrdinary func(link int32) bool, modeOf func(link int32) string, interfaceOf func(int) string) (upstreams, others []string) {
	for _, server := range servers {
		text, valid := server.text(modeOf(server.Link), interfaceOf)
		if !valid || int(server.Link) == own && own != 0 {
			continue
		}
		into := &others
		if isOrdinary(server.Link) {
			into = &upstreams
		}
		if !slices.Contains(*into, text) {
			*into = append(*into, text)
		}
	}
	if len(upstreams) == 0 {
		upstreams, others = others, nil
	}
	return upstreams, others
}

// interfaceName is empty where the interface is gone.
func interfaceName(index int) string {
	if found, err := net.InterfaceByIndex(index); err == nil {
		return found.Name
	}
	return ""
}
