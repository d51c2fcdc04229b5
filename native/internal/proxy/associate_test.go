package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// echoDatagrams sends each back, with a word in front.
func echoDatagrams(t *testing.T) string {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, datagramAtMost)
		for {
			length, from, err := socket.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			socket.WriteToUDPAddrPort(append([]byte("heard "), buffer[:length]...), from)
		}
	}()
	return socket.LocalAddr().String()
}

// associated is the control connection of a program, and where its datagrams go.
func associated(t *testing.T, server *Server) (net.Conn, *net.UDPAddr) {
	t.Helper()
	control, err := net.Dial("tcp", server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { control.Close() })
	control.SetDeadline(time.Now().Add(patience))
	control.Write([]byte{5, 1, 0})
	control.Write(appendAddress([]byte{5, commandAssociate, 0}, netip.MustParseAddrPort("0.0.0.0:0")))
	answer := make([]byte, 2+10)
	if _, err := io.ReadFull(control, answer); err != nil || answer[3] != replySucceeded {
		t.Fatalf("%v %v", answer, err)
	}
	_, port, err := readAddress(bytes.NewReader(answer[5:]))
	if err != nil {
		t.Fatal(err)
	}
	return control, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)}
}

func named(host string, port uint16) []byte {
	return append(append([]byte{0, 0, 0, addressName, byte(len(host))}, host...), byte(port>>8), byte(port))
}

func TestDatagramsGoThereAndBack(t *testing.T) {
	network := newWorld(t)
	network.names["dns.kube-system"] = netip.MustParseAddr("10.96.0.10")
	network.listens["10.96.0.10:53"], network.listens["10.244.1.7:53"] = echoDatagrams(t), echoDatagrams(t)
	network.listens["[fd01:10:244::7]:53"] = echoDatagrams(t)
	server := start(t, network, ownAccess())
	control, relay := associated(t, server)
	socket, err := net.DialUDP("udp4", nil, relay)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	socket.SetDeadline(time.Now().Add(patience))
	byAddress := appendAddress([]byte{0, 0, 0}, netip.MustParseAddrPort("10.244.1.7:53"))
	byIPv6 := appendAddress([]byte{0, 0, 0}, netip.MustParseAddrPort("[fd01:10:244::7]:53"))
	for round := range 3 {
		for _, header := range [][]byte{named("dns.kube-system", 53), byAddress, byIPv6} {
			said := fmt.Sprintf("round %d", round)
			socket.Write(append(bytes.Clone(header), said...))
			buffer := make([]byte, 1500)
			length, err := socket.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			_, _, payload, isWhole := readDatagram(buffer[:length])
			if !isWhole || string(payload) != "heard "+said {
				t.Errorf("%q comes back as %q", said, buffer[:length])
			}
		}
	}
	// A fragment, and what is none at all, is dropped; another sender is not heard.
	socket.Write([]byte{0, 0, 1, 1, 10, 244, 1, 7, 0, 53, 'x'})
	socket.Write([]byte{0, 0})
	other, err := net.DialUDP("udp4", nil, relay)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.Write(append(bytes.Clone(byAddress), "stranger"...))
	socket.Write(append(bytes.Clone(byAddress), "last"...))
	buffer := make([]byte, 1500)
	length, err := socket.Read(buffer)
	if err != nil || !bytes.HasSuffix(buffer[:length], []byte("heard last")) {
		t.Errorf("%q %v", buffer[:length], err)
	}
	control.Close()
	deadline := time.Now().Add(patience)
	for { // the port closes: what is sent then is refused
		_, err := socket.Write(byAddress)
		if err == nil {
			socket.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, err = socket.Read(buffer)
		}
		switch {
		case err != nil && !isDeadline(err):
			return
		case time.Now().After(deadline):
			t.Fatal("the association outlives its connection")
		}
	}
}

func FuzzReadDatagram(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 10, 244, 1, 7, 0, 53, 'x'})
	f.Add(named("orders", 53))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if host, _, payload, isWhole := readDatagram(raw); isWhole && len(payload)+len(host) > len(raw)+40 {
			t.Errorf("%q has %q and %q", raw, host, payload)
		}
	})
}
