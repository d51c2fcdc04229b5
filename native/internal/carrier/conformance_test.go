package carrier_test

import (
	"go/build"
	"net"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/carriertest"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/memnet"
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
