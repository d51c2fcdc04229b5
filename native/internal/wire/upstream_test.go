package wire

import (
	"net/netip"
	"testing"
)

func TestAnUpstreamIsReadAsItIsSaid(t *testing.T) {
	for text, want := range map[string]Upstream{
		"192.0.2.1":                      {Address: netip.MustParseAddr("192.0.2.1")},
		"192.0.2.1:5353":                 {Address: netip.MustParseAddr("192.0.2.1"), Port: 5353},
		"fe80::1%eth0":                   {Address: netip.MustParseAddr("fe80::1%eth0")},
		"[fe80::1%eth0]:5353":            {Address: netip.MustParseAddr("fe80::1%eth0"), Port: 5353},
		"tls://192.0.2.1":                {Address: netip.MustParseAddr("192.0.2.1"), Way: UpstreamTLS},
		"tls://192.0.2.1:53#dns.example": {Address: netip.MustParseAddr("192.0.2.1"), Port: 53, Way: UpstreamTLS, Name: "dns.example"},
		"tls://[2001:db8::1]:8853":       {Address: netip.MustParseAddr("2001:db8::1"), Port: 8853, Way: UpstreamTLS},
		"tls://2001:db8::1#dns.example":  {Address: netip.MustParseAddr("2001:db8::1"), Way: UpstreamTLS, Name: "dns.example"},
		"opportunistic-tls://192.0.2.1":  {Address: netip.MustParseAddr("192.0.2.1"), Way: UpstreamOpportunistic},
	} {
		if read, is := ParseUpstream(text); !is || read != want || read.String() != text {
			t.Errorf("%s is read as %+v (%v), and said as %s", text, read, is, read)
		}
	}
	for _, text := range []string{"", "dns.example", "https://192.0.2.1", "tls://", "tls://dns.example", "192.0.2.1#dns.example"} {
		if read, is := ParseUpstream(text); is {
			t.Errorf("%q is read as %+v", text, read)
		}
	}
	strict := Upstream{Address: netip.MustParseAddr("192.0.2.1"), Way: UpstreamTLS}
	if strict.Dialled(UpstreamTLS).String() != "192.0.2.1:853" || strict.Dialled(UpstreamClear).String() != "192.0.2.1:53" {
		t.Errorf("it is dialled at %v and %v", strict.Dialled(UpstreamTLS), strict.Dialled(UpstreamClear))
	}
}
