package carrier_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"go/build"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/carriertest"
	"slipway/native/internal/carrier/direct"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/memnet"
	"slipway/native/internal/wire"
)

// Every carrier is here, and passes the same tests. Package apiserver runs them through a port-forward too.
func TestPackets(t *testing.T) {
	for name, pair := range map[string]func(*testing.T) (left, right carrier.Packets){
		"memory": func(*testing.T) (carrier.Packets, carrier.Packets) {
			return carriertest.Pair()
		},
		"stream": func(*testing.T) (carrier.Packets, carrier.Packets) {
			left, right := memnet.Pipe(memnet.Options{Delay: time.Millisecond})
			return stream.New("left", left), stream.New("right", right)
		},
		"direct": directPair,
		"stream over TCP": func(t *testing.T) (carrier.Packets, carrier.Packets) {
			left, right := loopback(t)
			return stream.New("left", left), stream.New("right", right)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			carriertest.TestPackets(t, pair)
		})
	}
}

// Tunnel, engine and agent take whatever carrier they are given; the programs choose.
func TestNobodyButTheProgramsKnowsACarrier(t *testing.T) {
	for _, user := range []string{"tunnel", "engine", "agent", "forward", "wire"} {
		found, err := build.ImportDir("../"+user, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range found.Imports {
			if strings.HasPrefix(imported, "slipway/native/internal/carrier/") {
				t.Errorf("%s imports %s", user, imported)
			}
		}
	}
}

// directPair is a lane that an agent's door let in.
func directPair(t *testing.T) (left, right carrier.Packets) {
	t.Helper()
	engine, agent := keysOfBoth(t)
	entered := make(chan net.Conn, 1)
	door := direct.NewDoor(direct.DoorConfig{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})(
		func(conn net.Conn, _ wire.AgentOpening) { entered <- conn })
	listening, err := door.Admit(agent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { door.Dismiss(agent.Session) })
	dialler := direct.New(engine)
	target := carrier.DirectTarget{Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(listening.Port))}
	near, err := dialler.Dial(t.Context(), target, wire.AgentOpening{Kind: "lane"})
	if err != nil {
		t.Fatal(err)
	}
	return dialler.Packets(near), door.Packets(<-entered)
}

// keysOfBoth are those of the two ends of a session.
func keysOfBoth(t *testing.T) (engine, agent carrier.SessionKeys) {
	t.Helper()
	for _, keys := range []*carrier.SessionKeys{&engine, &agent} {
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys.Session, keys.Preshared = "session", [32]byte{1}
		keys.Private, keys.Public = [32]byte(private.Bytes()), [32]byte(private.PublicKey().Bytes())
	}
	engine.Peer, agent.Peer = agent.Public, engine.Public
	return engine, agent
}

func loopback(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}
