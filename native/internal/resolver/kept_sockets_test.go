package resolver

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// portsOf is a nameserver that answers, but for the ports that it is told to be deaf to, and keeps who asked.
type portsOf struct {
	mutex sync.Mutex
	asked []int
	deaf  map[int]bool
}

func (server *portsOf) serve(t *testing.T) netip.AddrPort {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			length, from, err := socket.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			question, port := new(dns.Msg), int(from.Port())
			if question.Unpack(buffer[:length]) != nil {
				continue
			}
			server.mutex.Lock()
			server.asked = append(server.asked, port)
			isDeaf := server.deaf[port]
			server.mutex.Unlock()
			if answer, err := new(dns.Msg).SetReply(question).Pack(); err == nil && !isDeaf {
				_, _ = socket.WriteToUDPAddrPort(answer, from)
			}
		}
	}()
	return socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (server *portsOf) last() int {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	return server.asked[len(server.asked)-1]
}

func TestSocketsAreKeptForAMoment(t *testing.T) {
	server := &portsOf{deaf: map[int]bool{}}
	servers := NewCluster(NewUpstream(nil, nil).dial, []netip.AddrPort{server.serve(t)})
	ask := func() (port int) {
		t.Helper()
		if _, err := servers.Exchange(context.Background(), query("orders.webshop.svc.cluster.local", dns.TypeA)); err != nil {
			t.Fatal(err)
		}
		return server.last()
	}
	first := ask()
	if next := ask(); next != first {
		t.Errorf("asked from %d and then from %d", first, next)
	}

	// The port is another one after a moment.
	servers.kept.mutex.Lock()
	servers.kept.idle[0].until = time.Now()
	servers.kept.mutex.Unlock()
	second := ask()
	if second == first {
		t.Error("the port was kept")
	}

	// Whoever answered by it has gone.
	server.mutex.Lock()
	server.deaf[second] = true
	server.mutex.Unlock()
	if third := ask(); third == second {
		t.Error("a socket that leads nowhere was kept")
	}

	// Questions at one time have sockets of their own, and no more are kept than there may be.
	var asking sync.WaitGroup
	for range 4 * mostKept {
		asking.Go(func() {
			if _, err := servers.Exchange(context.Background(), query("orders.webshop.svc.cluster.local", dns.TypeA)); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	servers.kept.mutex.Lock()
	kept := len(servers.kept.idle)
	servers.kept.mutex.Unlock()
	if kept > mostKept {
		t.Errorf("%d are kept", kept)
	}
	servers.Set(nil)
	if len(servers.kept.idle) > 0 {
		t.Error("sockets to servers of before are kept")
	}
}
