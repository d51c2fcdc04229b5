package tunnel

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

func acknowledge(port uint16, number uint32, options ...byte) []byte {
	raw := tcpPacket(laptopPort(port), podPort(80), 7, header.TCPFlagAck, len(options))
	binary.BigEndian.PutUint32(raw[28:], number)
	raw[32] = byte((20 + len(options)) / 4 << 4)
	copy(raw[40:], options)
	return raw
}

func TestAcknowledgementsGather(t *testing.T) {
	q := newTestQueue(&budget{}, 1<<20)
	for n := range uint32(3) {
		q.put(parse(acknowledge(1, 1000*n)), true)
	}
	if got := drain(q); len(got) != 1 || !bytes.Equal(got[0], acknowledge(1, 2000)) {
		t.Fatalf("of three, %d left, not the last alone", len(got))
	}
	q.put(parse(acknowledge(1, 3000)), true)
	if q.acknowledgement.wait(q.acknowledgement.leftAt) != acknowledgementGap {
		t.Error("one that follows at once does not wait for more")
	}
	if q.acknowledgement.wait(q.acknowledgement.leftAt.Add(acknowledgementGap)) > 0 {
		t.Error("it waits for longer than the gap")
	}
	buffers, sizes := [][]byte{make([]byte, 100)}, []int{0}
	if count, err := q.take(buffers, sizes, 0); count != 1 || err != nil || !bytes.Equal(buffers[0][:sizes[0]], acknowledge(1, 3000)) {
		t.Error("nothing wakes the reader after the gap")
	}
}

func TestAcknowledgementsLeaveWithData(t *testing.T) {
	q := newTestQueue(&budget{bytes: 1 << 20}, 1<<20)
	q.acknowledgement.leftAt = time.Now().Add(time.Hour)
	q.put(parse(acknowledge(1, 1000)), true)
	if got := drain(q); len(got) != 0 {
		t.Fatal("it did not wait")
	}
	q.put(parse(data(2, 1, 1500)), true)
	if got := drain(q); len(got) != 2 || !bytes.Equal(got[0], acknowledge(1, 1000)) {
		t.Errorf("%d packets left, not the acknowledgement and then the data", len(got))
	}
}

func TestWhatAnAcknowledgementMayReplace(t *testing.T) {
	stamp := []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1}
	gap := []byte{1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2}
	broken := []byte{8, 1, 0, 0}
	ofSix := func(number uint32) []byte {
		raw := packet.Reset(packet.Flow{
			Source: netip.MustParseAddr("fd18::2"), Destination: netip.MustParseAddr("fd00:244::5"), SourcePort: 1, DestinationPort: 80,
		}, 7)
		header.TCP(raw[40:]).SetFlags(uint8(header.TCPFlagAck))
		header.TCP(raw[40:]).SetAckNumber(number)
		return raw
	}
	finished := acknowledge(1, 2000)
	finished[33] |= byte(header.TCPFlagFin)
	for _, row := range []struct {
		name           string
		earlier, later []byte
		want           bool
	}{
		{"more bytes", acknowledge(1, 1000), acknowledge(1, 2000), true},
		{"more bytes past the end of the numbers", acknowledge(1, 0xffffff00), acknowledge(1, 100), true},
		{"with time stamps", acknowledge(1, 1000, stamp...), acknowledge(1, 2000, stamp...), true},
		{"a duplicate", acknowledge(1, 1000), acknowledge(1, 1000), false},
		{"an older one", acknowledge(1, 2000), acknowledge(1, 1000), false},
		{"of another connection", acknowledge(1, 1000), acknowledge(2, 2000), false},
		{"that tells of a gap", acknowledge(1, 1000, stamp...), acknowledge(1, 2000, gap...), false},
		{"after one that told of a gap", acknowledge(1, 1000, gap...), acknowledge(1, 2000, stamp...), false},
		{"with options that cannot be read", acknowledge(1, 1000, broken...), acknowledge(1, 2000, broken...), false},
		{"of IPv6", ofSix(1000), ofSix(2000), true},
		{"that ends the connection", acknowledge(1, 1000), finished, false},
		{"of no TCP", acknowledge(1, 1000), udpPacket(laptopPort(1), podPort(80), 1, 40), false},
	} {
		if got := replaces(parse(row.later), row.earlier); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestConnectionsOfOneSlotKeepTheirAcknowledgements(t *testing.T) {
	var waiting acknowledgements
	for _, raw := range [][]byte{acknowledge(1, 1000), acknowledge(2, 1000), acknowledge(1, 2000)} {
		waiting.add(parse(raw), 5)
	}
	count := 0
	for waiting.head != nil {
		waiting.take(time.Now())
		count++
	}
	if count != 3 {
		t.Errorf("%d of three are left", count)
	}
}
