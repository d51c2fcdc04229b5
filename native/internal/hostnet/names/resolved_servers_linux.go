package names

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// usualPort is where a nameserver answers that has no other port.
const usualPort = 53

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

// text is the server as it is dialled: an address, with its zone where it is link-local, and with its port where that is
// not the usual one.
func (server resolvedServer) text(interfaceOf func(index int) string) (string, bool) {
	address, valid := netip.AddrFromSlice(server.Address)
	if !valid {
		return "", false
	}
	address = address.Unmap()
	if address.Is6() && address.IsLinkLocalUnicast() && server.Link != 0 {
		address = address.WithZone(interfaceOf(int(server.Link)))
	}
	if server.Port == 0 || server.Port == usualPort {
		return address.String(), true
	}
	return net.JoinHostPort(address.String(), strconv.Itoa(int(server.Port))), true
}

// sortServers tells which servers are asked for ordinary names, and the others, without those of the link own. What
// resolved sends encrypted is never asked in the clear: such a server is among the others whatever it is for.
func sortServers(servers []resolvedServer, own int, isOrdinary, isEncrypted func(link int32) bool, interfaceOf func(int) string) (upstreams, others []string) {
	var readable []string // of the others
	for _, server := range servers {
		text, valid := server.text(interfaceOf)
		if !valid || int(server.Link) == own && own != 0 {
			continue
		}
		into := &others
		switch {
		case isEncrypted(server.Link):
		case isOrdinary(server.Link):
			into = &upstreams
		default:
			readable = append(readable, text)
		}
		if !slices.Contains(*into, text) {
			*into = append(*into, text)
		}
	}
	if len(upstreams) == 0 {
		upstreams = slices.Compact(readable)
		others = slices.DeleteFunc(others, func(text string) bool { return slices.Contains(upstreams, text) })
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
