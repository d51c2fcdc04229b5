package bytestream

import (
	"testing"

	"slipway/native/internal/memnet"
)

func TestFlowsMoveBytesBothWays(t *testing.T) {
	for _, test := range []struct {
		name         string
		lanes, flows int
		options      memnet.Options
	}{
		{"one lane", 1, 8, memnet.Options{}},
		{"four lanes", 4, 20, memnet.Options{}},
		{"four lanes and a delay", 4, 8, memnet.Options{Delay: 5e6, Rate: 50 << 20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, test.lanes, test.options)
			p.exchange(test.flows, 3<<20, 1)
			p.settled()
		})
	}
}

// A few downloads that nobody reads on leave others their speed.
func TestWindowsBesideWhatNobodyReads(t *testing.T) {
	for _, row := range []struct {
		unread, granted int64
		most            int // of a window
	}{
		{0, 0, windowMaximum},
		{4 * windowMaximum, 4 * windowMaximum, windowMaximum},
		{5 * windowMaximum, 5 * windowMaximum, windowMaximum / 2},
		{7 * windowMaximum, 7 * windowMaximum, windowMaximum / 4},
		{UnreadAtMost - 1, 7 * windowMaximum, windowAtFirst},
		{0, 4 * UnreadAtMost, windowAtFirst},
	} {
		s := &Session{config: Config{UnreadAtMost: UnreadAtMost}, unread: row.unread, granted: row.granted}
		window := windowAtFirst
		for window < windowMaximum && s.mayGrow(window) {
			window *= 2
		}
		if window != row.most {
			t.Errorf("with %d unread and %d granted a window grows to %d, want %d", row.unread, row.granted, window, row.most)
		}
	}
}
