package forward

import (
	"net/netip"
	"testing"

	"slipway/native/internal/packet"
)

func TestPolicyRefusesWhatWouldLendRights(t *testing.T) {
	policy := Policy{
		Resolvers: []netip.Addr{netip.MustParseAddr("169.254.20.10"), netip.MustParseAddr("10.96.0.10"), netip.MustParseAddr("127.0.0.53")},
		Own:       []netip.Addr{netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("fd00:10:244:1::7")},
		Host:      []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("fd00:87::20")},
	}
	const allowed, refused = true, false
	for _, row := range []struct {
		protocol    byte
		destination string
		port        uint16
		expected    bool
	}{
		{packet.TCP, "10.244.2.9", 8080, allowed},
		{packet.UDP, "10.244.2.9", 53, allowed},
		{packet.ICMP, "10.244.2.9", 0, allowed},
		{packet.TCP, "10.96.0.1", 443, allowed}, // the API server as any other Service
		{packet.TCP, "192.168.1.20", 6443, allowed},
		{packet.TCP, "192.168.1.20", 30080, allowed},
		{packet.TCP, "8.8.8.8", 443, allowed},
		{packet.TCP, "241.0.0.9", 80, allowed},
		{packet.TCP, "fd00:10:244::9", 80, allowed},
		{packet.UDP, "10.96.0.10", 53, allowed},
		{packet.UDP, "169.254.20.10", 53, allowed},
		{packet.TCP, "169.254.20.10", 53, allowed},
		{packet.TCP, "168.63.129.17", 80, allowed},

		{packet.TCP, "169.254.169.254", 80, refused},
		{packet.UDP, "169.254.169.254", 53, refused},
		{packet.ICMP, "169.254.169.254", 0, refused},
		{packet.TCP, "::ffff:169.254.169.254", 80, refused},
		{packet.TCP, "169.254.170.2", 80, refused},
		{packet.TCP, "fd00:ec2::254", 80, refused},
		{packet.TCP, "fd20:ce::254", 80, refused},
		{packet.TCP, "100.100.100.200", 80, refused},
		{packet.TCP, "192.0.0.192", 80, refused},
		{packet.TCP, "168.63.129.16", 80, refused},
		{packet.TCP, "168.63.129.16", 32526, refused},
		{packet.TCP, "127.0.0.1", 8723, refused},
		{packet.UDP, "127.0.0.53", 53, refused}, // a loopback resolver is the pod's own
		{packet.TCP, "127.255.255.254", 80, refused},
		{packet.TCP, "::1", 80, refused},
		{packet.TCP, "::ffff:127.0.0.1", 80, refused},
		{packet.TCP, "0.0.0.0", 8723, refused},
		{packet.TCP, "0.1.2.3", 80, refused},
		{packet.TCP, "::", 80, refused},
		{packet.TCP, "169.254.20.10", 9253, refused},
		{packet.ICMP, "169.254.20.10", 0, refused},
		{packet.TCP, "fe80::1", 80, refused},
		{packet.ICMPv6, "fe80::1", 0, refused},
		{packet.ICMPv6, "fd00:10:244::9", 0, allowed},
		{packet.TCP, "::169.254.169.254", 80, refused},
		{packet.TCP, "64:ff9b::10.244.2.9", 80, allowed},
		{packet.TCP, "64:ff9b::169.254.169.254", 80, refused},
		{packet.TCP, "64:ff9b::127.0.0.1", 80, refused},
		{packet.TCP, "fd00:c1::a9fe:a9fe", 80, refused},
		{packet.TCP, "fd00:10:244:1::7", 80, refused}, // its own
		{packet.TCP, "fd00:10:244::9", 10250, refused},
		{packet.TCP, "fd00:87::20", 10256, refused},
		{packet.TCP, "fd34:8a0f:448::1", 53, refused},
		{packet.ICMPv6, "fd34:8a0f:448:9::2", 0, refused},
		{packet.UDP, "224.0.0.251", 5353, refused},
		{packet.UDP, "239.255.255.250", 1900, refused},
		{packet.UDP, "255.255.255.255", 67, refused},
		{packet.UDP, "ff02::fb", 5353, refused},
		{packet.TCP, "192.168.1.20", 10250, refused},
		{packet.TCP, "192.168.1.21", 10250, refused},
		{packet.TCP, "192.168.1.21", 10255, refused},
		{packet.TCP, "10.244.2.9", 10250, refused},
		{packet.TCP, "192.168.1.20", 10248, refused},
		{packet.TCP, "192.168.1.20", 10249, refused},
		{packet.TCP, "192.168.1.20", 10256, refused},
		{packet.TCP, "192.168.1.21", 10256, allowed},
		{packet.TCP, "10.244.1.7", 8723, refused},
		{packet.TCP, "10.244.1.7", 80, refused},
		{packet.ICMP, "10.244.1.7", 0, refused},
		{packet.TCP, "198.18.0.6", 22, refused},
		{packet.ICMP, "198.18.255.255", 0, refused},
		{packet.UDP, "198.18.0.1", 53, refused},
	} {
		if got := policy.Allows(row.protocol, netip.MustParseAddr(row.destination), row.port); got != row.expected {
			t.Errorf("protocol %d to %s port %d: allowed %v, expected %v", row.protocol, row.destination, row.port, got, row.expected)
		}
	}
}
