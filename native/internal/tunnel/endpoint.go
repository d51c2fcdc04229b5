package tunnel

import (
	"net/netip"

	"golang.zx2c4.com/wireguard/conn"
)

// endpoint stands for the far end of a lane. wireguard-go wants addresses for cookies and rate limits of public UDP ports;
// a carrier has one far end, so all are the same.
type endpoint struct{}

func (endpoint) ClearSrc()           {}
func (endpoint) SrcToString() string { return "lane" }
func (endpoint) DstToString() string { return "lane" }
func (endpoint) DstToBytes() []byte  { return []byte("lane") }
func (endpoint) DstIP() netip.Addr   { return netip.IPv4Unspecified() }
func (endpoint) SrcIP() netip.Addr   { return netip.IPv4Unspecified() }

// ParseEndpoint implements conn.Bind: whatever the name, it is the far end of the lane.
func (*bind) ParseEndpoint(string) (conn.Endpoint, error) { return endpoint{}, nil }

// SetMark implements conn.Bind; a carrier has no mark.
func (*bind) SetMark(uint32) error { return nil }

// BatchSize implements conn.Bind.
func (*bind) BatchSize() int { return batchSize }
