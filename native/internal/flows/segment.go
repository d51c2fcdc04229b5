package flows

import (
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// segment is what the table reads of a TCP packet.
type segment struct {
	flags                     header.TCPFlags
	sequence, acknowledgement uint32
	payload                   uint32 // bytes
}

func segmentOf(parsed *packet.Packet) segment {
	if parsed.Kind != packet.Segment {
		return segment{}
	}
	tcp := parsed.TCP()
	return segment{
		flags: parsed.TCPFlags, sequence: tcp.SequenceNumber(), acknowledgement: tcp.AckNumber(),
		payload: uint32(len(tcp) + parsed.Behind - int(tcp.DataOffset())),
	}
}

func (segment *segment) has(flags header.TCPFlags) bool { return segment.flags&flags != 0 }

// end is the sequence number behind the segment; SYN and FIN take one each (RFC 9293 section 3.4).
func (segment *segment) end() uint32 {
	end := segment.sequence + segment.payload
	if segment.has(header.TCPFlagSyn) {
		end++
	}
	if segment.has(header.TCPFlagFin) {
		end++
	}
	return end
}
