package mapping

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"slipway/native/internal/packet"
)

// model says a packet in full, so that it can be built from scratch by whatever addresses: nothing of it is taken over from
// code that is tested.
type model struct {
	source, destination netip.Addr
	protocol            byte
	segment             []byte // the transport header, its checksum zero, and what follows
	checksumAt          int    // in segment; -1: it has none
	unsummed            bool   // UDP without a checksum
	options             []byte // of IPv4
	extension           []byte // of IPv6, without its first byte: a header of type 60
	quoted              *model // of an error: what follows the segment
	quotedBytes         int    // how much is quoted; 0: all

	identification uint32 // of a fragment
	offset, length int    // of the part of the segment that it has, bytes; length 0: the whole
	more           bool
}

func (model *model) is6() bool { return model.source.Is6() }

// sum is RFC 1071 word by word.
func sum(parts ...[]byte) uint16 {
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

// transport is the whole segment with its checksum.
func (model *model) transport() []byte {
	segment := slices.Clone(model.segment)
	if model.quoted != nil {
		quoted := model.quoted.build()
		if model.quotedBytes > 0 {
			quoted = quoted[:model.quotedBytes]
		}
		segment = append(segment, quoted...)
	}
	if model.checksumAt < 0 || model.unsummed {
		return segment
	}
	var pseudo []byte
	if model.protocol != packet.ICMP {
		pseudo = slices.Concat(model.source.AsSlice(), model.destination.AsSlice(),
			binary.BigEndian.AppendUint32(nil, uint32(len(segment))), []byte{0, 0, 0, model.protocol})
	}
	value := ^sum(pseudo, segment)
	if value == 0 && model.protocol == packet.UDP {
		value = 0xffff
	}
	binary.BigEndian.PutUint16(segment[model.checksumAt:], value)
	return segment
}

func (model *model) build() []byte {
	body := model.transport()
	isFragment := model.length > 0
	if isFragment {
		body = body[model.offset : model.offset+model.length]
	}
	word := uint16(model.offset)
	if model.is6() {
		next := model.protocol
		if isFragment {
			if model.more {
				word |= 1
			}
			part := []byte{next, 0}
			part = binary.BigEndian.AppendUint16(part, word)
			body, next = append(binary.BigEndian.AppendUint32(part, model.identification), body...), 44
		}
		if model.extension != nil {
			body, next = slices.Concat([]byte{next}, model.extension, body), 60
		}
		raw := []byte{0x60, 0, 0, 0}
		raw = binary.BigEndian.AppendUint16(raw, uint16(len(body)))
		raw = append(raw, next, 64)
		return slices.Concat(raw, model.source.AsSlice(), model.destination.AsSlice(), body)
	}
	start := 20 + len(model.options)
	raw := []byte{0x40 | byte(start/4), 0}
	raw = binary.BigEndian.AppendUint16(raw, uint16(start+len(body)))
	raw = binary.BigEndian.AppendUint16(raw, uint16(model.identification))
	word /= 8
	if model.more {
		word |= 0x2000
	}
	raw = binary.BigEndian.AppendUint16(raw, word)
	raw = append(raw, 64, model.protocol, 0, 0)
	raw = slices.Concat(raw, model.source.AsSlice(), model.destination.AsSlice(), model.options)
	binary.BigEndian.PutUint16(raw[10:], ^sum(raw))
	return append(raw, body...)
}

// with is the same packet between other addresses; what it quotes runs the other way.
func (model model) with(source, destination netip.Addr) *model {
	model.source, model.destination = source, destination
	return &model
}

func (model model) quoting(source, destination netip.Addr) *model {
	model.quoted = model.quoted.with(source, destination)
	return &model
}

func datagram(data string) *model {
	segment := []byte{0x13, 0x88, 0, 53}
	segment = binary.BigEndian.AppendUint16(segment, uint16(8+len(data)))
	segment = append(append(segment, 0, 0), data...)
	return &model{protocol: packet.UDP, segment: segment, checksumAt: 6}
}

func segment(data string) *model {
	bytes := []byte{0x13, 0x89, 0, 80, 0, 0, 1, 2, 0, 0, 3, 4, 0x60, 0x18, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4}
	return &model{protocol: packet.TCP, segment: append(bytes, data...), checksumAt: 16}
}

// message is one of ICMP or ICMPv6, by what its type is in each.
func message(is6 bool, kind4, kind6, code byte, data string) *model {
	made := &model{protocol: packet.ICMP, checksumAt: 2, segment: append([]byte{kind4, code, 0, 0, 0, 7, 0, 9}, data...)}
	if is6 {
		made.protocol, made.segment[0] = packet.ICMPv6, kind6
	}
	return made
}

// part cuts a piece of a datagram out.
func (model model) part(offset, length int, more bool) *model {
	model.offset, model.length, model.more, model.identification = offset, length, more, 0xbeef
	return &model
}
