package agent

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/questions"
	"slipway/native/internal/wire"
)

// answering is a cluster in which every nameserver is one that says back what it is asked.
type answering struct {
	clusterDialer
	server *net.UDPConn
}

func (a answering) DialUDP(netip.AddrPort) (*net.UDPConn, error) {
	return net.DialUDP("udp4", nil, a.server.LocalAddr().(*net.UDPAddr))
}

func answeringCluster(t *testing.T) answering {
	t.Helper()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			length, from, err := server.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = server.WriteToUDPAddrPort(buffer[:length], from)
		}
	}()
	return answering{echoServer(t), server}
}

// questions is a client at one of the session's addresses.
func (e *engine) questions(source string) *questions.Client {
	return &questions.Client{Open: func(events bytestream.Events) (*bytestream.Flow, error) {
		return e.flows.Open(bytestream.Opening{
			Source:      netip.AddrPortFrom(netip.MustParseAddr(source), 4000),
			Destination: netip.AddrPortFrom(wire.AgentAddress, questions.Port),
		}, events)
	}}
}

func TestTheAgentAsksForTheEngineWhatItsPolicyAllows(t *testing.T) {
	engine := newEngine(t, serve(t, Config{Dialer: answeringCluster(t)}))
	engine.carry()
	own := engine.registered.Addresses[0]
	ours := engine.questions(own.Engine)
	for server, refused := range map[string]bool{
		"10.96.0.10:53": false, "[fd00:96::a]:5353": false,
		"169.254.169.254:53": true, "127.0.0.1:53": true, "198.18.0.1:53": true, "[fe80::1]:53": true, "10.0.0.1:10250": true,
	} {
		connection, err := ours.Dial(t.Context(), netip.MustParseAddrPort(server))
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = connection.Write([]byte("question"))
		buffer := make([]byte, 100)
		length, err := connection.Read(buffer)
		if refused != errors.Is(err, syscall.ECONNREFUSED) || !refused && string(buffer[:length]) != "question" {
			t.Errorf("%s: %q, %v", server, buffer[:length], err)
		}
		connection.Close()
	}

	// The laptop's programs have no other way to nameservers than everybody.
	if _, err := engine.questions(own.Laptop).Dial(t.Context(), netip.MustParseAddrPort("10.96.0.10:53")); !errors.Is(err, questions.ErrNotServed) {
		t.Errorf("from the laptop's address: %v", err)
	}
}
