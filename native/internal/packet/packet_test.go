package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

type ends struct{ near, far netip.Addr }

var families = map[string]ends{
	"IPv4": {netip.MustParseAddr("198.18.0.2"), netip.MustParseAddr("10.244.0.5")},
	"IPv6": {netip.MustParseAddr("fd18::2"), netip.MustParseAddr("fd00:244::5")},
}

// plainSum is RFC 1071 word by word: the tests do not trust the library.
func plainSum(parts ...[]byte) uint16 {
	var total uint32
	for _, part := range parts {
		for index, value := range part {
			total += uint32(value) << (8 * (1 - index%2))
		}
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

// expectSound checks every checksum of a whole packet.
func expectSound(t *testing.T, raw []byte) Packet {
	t.Helper()
	parsed, ok := Parse(raw)
	if !ok {
		t.Fatalf("not a packet: %x", raw)
	}
	pseudo := append(parsed.Source.AsSlice(), parsed.Destination.AsSlice()...)
	pseudo = append(binary.BigEndian.AppendUint32(pseudo, uint32(len(parsed.Payload))), 0, 0, 0, parsed.Protocol)
	if parsed.Protocol == ICMP {
		pseudo = nil
	}
	if !parsed.IsFragment() && plainSum(pseudo, parsed.Payload) != 0xffff {
		t.Fatalf("the transport checksum is wrong: %x", raw)
	}
	if !parsed.HasSoundHeader() || !parsed.Is6() && plainSum(raw[:20]) != 0xffff {
		t.Fatalf("the header's checksum is wrong: %x", raw)
	}
	return parsed
}

func TestWhatIsBuiltIsRead(t *testing.T) {
	for name, ends := range families {
		flow := Flow{Source: ends.far, Destination: ends.near, SourcePort: 80, DestinationPort: 40000, Protocol: TCP}
		reset := expectSound(t, Reset(flow, 77))
		if reset.Kind != Segment || reset.Flow != flow || reset.TCPFlags != header.TCPFlagRst || reset.TCP().SequenceNumber() != 77 {
			t.Errorf("%s: reset %+v", name, reset)
		}
		datagram := expectSound(t, DatagramOf(netip.AddrPortFrom(ends.near, 5000), netip.AddrPortFrom(ends.far, 53), []byte("odd")))
		if datagram.Kind != Datagram || datagram.SourcePort != 5000 || datagram.DestinationPort != 53 || !datagram.HasPorts() {
			t.Errorf("%s: datagram %+v", name, datagram)
		}
		echo := expectSound(t, Echo(ends.near, ends.far, 7, 9, []byte("pings")))
		answer := expectSound(t, Answer(echo.Payload, ends.far, ends.near, 3))
		if echo.Kind != EchoRequest || answer.Kind != EchoReply || answer.Flow != echo.Reversed() || answer.HopLimit != 3 || echo.HasPorts() {
			t.Errorf("%s: echo %+v, answer %+v", name, echo, answer)
		}
		if echo.FlowHash() != answer.FlowHash() || datagram.FlowHash() == echo.FlowHash() || reset.FlowHash() == datagram.FlowHash() {
			t.Errorf("%s: the hashes do not tell flows, or not both ways of one", name)
		}
		for failure, codes := range map[Failure][4]byte{
			PortUnreachable: {3, 3, 1, 4}, Prohibited: {3, 13, 1, 1}, HopLimitExceeded: {11, 0, 3, 0}, FailureOf(3, 4): {3, 4, 3, 4},
		} {
			message := expectSound(t, Error(failure, ends.far, &datagram))
			quoted, ok := message.Quoted()
			if message.Kind != ErrorMessage || !ok || quoted.Flow != datagram.Flow || quoted.Kind != Datagram || message.Destination != ends.near {
				t.Errorf("%s: error %+v quotes %+v", name, message, quoted)
			}
			at := 0
			if message.Is6() {
				at = 2
			}
			if !bytes.Equal(message.Payload[:2], codes[at:at+2]) {
				t.Errorf("%s: type and code %v, want %v", name, message.Payload[:2], codes)
			}
			if Error(failure, ends.far, &message) != nil || Error(failure, ends.far, &answer) != nil {
				t.Errorf("%s: an error about an error or an answer", name)
			}
		}
	}
}

func TestErrorsStayWithinWhatEveryLinkCarries(t *testing.T) {
	for name, limit := range map[string]int{"IPv4": 576, "IPv6": 1280} {
		ends := families[name]
		large := expectSound(t, DatagramOf(netip.AddrPortFrom(ends.near, 1), netip.AddrPortFrom(ends.far, 2), make([]byte, 3000)))
		message := expectSound(t, Error(Prohibited, ends.far, &large))
		if len(message.Raw) != limit {
			t.Errorf("%s: %d bytes, want %d", name, len(message.Raw), limit)
		}
		if quoted, ok := message.Quoted(); !ok || quoted.Flow != large.Flow {
			t.Errorf("%s: quotes %+v", name, quoted)
		}
		for what, about := range map[string]Packet{
			"a later fragment": {Flow: large.Flow, Raw: large.Raw, Fragment: Fragment{Offset: 8}},
			"a group's packet": {Flow: Flow{Source: netip.MustParseAddr("224.0.0.1")}, Raw: large.Raw},
			"the other family": {Flow: Flow{Source: netip.MustParseAddr("2001:db8::1")}, Raw: families["IPv6"].near.AsSlice()},
		} {
			if what == "the other family" && name == "IPv6" {
				continue
			}
			if Error(Prohibited, ends.far, &about) != nil {
				t.Errorf("%s: an error about %s", name, what)
			}
		}
	}
}

func TestFragmentsAreReadAndPutTogether(t *testing.T) {
	for name, ends := range families {
		whole := expectSound(t, DatagramOf(netip.AddrPortFrom(ends.near, 5000), netip.AddrPortFrom(ends.far, 53), bytes.Repeat([]byte("slipway"), 1000)))
		var together []byte
		var last Packet
		Fragments(whole.Raw, 1280, 0xabcd, func(piece []byte) {
			last = expectSound(t, piece)
			if len(piece) > 1280 || !last.IsFragment() || last.Identification != 0xabcd || int(last.Offset) != len(together) || last.HasPorts() {
				t.Fatalf("%s: fragment %+v", name, last.Fragment)
			}
			if isFirst := last.Offset == 0; isFirst != (last.Kind == Datagram) || isFirst && last.SourcePort != 5000 {
				t.Errorf("%s: at %d kind %d", name, last.Offset, last.Kind)
			}
			if last.FlowHash() != (&Packet{Flow: Flow{Source: ends.near, Destination: ends.far, Protocol: UDP}}).FlowHash() {
				t.Errorf("%s: a fragment goes another way", name)
			}
			together = append(together, last.Payload...)
		})
		if last.More || !bytes.Equal(together, whole.Payload) {
			t.Errorf("%s: %d bytes of %d", name, len(together), len(whole.Payload))
		}
		together = nil
		Fragments(whole.Raw, 4000, 77, func(large []byte) { // and those again
			Fragments(large, 1280, 78, func(piece []byte) {
				last = expectSound(t, piece)
				if len(piece) > 1280 || last.Identification != 77 || int(last.Offset) != len(together) {
					t.Fatalf("%s: fragment of a fragment %+v", name, last.Fragment)
				}
				together = append(together, last.Payload...)
			})
		})
		if last.More || !bytes.Equal(together, whole.Payload) {
			t.Errorf("%s: cut twice, %d bytes of %d", name, len(together), len(whole.Payload))
		}
		Fragments(whole.Raw, 16000, 1, func(piece []byte) {
			if !bytes.Equal(piece, whole.Raw) {
				t.Errorf("%s: what fits was changed", name)
			}
		})
	}
}

func TestRewritingMendsChecksums(t *testing.T) {
	for name, ends := range families {
		other := ends.far.Next()
		request := Echo(ends.near, ends.far, 7, 9, []byte("pings"))
		echo := expectSound(t, request)
		echo.SetDestination(other)
		echo.SetIdentifier(1000)
		if again := expectSound(t, echo.Raw); again.Flow != echo.Flow || again.Destination != other || again.SourcePort != 1000 {
			t.Errorf("%s: %+v", name, again.Flow)
		}
		message := expectSound(t, Error(HopLimitExceeded, ends.far, &echo))
		quoted, _ := message.Quoted()
		message.Requote(&quoted, func(quoted *Packet) {
			quoted.SetDestination(ends.far)
			quoted.SetIdentifier(7)
		})
		message.SetSource(other)
		again := expectSound(t, message.Raw)
		if start, ok := again.Quoted(); !ok || again.Source != other || start.Destination != ends.far || start.SourcePort != 7 {
			t.Errorf("%s: %+v", name, start.Flow)
		}
		broken := DatagramOf(netip.AddrPortFrom(ends.near, 1), netip.AddrPortFrom(ends.far, 2), []byte("x"))
		broken[len(broken)-1]++
		datagram, _ := Parse(broken)
		datagram.SetSource(other)
		pseudo := append(append(other.AsSlice(), ends.far.AsSlice()...), 0, 0, 0, UDP, 0, 0, 0, 9)
		if plainSum(pseudo, datagram.Payload) == 0xffff {
			t.Errorf("%s: a wrong checksum was made right", name)
		}
	}
}

func TestWhatIsNoPacketIsNotRead(t *testing.T) {
	whole := DatagramOf(netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2"), []byte("data"))
	whole6 := DatagramOf(netip.MustParseAddrPort("[fd00::1]:1"), netip.MustParseAddrPort("[fd00::2]:2"), []byte("data"))
	for name, raw := range map[string][]byte{
		"nothing": nil, "another version": {0x50}, "a cut header": whole[:19], "a cut header of IPv6": whole6[:39],
		"less than it says": whole[:len(whole)-1], "less than it says of IPv6": whole6[:len(whole6)-1],
		"a short header length": append([]byte{0x44}, whole[1:]...), "a header longer than all": append([]byte{0x4f}, whole[1:]...),
	} {
		if _, ok := Parse(raw); ok {
			t.Errorf("%s is a packet", name)
		}
	}
	for length := range len(whole) {
		if start, ok := ParseStart(whole[:length]); ok != (length >= 20) || ok && (start.Kind == Datagram) != (length >= 28) {
			t.Errorf("the first %d bytes: %+v", length, start)
		}
	}
	padded, ok := Parse(append(bytes.Clone(whole), 0, 0, 0))
	if !ok || len(padded.Raw) != len(whole) {
		t.Error("padding belongs to the packet")
	}
	segment := Reset(Flow{Source: netip.MustParseAddr("10.0.0.1"), Destination: netip.MustParseAddr("10.0.0.2")}, 1)
	for _, offset := range []byte{0x40, 0xf0} { // shorter than a header, longer than the packet
		segment[32] = offset
		if parsed, ok := Parse(segment); !ok || parsed.Kind != Opaque {
			t.Errorf("a TCP header of %#x words was read", offset)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, ends := range families {
		f.Add(Echo(ends.near, ends.far, 7, 9, []byte("pings")), 600)
		datagram, _ := Parse(DatagramOf(netip.AddrPortFrom(ends.near, 5000), netip.AddrPortFrom(ends.far, 53), make([]byte, 2000)))
		f.Add(datagram.Raw, 1280)
		f.Add(Error(Prohibited, ends.far, &datagram), 576)
	}
	f.Fuzz(func(t *testing.T, raw []byte, mtu int) {
		if start, ok := ParseStart(raw); ok && len(start.Raw) > len(raw) {
			t.Fatal("more than there is")
		}
		parsed, ok := Parse(raw)
		if !ok {
			return
		}
		parsed.HasSoundHeader()
		if parsed.Flow.Reversed().Reversed() != parsed.Flow {
			t.Fatal("a flow has more than two directions")
		}
		if there, back := parsed.Flow, parsed.Flow.Reversed(); there.Hash() != back.Hash() {
			t.Fatal("the hash of the other direction differs")
		}
		if quoted, ok := parsed.Quoted(); ok && len(quoted.Raw) > len(parsed.Payload)-MessageHeader {
			t.Fatal("quotes more than there is")
		}
		if message := Error(Prohibited, parsed.Destination, &parsed); message != nil {
			if _, ok := Parse(message); !ok {
				t.Fatalf("an error that is no packet: %x", message)
			}
		}
		if mtu = 576 + (mtu&0xffff)%1000; !parsed.HasOptions && !parsed.IsFragment() {
			Fragments(parsed.Raw, mtu, 1, func(piece []byte) {
				if _, ok := Parse(piece); !ok || len(piece) > mtu {
					t.Fatalf("a fragment of %d bytes: %x", len(piece), piece)
				}
			})
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := Reset(Flow{Source: families["IPv4"].near, Destination: families["IPv4"].far, SourcePort: 1, DestinationPort: 2}, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Parse(raw); !ok {
			b.Fatal("not read")
		}
	}
}
