package engine

import (
	"slipway/native/internal/packet"
)

// segmentWriter is a TUN that takes segments in parts, and computes their checksums itself; see offload.Device.
type segmentWriter interface {
	WriteSegment(parts ...[]byte) error
}

// fromTerminator takes one packet of the laptop's end of a connection: to the laptop, or to the engine's own stack.
func (path *path) fromTerminator(parsed *packet.Packet, behind [][]byte) {
	if path.engine.Has(parsed.Destination) {
		if whole, ok := packet.Parse(parsed.Whole(behind)); ok {
			path.receiveForStack(&whole, func([]byte) bool { return false })
		}
		return
	}
	if path.engine.Has(parsed.Source) { // only what the laptop asked of it comes from there
		path.segmentToLaptop(parsed, behind)
		return
	}
	toLaptop := path.gate.Arrivals()
	isAdmitted := toLaptop.Admit(parsed)
	toLaptop.Done()
	if isAdmitted {
		path.packetsDown.Add(1)
		path.bytesDown.Add(uint64(parsed.Size()))
		path.segmentToLaptop(parsed, behind)
	}
}

// segmentToLaptop writes a packet to the TUN as it lies where that is possible.
func (path *path) segmentToLaptop(parsed *packet.Packet, behind [][]byte) {
	if device := path.device.Load(); device != nil && parsed.Kind == packet.Segment {
		if writer, ok := device.Device.(segmentWriter); ok {
			// What the kernel refuses (an interface that is down) is lost like on any wire.
			_ = writer.WriteSegment(append([][]byte{parsed.Raw}, behind...)...)
			return
		}
	}
	path.toLaptop(parsed.Whole(behind))
}

// toLaptop writes packets to the TUN; empty ones are left out.
func (path *path) toLaptop(packets ...[]byte) {
	device := path.device.Load()
	if device == nil {
		return
	}
	path.writing.Lock()
	defer path.writing.Unlock()
	path.batch = path.batch[:0]
	for _, raw := range packets {
		if len(raw) == 0 {
			continue
		}
		path.add(raw)
		if len(path.batch) == device.BatchSize() {
			path.flush(device)
		}
	}
	path.flush(device)
}

// add copies a packet into the next buffer of the batch. Every buffer has room for what offload makes of its flow.
func (path *path) add(raw []byte) {
	index := len(path.batch)
	if index == len(path.storage) {
		path.storage = append(path.storage, make([]byte, tunOffset+coalesced))
	}
	size := tunOffset + min(len(raw), coalesced)
	copy(path.storage[index][tunOffset:size], raw)
	path.batch = append(path.batch, path.storage[index][:size])
}

func (path *path) flush(device *tunDevice) {
	if len(path.batch) > 0 {
		// What the kernel refuses (an interface that is down) is lost like on any wire.
		_, _ = device.Write(path.batch, tunOffset)
	}
	path.batch = path.batch[:0]
}
