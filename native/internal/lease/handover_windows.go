package lease

import "os"

// Handover is the tunnel's interface as the helper handed it over. Windows has no descriptor of one: the helper will keep
// it, and hand over a ring of memory or a pipe that its packets go through (not yet, ADR 4).
type Handover struct{ file *os.File }

// Close gives up what no device was made of.
func (handover *Handover) Close() error { return handover.file.Close() }
