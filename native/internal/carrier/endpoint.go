package carrier

import (
	"net/netip"

	"golang.zx2c4.com/wireguard/conn"
)

// endpoint stands for the far end of the stream. wireguard-go wants addresses for cookies and rate limits of public
// UDP ports; a stream has one far end, so all are the same.
type endpoint struct{}

func (endpoint) ClearSrc()           {}
func (endpoint) SrcToString() string { return "stream" }
func (endpoint) DstToString() string { return "stream" }
func (endpoint) DstToBytes() []byte  { return []byte("stream") }
func (endpoint) DstIP() netip.Addr   { return netip.IPv4Unspecified() }
func (endpoint) SrcIP() netip.Addr   { return netip.IPv4Unspecified() }

// ParseEndpoint implements conn.Bind: whatever the name, it is the far end of the stream.
func (*Bind) ParseEndpoint(string) (conn.Endpoint, error) { return endpoint{}, nil }

// SetMark implements conn.Bind; a stream has no mark.
func (*Bind) SetMark(uint32) error { return nil }

// BatchSize implements conn.Bind.
func (b *Bind) BatchSize() int { return b.options.BatchSize }
