package engine

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// endedStream waits in Read until it is closed, and has an address of the laptop, or none.
type endedStream struct {
	io.Writer
	closed chan struct{}
}

func (stream endedStream) Read([]byte) (int, error) { <-stream.closed; return 0, net.ErrClosed }
func (stream endedStream) Close() error             { close(stream.closed); return nil }

type addressedStream struct {
	endedStream
	local net.Addr
}

func (stream addressedStream) LocalAddr() net.Addr { return stream.local }

func TestStreamsOfAnAddressThatTheLaptopLosesEnd(t *testing.T) {
	at := func(address string) net.Addr {
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 40000))
	}
	addresses := func(all ...string) (parsed []netip.Addr) {
		for _, one := range all {
			parsed = append(parsed, netip.MustParseAddr(one))
		}
		return parsed
	}
	home := addresses("127.0.0.1", "::1", "192.168.1.20", "2001:db8::20", "fe80::20")
	for name, test := range map[string]struct {
		local net.Addr
		now   []netip.Addr
		want  bool
	}{
		"another network":                    {at("192.168.1.20"), addresses("127.0.0.1", "::1", "10.20.0.7"), true},
		"no network":                         {at("192.168.1.20"), addresses("127.0.0.1", "::1"), true},
		"the other family's is gone":         {at("192.168.1.20"), addresses("127.0.0.1", "192.168.1.20"), false},
		"a temporary one expires (RFC 8981)": {at("2001:db8::20"), addresses("127.0.0.1", "192.168.1.20", "2001:db8::21"), true},
		"IPv4 in an IPv6 socket":             {at("::ffff:192.168.1.20"), addresses("127.0.0.1", "10.20.0.7"), true},
		"link-local":                         {at("fe80::20%eth0"), addresses("127.0.0.1", "fe80::21"), true},
		"a proxy on the laptop":              {at("127.0.0.1"), addresses("127.0.0.1", "10.20.0.7"), false},
		"one that no interface had":          {at("10.99.0.1"), addresses("127.0.0.1", "10.20.0.7"), false},
		"the addresses cannot be listed":     {at("192.168.1.20"), nil, false},
		"a pipe":                             {&net.UnixAddr{Name: "pipe", Net: "unix"}, addresses("127.0.0.1"), false},
		"a stream that does not say":         {nil, addresses("127.0.0.1"), false},
	} {
		t.Run(name, func(t *testing.T) {
			bare := endedStream{Writer: io.Discard, closed: make(chan struct{})}
			stream := &carriedStream{Stream: bare}
			if test.local != nil {
				stream.Stream = addressedStream{bare, test.local}
			}
			open := newOpenStreams(home)
			open.keep(stream)
			if ended := open.moved(test.now); (ended == 1) != test.want {
				t.Fatalf("%d streams end", ended)
			}
			if !test.want {
				_ = stream.Close()
				if len(open.streams) > 0 {
					t.Error("a closed stream is kept")
				}
				return
			}
			read := make(chan error, 1)
			go func() { _, err := stream.Read(nil); read <- err }()
			select {
			case err := <-read:
				if !errors.Is(err, errStranded) {
					t.Errorf("it ends with %v", err)
				}
			case <-time.After(patience):
				t.Fatal("it does not end")
			}
			if open.moved(home) != 0 {
				t.Error("it ends twice")
			}
		})
	}
}
