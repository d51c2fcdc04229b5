package packet

import (
	"bytes"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// segmentHead is the headers of a segment with so many bytes of payload, and the checksum of its pseudo header alone.
func segmentHead(payload int) []byte {
	head := make([]byte, header.IPv4MinimumSize+header.TCPMinimumSize)
	from, to := tcpip.AddrFrom4([4]byte{10, 244, 7, 7}), tcpip.AddrFrom4([4]byte{198, 18, 5, 2})
	ip := header.IPv4(head)
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(head) + payload), TTL: 64, Protocol: TCP, SrcAddr: from, DstAddr: to,
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	segment := header.TCP(head[header.IPv4MinimumSize:])
	segment.Encode(&header.TCPFields{SrcPort: 80, DstPort: 40000, SeqNum: 7, DataOffset: header.TCPMinimumSize, Flags: header.TCPFlagAck})
	segment.SetChecksum(header.PseudoHeaderChecksum(header.TCPProtocolNumber, from, to, ip.PayloadLength()))
	return head
}

func TestASegmentInPartsIsOne(t *testing.T) {
	for _, parts := range [][][]byte{
		nil,
		{[]byte("even")},
		{[]byte("odd"), []byte("and even")},
		{bytes.Repeat([]byte("x"), 40001), bytes.Repeat([]byte("y"), 20000), []byte("z")},
	} {
		payload := bytes.Join(parts, nil)
		parsed, ok := ParseHead(segmentHead(len(payload)), len(payload))
		if !ok || parsed.Kind != Segment || parsed.SourcePort != 80 || parsed.TCPFlags != header.TCPFlagAck {
			t.Fatalf("%d bytes behind: %v %+v", len(payload), ok, parsed)
		}
		whole := parsed.Whole(parts)
		if parsed.Size() != len(whole) || !bytes.HasSuffix(whole, payload) {
			t.Errorf("%d bytes behind: %d of %d bytes", len(payload), len(whole), parsed.Size())
		}
		ip := header.IPv4(whole)
		pseudo := header.PseudoHeaderChecksum(header.TCPProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), ip.PayloadLength())
		if checksum.Checksum(ip.Payload(), pseudo) != 0xffff {
			t.Errorf("%d bytes behind: the checksum is wrong", len(payload))
		}
	}
}

func TestAHeadThatSaysAnotherLengthIsNone(t *testing.T) {
	for name, test := range map[string]struct {
		head   []byte
		behind int
	}{
		"nothing":             {nil, 0},
		"less behind it":      {segmentHead(100), 99},
		"more behind it":      {segmentHead(100), 101},
		"all of it missing":   {segmentHead(100), 0},
		"half of its headers": {segmentHead(100)[:30], 110},
		"another family":      {append([]byte{0x60}, segmentHead(100)[1:]...), 100},
	} {
		parsed, ok := ParseHead(test.head, test.behind)
		if ok && parsed.Kind == Segment {
			t.Errorf("%s: %+v", name, parsed)
		}
	}
}
