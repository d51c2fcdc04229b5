package tunnel

import "slipway/native/internal/carrier"

// LaneStats counts since New. Packets and Bytes are inner packets handed to WireGuard; Dropped those that never were.
type LaneStats struct {
	Packets     uint64
	Bytes       uint64
	Dropped     uint64
	QueuedBytes int
	Carrier     carrier.Stats
}

// Stats returns one entry per lane.
func (lanes *Lanes) Stats() []LaneStats {
	result := make([]LaneStats, 0, len(lanes.lanes))
	for _, lane := range lanes.lanes {
		stats := lane.queue.stats()
		stats.Carrier = lane.bind.Stats()
		result = append(result, stats)
	}
	return result
}

func (q *queue) stats() LaneStats {
	q.lock.Lock()
	defer q.lock.Unlock()
	return LaneStats{Packets: q.packets, Bytes: q.octets, Dropped: q.dropped, QueuedBytes: q.bytes + q.acknowledgement.bytes}
}
