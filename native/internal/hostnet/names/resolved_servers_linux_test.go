package names

import (
	"net/netip"
	"slices"
	"testing"
)

func TestServersAreToldAsTheyAreAsked(t *testing.T) {
	server := func(link int32, address string, port uint16, name string) resolvedServer {
		return resolvedServer{Link: link, Address: netip.MustParseAddr(address).AsSlice(), Port: port, Name: name}
	}
	for name, row := range map[string]struct {
		servers           []resolvedServer
		ordinary          []int32          // links
		modes             map[int32]string // of links that are not asked in the clear
		upstreams, others []string
	}{
		"a port of its own":          {[]resolvedServer{server(0, "1.1.1.1", 5353, "one.one")}, []int32{0}, nil, []string{"1.1.1.1:5353"}, nil},
		"the usual port, said":       {[]resolvedServer{server(0, "1.1.1.1", 53, "")}, []int32{0}, nil, []string{"1.1.1.1"}, nil},
		"IPv6 with a port":           {[]resolvedServer{server(0, "2001:db8::1", 5353, "")}, []int32{0}, nil, []string{"[2001:db8::1]:5353"}, nil},
		"link-local":                 {[]resolvedServer{server(2, "fe80::1", 0, "")}, []int32{2}, nil, []string{"fe80::1%eth0"}, nil},
		"link-local with a port":     {[]resolvedServer{server(2, "fe80::1", 5353, "")}, []int32{2}, nil, []string{"[fe80::1%eth0]:5353"}, nil},
		"DNS over TLS":               {[]resolvedServer{server(0, "1.1.1.1", 0, "one.one")}, []int32{0}, map[int32]string{0: "yes"}, []string{"tls://1.1.1.1#one.one"}, nil},
		"over TLS, its own port":     {[]resolvedServer{server(0, "1.1.1.1", 53, "")}, []int32{0}, map[int32]string{0: "yes"}, []string{"tls://1.1.1.1:53"}, nil},
		"over TLS where it can":      {[]resolvedServer{server(0, "1.1.1.1", 0, "one.one")}, []int32{0}, map[int32]string{0: "opportunistic"}, []string{"opportunistic-tls://1.1.1.1#one.one"}, nil},
		"over TLS on one link":       {[]resolvedServer{server(2, "1.1.1.1", 0, ""), server(3, "192.0.2.1", 0, "")}, []int32{2, 3}, map[int32]string{2: "yes"}, []string{"tls://1.1.1.1", "192.0.2.1"}, nil},
		"over TLS for certain names": {[]resolvedServer{server(2, "1.1.1.1", 0, ""), server(3, "10.0.0.1", 0, "vpn")}, []int32{2}, map[int32]string{3: "yes"}, []string{"1.1.1.1"}, []string{"tls://10.0.0.1#vpn"}},
		"for certain names":          {[]resolvedServer{server(2, "192.0.2.1", 0, ""), server(3, "10.0.0.1", 0, "")}, []int32{2}, nil, []string{"192.0.2.1"}, []string{"10.0.0.1"}},
		"for certain names alone":    {[]resolvedServer{server(3, "10.0.0.1", 0, "")}, nil, nil, []string{"10.0.0.1"}, nil},
		"ours, the same twice, none": {[]resolvedServer{server(9, "198.18.0.3", 0, ""), server(0, "1.1.1.1", 0, ""), server(2, "1.1.1.1", 0, ""), {Link: 2}}, []int32{0, 2, 9}, nil, []string{"1.1.1.1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			upstreams, others := sortServers(row.servers, 9,
				func(link int32) bool { return slices.Contains(row.ordinary, link) },
				func(link int32) string { return row.modes[link] },
				func(int) string { return "eth0" })
			if !slices.Equal(upstreams, row.upstreams) || !slices.Equal(others, row.others) {
				t.Errorf("upstreams %v, others %v", upstreams, others)
			}
		})
	}
}
