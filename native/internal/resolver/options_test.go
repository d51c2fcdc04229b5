package resolver

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// What a laptop's resolv.conf says of asking holds for who asks in its place.
func TestUpstreamsAreAskedByTheOptionsOfTheLaptop(t *testing.T) {
	t.Parallel()
	t.Run("by TCP alone", func(t *testing.T) {
		t.Parallel()
		address, streamed, clear := serveWith(t, func(listener net.Listener) net.Listener { return listener })
		resolver := New(Config{})
		resolver.Set(Inputs{
			Upstreams: []wire.Upstream{{Address: address.Addr(), Port: address.Port()}}, Options: wire.UpstreamOptions{IsByTCP: true},
		})
		if got := ask(t, resolver, "api.corp"); got != "NOERROR | api.corp. A 192.0.2.20" || streamed.Load() != 1 || clear.Load() != 0 {
			t.Errorf("got %s, by TCP %d times, by UDP %d times", got, streamed.Load(), clear.Load())
		}
	})
	t.Run("in turns", func(t *testing.T) {
		t.Parallel()
		var list []wire.Upstream
		var counts []*atomic.Int32
		for range 3 {
			address, _, clear := serveWith(t, nil)
			list, counts = append(list, wire.Upstream{Address: address.Addr(), Port: address.Port()}), append(counts, clear)
		}
		servers := NewUpstream(list, nil)
		servers.SetOptions(wire.UpstreamOptions{IsRotating: true})
		for range 6 {
			if _, err := servers.Exchange(t.Context(), query("api.corp", dns.TypeA)); err != nil {
				t.Error(err)
			}
		}
		for index, count := range counts {
			if count.Load() != 2 {
				t.Errorf("server %d was asked %d of 6 times", index, count.Load())
			}
		}
	})
	t.Run("with more patience", func(t *testing.T) {
		t.Parallel()
		slow := serve(t, "example.test.", upstreamRecords)
		slow.rewriteWith(func(response *dns.Msg, _ string) *dns.Msg {
			time.Sleep(500 * time.Millisecond)
			return response
		})
		servers := NewUpstream([]wire.Upstream{{Address: slow.address.Addr(), Port: slow.address.Port()}}, nil)
		servers.timeout = 100 * time.Millisecond
		servers.SetOptions(wire.UpstreamOptions{TimeoutSeconds: 8})
		if _, err := servers.Exchange(t.Context(), query("www.example.test", dns.TypeA)); err != nil {
			t.Error(err)
		}
	})
}
