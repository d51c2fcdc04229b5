package forward

import (
	"net/netip"
	"testing"
)

func TestPolicyRefusesWhatWouldLendRights(t *testing.T) {
	policy := Policy{
		Resolvers: []netip.Addr{netip.MustParseAddr("169.254.20.10"), netip.MustParseAddr("10.96.0.10"), netip.MustParseAddr("127.0.0.53")},
		Own:       []netip.Addr{netip.MustParseAddr("10.244.1.7")},
		Host:      []netip.Addr{netip.MustParseAddr("192.168.1.20")},
	}
	const allowed, refused = true, false
	for _, row := range []struct {
		protocol    byte
		destination string
		port        uint16
		expected    bool
	}{
		{protocolTCP, "10.244.2.9", 8080, allowed},
		{protocolUDP, "10.244.2.9", 53, allowed},
		{protocolICMP, "10.244.2.9", 0, allowed},
		{protocolTCP, "10.96.0.1", 443, allowed}, // the API server as any other Service
		{protocolTCP, "192.168.1.20", 6443, allowed},
		{protocolTCP, "192.168.1.20", 30080, allowed},
		{protocolTCP, "8.8.8.8", 443, allowed},
		{protocolTCP, "241.0.0.9", 80, allowed},
		{protocolTCP, "fd00:10:244::9", 80, allowed},
		{protocolUDP, "10.96.0.10", 53, allowed},
		{protocolUDP, "169.254.20.10", 53, allowed},
		{protocolTCP, "169.254.20.10", 53, allowed},
		{protocolTCP, "168.63.129.17", 80, allowed},

		{protocolTCP, "169.254.169.254", 80, refused},
		{protocolUDP, "169.254.169.254", 53, refused},
		{protocolICMP, "169.254.169.254", 0, refused},
		{protocolTCP, "::ffff:169.254.169.254", 80, refused},
		{protocolTCP, "169.254.170.2", 80, refused},
		{protocolTCP, "fd00:ec2::254", 80, refused},
		{protocolTCP, "fd20:ce::254", 80, refused},
		{protocolTCP, "100.100.100.200", 80, refused},
		{protocolTCP, "192.0.0.192", 80, refused},
		{protocolTCP, "168.63.129.16", 80, refused},
		{protocolTCP, "168.63.129.16", 32526, refused},
		{protocolTCP, "127.0.0.1", 8723, refused},
		{protocolUDP, "127.0.0.53", 53, refused}, // a loopback resolver is the pod's own
		{protocolTCP, "127.255.255.254", 80, refused},
		{protocolTCP, "::1", 80, refused},
		{protocolTCP, "::ffff:127.0.0.1", 80, refused},
		{protocolTCP, "0.0.0.0", 8723, refused},
		{protocolTCP, "0.1.2.3", 80, refused},
		{protocolTCP, "::", 80, refused},
		{protocolTCP, "169.254.20.10", 9253, refused},
		{protocolICMP, "169.254.20.10", 0, refused},
		{protocolTCP, "fe80::1", 80, refused},
		{protocolUDP, "224.0.0.251", 5353, refused},
		{protocolUDP, "239.255.255.250", 1900, refused},
		{protocolUDP, "255.255.255.255", 67, refused},
		{protocolUDP, "ff02::fb", 5353, refused},
		{protocolTCP, "192.168.1.20", 10250, refused},
		{protocolTCP, "192.168.1.21", 10250, refused},
		{protocolTCP, "192.168.1.21", 10255, refused},
		{protocolTCP, "10.244.2.9", 10250, refused},
		{protocolTCP, "192.168.1.20", 10248, refused},
		{protocolTCP, "192.168.1.20", 10249, refused},
		{protocolTCP, "192.168.1.20", 10256, refused},
		{protocolTCP, "192.168.1.21", 10256, allowed},
		{protocolTCP, "10.244.1.7", 8723, refused},
		{protocolTCP, "10.244.1.7", 80, refused},
		{protocolICMP, "10.244.1.7", 0, refused},
		{protocolTCP, "198.18.0.6", 22, refused},
		{protocolICMP, "198.19.255.255", 0, refused},
		{protocolUDP, "198.18.0.1", 53, refused},
	} {
		if got := policy.Allows(row.protocol, netip.MustParseAddr(row.destination), row.port); got != row.expected {
			t.Errorf("protocol %d to %s port %d: allowed %v, expected %v", row.protocol, row.destination, row.port, got, row.expected)
		}
	}
}
