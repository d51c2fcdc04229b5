package tunnel

import "slipway/native/internal/carrier"

// LaneStats counts since New. Packets and Bytes are inner packets handed to WireGuard; Dropped those that never were.
type LaneStats struct {
	Packets     uint64
	Bytes       uint64
	Dropped     uint64
	QueuedBytes int
	Carrier     CarrierStats
}

// CarrierStats counts Sent and Received over all carriers of a lane; the other Stats are those of the live one, 0
// without one.
type CarrierStats struct {
	Name     string // of the live carrier, or of the last; empty before the first
	Live     bool
	Attached uint64 // carriers so far
	carrier.Stats
}

// CarrierName is that of the carrier that a lane has, or had last; empty before the first.
func (lanes *Lanes) CarrierName(number int) string {
	if number < 0 || number >= len(lanes.lanes) {
		return ""
	}
	bind := lanes.lanes[number].bind
	bind.lock.Lock()
	defer bind.lock.Unlock()
	return bind.name
}

// Stats returns one entry per lane.
func (lanes *Lanes) Stats() []LaneStats {
	result := make([]LaneStats, 0, len(lanes.lanes))
	for _, lane := range lanes.lanes {
		stats := lane.queue.stats()
		stats.Carrier = lane.bind.stats()
		result = append(result, stats)
	}
	return result
}

func (q *queue) stats() LaneStats {
	q.lock.Lock()
	defer q.lock.Unlock()
	return LaneStats{Packets: q.packets, Bytes: q.octets, Dropped: q.dropped, QueuedBytes: q.bytes + q.acknowledgement.bytes}
}
