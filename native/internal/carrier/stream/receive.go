package stream

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Receive implements carrier.Packets.
func (s *Stream) Receive(into [][]byte, sizes []int) (int, error) {
	count, err := s.receive(into, sizes)
	if err != nil {
		s.Close(err)
	}
	return count, err
}

func (s *Stream) receive(into [][]byte, sizes []int) (count int, err error) {
	bytes := 0
	for count < len(into) {
		payload, err := s.decoder.next()
		if err != nil {
			return count, err
		}
		switch {
		case payload == nil && count > 0:
			s.count(bytes, true)
			return count, nil
		case payload == nil:
			// What came before may be unreported yet, and its sender may wait for nothing else.
			s.count(0, true)
			if err := s.decoder.fill(s.transport); err != nil {
				return 0, err
			}
		case payload[0] == messageWindowReport:
			if err := s.takeReport(binary.BigEndian.Uint64(payload[1:])); err != nil {
				return count, err
			}
		default:
			if len(payload) > len(into[count]) {
				return count, fmt.Errorf("message of %d bytes: %w", len(payload), io.ErrShortBuffer)
			}
			sizes[count] = copy(into[count], payload)
			bytes += len(payload)
			count++
		}
	}
	s.count(bytes, false)
	return count, nil
}

func (s *Stream) takeReport(received uint64) error {
	s.lock.Lock()
	err := s.window.Report(received, time.Now())
	s.lock.Unlock()
	if err == nil {
		s.onRoom()
	}
	return err
}
