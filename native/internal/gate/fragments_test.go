package gate

import (
	"bytes"
	"encoding/binary"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

func TestFragmentsFollowTheirFirst(t *testing.T) {
	for name, family := range families {
		pieces := func(raw []byte, identification uint32) (all [][]byte) {
			packet.Fragments(raw, 1280, identification, func(piece []byte) { all = append(all, piece) })
			return all
		}
		gate := family.asked()
		answer := pieces(datagramFrom(family.service, 53, family.laptop, 5000, 40000), 1)
		for _, piece := range answer[1:] {
			if _, isIn := admits(gate, piece); isIn {
				t.Fatalf("%s: a later fragment was let in before the first", name)
			}
		}
		for number, piece := range answer {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatalf("%s: fragment %d of an answer was not let in: %v", name, number, gate.Refused())
			}
		}
		long := packet.Echo(family.laptop, family.pod, 9, 1, make([]byte, 5000))
		echo, _ := packet.Parse(pieces(long, 2)[0])
		gate.Outbound(&echo)
		for number, piece := range pieces(reply(long), 3) {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatalf("%s: fragment %d of a long echo was not let in", name, number)
			}
		}
		for attack, forged := range map[string][][]byte{
			"nobody's datagram":        pieces(datagramFrom(family.service, 53, family.laptop, 5009, 4000), 4),
			"somebody else's":          pieces(datagramFrom(family.internet, 53, family.laptop, 5000, 4000), 5),
			"a cut transport header":   pieces(datagramFrom(family.service, 53, family.laptop, 5000, 4000), 6)[1:],
			"a connection's":           pieces(append(segment(family.flow(40000, 80).Reversed(), header.TCPFlagAck), make([]byte, 4000)...), 7),
			"an error's":               pieces(about(datagramFrom(family.laptop, 5000, family.service, 53, 1200), packet.PortUnreachable, family.pod), 8),
			"past the largest":         {pastLargest(answer[1])},
			"a length that is not odd": {unaligned(answer[0])},
			"another identification":   {answerWith(answer[1], 99)},
		} {
			for number, piece := range forged {
				if parsed, _ := packet.Parse(piece); !parsed.IsFragment() {
					continue // it fits
				}
				if _, isIn := admits(gate, piece); isIn {
					t.Errorf("%s: fragment %d of %s was let in", name, number, attack)
				}
			}
		}
		for range fragmentSeconds + 1 {
			gate.Tick()
		}
		if _, isIn := admits(gate, answer[1]); isIn {
			t.Errorf("%s: a fragment was let in long after its first", name)
		}
	}
}

func resealed(raw []byte) []byte {
	if raw[0]>>4 == 4 {
		header.IPv4(raw).SetChecksum(0)
		header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	}
	return raw
}

func pastLargest(raw []byte) []byte {
	raw = bytes.Clone(raw)
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[42:], 65528|1)
	} else {
		binary.BigEndian.PutUint16(raw[6:], 0x2000|8191)
	}
	return resealed(raw)
}

func unaligned(raw []byte) []byte {
	raw = bytes.Clone(raw[:len(raw)-3])
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[4:], uint16(len(raw)-40))
	} else {
		header.IPv4(raw).SetTotalLength(uint16(len(raw)))
	}
	return resealed(raw)
}

func answerWith(raw []byte, identification uint32) []byte {
	raw = bytes.Clone(raw)
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint32(raw[44:], identification)
	} else {
		header.IPv4(raw).SetID(uint16(identification))
	}
	return resealed(raw)
}

func TestDatagramsInFragmentsAreBounded(t *testing.T) {
	family := families["IPv4"]
	gate := family.asked()
	var first, later []byte
	for identification := range uint32(3 * datagramsAtMost) {
		packet.Fragments(datagramFrom(family.service, 53, family.laptop, 5000, 2000), 1280, identification, func(piece []byte) {
			if _, isIn := admits(gate, piece); !isIn {
				t.Fatal("a fragment of an answer was not let in")
			}
			first, later = later, piece
		})
	}
	if held := len(gate.fragments.decided); held != datagramsAtMost || len(gate.fragments.order) != held {
		t.Errorf("%d datagrams are held in order of %d", held, len(gate.fragments.order))
	}
	if _, isIn := admits(gate, later); !isIn || first == nil {
		t.Error("the newest gave way")
	}
}
