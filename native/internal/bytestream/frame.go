package bytestream

import (
	"encoding/binary"
	"net/netip"
)

// frameKinds is a set of kinds of frames of flows, by bits.
type frameKinds byte

const (
	kindOpen byte = iota + 1
	kindAnswer
	kindData
	kindFinish
	kindWindow
	kindReset
	kindTimes
	kindReport
	kindPing
	kindPong
)

const (
	frameOpen   frameKinds = 1 << kindOpen
	frameAnswer frameKinds = 1 << kindAnswer
	frameData   frameKinds = 1 << kindData
	frameFinish frameKinds = 1 << kindFinish
	frameWindow frameKinds = 1 << kindWindow
	frameReset  frameKinds = 1 << kindReset
	frameTimes  frameKinds = 1 << kindTimes
)

const (
	// largestNumber keeps sums of two numbers inside 64 bits.
	largestNumber = 1<<56 - 1

	// dataHeader is the most bytes in front of data, and controlFrames the most that the control frames of one flow take.
	dataHeader    = 1 + 8 + 8 + 3
	controlFrames = 128
)

// frame is one that was read. bytes are those of data, in the record's memory.
type frame struct {
	kind    byte
	flow    uint64
	number  uint64 // offset, bytes, number or microseconds
	waited  uint64 // microseconds
	outcome byte   // verdict or cause
	opening Opening
	bytes   []byte
}

func appendNumbers(into []byte, kind byte, numbers ...uint64) []byte {
	into = append(into, kind)
	for _, number := range numbers {
		into = binary.AppendUvarint(into, number)
	}
	return into
}

func appendOpening(into []byte, flow uint64, opening Opening) []byte {
	into = appendNumbers(into, kindOpen, flow)
	for _, end := range [...]netip.AddrPort{opening.Source, opening.Destination} {
		address := end.Addr().AsSlice()
		into = append(into, byte(len(address)))
		into = append(into, address...)
		into = binary.BigEndian.AppendUint16(into, end.Port())
	}
	return into
}

// reader takes frames from a record.
type reader struct{ rest []byte }

// next reads one frame. It believes nothing.
func (r *reader) next(into *frame) error {
	*into = frame{kind: r.rest[0]}
	r.rest = r.rest[1:]
	if into.kind >= kindOpen && into.kind <= kindTimes && !r.number(&into.flow) {
		return ErrFrame
	}
	ok := true
	switch into.kind {
	case kindOpen:
		ok = r.address(&into.opening.Source) && r.address(&into.opening.Destination) &&
			into.opening.Source.Addr().Is4() == into.opening.Destination.Addr().Is4()
	case kindAnswer:
		ok = r.outcome(&into.outcome, byte(verdictEnd))
	case kindReset:
		ok = r.outcome(&into.outcome, byte(causeEnd))
	case kindTimes:
		ok = r.number(&into.number) && r.number(&into.waited)
	case kindData:
		var length uint64
		ok = r.number(&into.number) && r.number(&length) && length > 0 && length <= uint64(len(r.rest))
		if ok {
			into.bytes, r.rest = r.rest[:length], r.rest[length:]
		}
	case kindFinish, kindWindow, kindReport, kindPing, kindPong:
		ok = r.number(&into.number)
	default:
		return ErrFrame
	}
	if !ok {
		return ErrFrame
	}
	return nil
}

func (r *reader) number(into *uint64) bool {
	number, size := binary.Uvarint(r.rest)
	if size <= 0 || number > largestNumber {
		return false
	}
	*into, r.rest = number, r.rest[size:]
	return true
}

func (r *reader) outcome(into *byte, end byte) bool {
	if len(r.rest) == 0 || r.rest[0] == 0 || r.rest[0] >= end {
		return false
	}
	*into, r.rest = r.rest[0], r.rest[1:]
	return true
}

func (r *reader) address(into *netip.AddrPort) bool {
	if len(r.rest) == 0 {
		return false
	}
	size := int(r.rest[0])
	if size != 4 && size != 16 || len(r.rest) < 1+size+2 {
		return false
	}
	address, ok := netip.AddrFromSlice(r.rest[1 : 1+size])
	*into = netip.AddrPortFrom(address, binary.BigEndian.Uint16(r.rest[1+size:]))
	r.rest = r.rest[1+size+2:]
	return ok && !address.Is4In6()
}
