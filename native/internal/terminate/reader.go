package terminate

import "slipway/native/internal/bytestream"

// flowReader lets gVisor take a flow's bytes straight into its segments; left of them are known to be there.
type flowReader struct {
	flow *bytestream.Flow
	left int
}

// Len implements tcpip.Payloader.
func (r *flowReader) Len() int { return r.left }

// Read implements io.Reader.
func (r *flowReader) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	count, err := r.flow.Read(into[:min(len(into), r.left)])
	r.left -= count
	if count > 0 {
		return count, nil
	}
	return 0, err
}
