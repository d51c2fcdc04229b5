package forward

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// ping injects an echo request with a payload of size bytes and gives the answer.
func (l *laptop) ping(t *testing.T, destination netip.Addr, ttl byte, size int) packet.Packet {
	t.Helper()
	l.inject(0, echoRequest(destination, ttl, size))
	return l.nextICMP(t, header.ICMPv4EchoReply)
}

func echoRequest(destination netip.Addr, ttl byte, size int) []byte {
	data := make([]byte, size)
	for index := range data {
		data[index] = byte(index)
	}
	raw := packet.Echo(laptopAddress, destination, 0xbeef, 7, data)
	header.IPv4(raw).SetTTL(ttl)
	header.IPv4(raw).SetChecksum(0)
	header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	return raw
}

// answerTo is the message that answers an echo request.
func answerTo(raw []byte) []byte {
	request, _ := packet.Parse(raw)
	answer, _ := packet.Parse(packet.Answer(request.Payload, request.Destination, request.Source, 64))
	return answer.Payload
}

func TestPingComesBackAsItWasSent(t *testing.T) {
	if !CanPing() {
		t.Fatal("no ping socket although the namespace allows it")
	}
	laptop := join(t, nil)
	for _, destination := range []netip.Addr{podAddress, agentAddress} {
		for _, size := range []int{0, 56, 15000} {
			answer := laptop.ping(t, destination, 64, size)
			expected := answerTo(echoRequest(destination, 64, size))
			if answer.Source != destination || answer.Destination != laptopAddress || !bytes.Equal(answer.Payload, expected) {
				t.Errorf("ping of %s with %d bytes: from %s to %s, %x", destination, size, answer.Source, answer.Destination, answer.Payload[:packet.MessageHeader])
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
	packet.Fragments(whole, 1420, 99, func(piece []byte) { laptop.inject(0, piece) })
	received := map[uint16][]byte{}
	total := 0
	for total < len(whole)-header.IPv4MinimumSize {
		raw := <-laptop.icmp
		parsed, _ := packet.Parse(raw)
		received[parsed.Offset] = parsed.Payload
		total += len(parsed.Payload)
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
	if !bytes.Equal(answer, answerTo(whole)) {
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
	if answer := laptop.nextICMP(t, header.ICMPv4DstUnreachable); header.ICMPv4(answer.Payload).Code() != header.ICMPv4AdminProhibited {
		t.Errorf("code %d", header.ICMPv4(answer.Payload).Code())
	}
}

func TestPingWithLastHopShowsTheAgent(t *testing.T) {
	laptop := join(t, nil)
	laptop.inject(0, echoRequest(podAddress, 1, 56))
	if answer := laptop.nextICMP(t, header.ICMPv4TimeExceeded); answer.Source != agentAddress {
		t.Errorf("time exceeded from %s", answer.Source)
	}
}

func TestEveryLaneAnswersHeartbeatsOnItself(t *testing.T) {
	answered := make(chan int, 64)
	laptop := join(t, func(config *Config) {
		send := config.Send
		config.Send = func(lane int, parsed packet.Packet) { answered <- lane; send(lane, parsed) }
	})
	for lane := range 5 {
		laptop.inject(lane, echoRequest(agentAddress, 64, 8))
		if got := <-answered; got != lane {
			t.Errorf("a heartbeat on lane %d was answered on lane %d", lane, got)
		}
	}
}
