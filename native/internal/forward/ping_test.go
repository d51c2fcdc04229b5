package forward

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// ping injects an echo request with a payload of size bytes and gives the answer.
func (l *laptop) ping(t *testing.T, destination netip.Addr, ttl byte, size int) packet {
	t.Helper()
	l.inject(0, echoRequest(destination, ttl, size))
	return l.nextICMP(t, icmpEchoReply)
}

func echoRequest(destination netip.Addr, ttl byte, size int) []byte {
	raw := make([]byte, headerSize+icmpSize+size)
	icmp := raw[headerSize:]
	icmp[0] = icmpEcho
	binary.BigEndian.PutUint16(icmp[4:], 0xbeef)
	binary.BigEndian.PutUint16(icmp[6:], 7)
	for index := range icmp[icmpSize:] {
		icmp[icmpSize+index] = byte(index)
	}
	sealICMP(icmp)
	sealHeader(raw, protocolICMP, ttl, laptopAddress, destination, 0)
	return raw
}

func TestPingComesBackAsItWasSent(t *testing.T) {
	if !CanPing() {
		t.Fatal("no ping socket although the namespace allows it")
	}
	laptop := join(t, nil)
	for _, destination := range []netip.Addr{podAddress, agentAddress} {
		for _, size := range []int{0, 56, 15000} {
			answer := laptop.ping(t, destination, 64, size)
			expected := echoRequest(destination, 64, size)[headerSize:]
			expected[0] = icmpEchoReply
			sealICMP(expected)
			if answer.source != destination || answer.destination != laptopAddress || !bytes.Equal(answer.payload, expected) {
				t.Errorf("ping of %s with %d bytes: from %s to %s, %x", destination, size, answer.source, answer.destination, answer.payload[:icmpSize])
			}
		}
	}
	if got := laptop.forwarder.Stats().Echoes; got != 0 {
		t.Errorf("%d pings still wait", got)
	}
}

// A ping larger than the tunnel's MTU arrives in fragments and its answer leaves in fragments.
func TestPingInFragments(t *testing.T) {
	laptop := join(t, func(config *Config) { config.MTU = 1420 })
	whole := echoRequest(podAddress, 64, 5000)
	fragmentPacket(whole, 1420, 99, func(piece []byte) { laptop.inject(0, piece) })
	received := map[uint16][]byte{}
	total := 0
	for total < len(whole)-headerSize {
		raw := <-laptop.icmp
		parsed, _ := parsePacket(raw)
		offset := binary.BigEndian.Uint16(raw[6:]) & fragmentOffsetMask * fragmentGranularity
		received[offset] = parsed.payload
		total += len(parsed.payload)
		if len(raw) > 1420 {
			t.Fatalf("a fragment of %d bytes", len(raw))
		}
	}
	var answer []byte
	for len(answer) < total {
		next := received[uint16(len(answer))]
		if next == nil {
			t.Fatalf("no fragment at %d", len(answer))
		}
		answer = append(answer, next...)
	}
	expected := bytes.Clone(whole[headerSize:])
	expected[0] = icmpEchoReply
	sealICMP(expected)
	if !bytes.Equal(answer, expected) {
		t.Error("the answer differs from the request")
	}
}

func TestPingOfFreeAndGoneAddressesIsSilent(t *testing.T) {
	laptop := join(t, nil)
	for _, destination := range []netip.Addr{freeAddress, goneAddress} {
		laptop.inject(0, echoRequest(destination, 64, 56))
	}
	laptop.ping(t, podAddress, 64, 56)
	select {
	case raw := <-laptop.icmp:
		t.Fatalf("something answered: %x", raw)
	case <-time.After(200 * time.Millisecond):
	}
	laptop.forwarder.pings.expire(time.Now().Add(echoWait + time.Second))
	if got := laptop.forwarder.Stats().Echoes; got != 0 {
		t.Errorf("%d pings still wait", got)
	}
}

func TestPingProhibitedByARouteIsTold(t *testing.T) {
	laptop := join(t, nil)
	laptop.inject(0, echoRequest(prohibitedAddress, 64, 56))
	if answer := laptop.nextICMP(t, icmpUnreachable); answer.payload[1] != codeProhibited {
		t.Errorf("code %d", answer.payload[1])
	}
}

func TestPingWithLastHopShowsTheAgent(t *testing.T) {
	laptop := join(t, nil)
	laptop.inject(0, echoRequest(podAddress, 1, 56))
	if answer := laptop.nextICMP(t, icmpTimeExceeded); answer.source != agentAddress {
		t.Errorf("time exceeded from %s", answer.source)
	}
}

func TestEveryLaneAnswersHeartbeatsOnItself(t *testing.T) {
	answered := make(chan int, 64)
	laptop := join(t, func(config *Config) {
		send := config.Send
		config.Send = func(lane int, raw []byte) { answered <- lane; send(lane, raw) }
	})
	for lane := range 5 {
		laptop.inject(lane, echoRequest(agentAddress, 64, 8))
		if got := <-answered; got != lane {
			t.Errorf("a heartbeat on lane %d was answered on lane %d", lane, got)
		}
	}
}
