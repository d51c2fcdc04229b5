package congestion

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestLossesWithoutAQueueAreToldFromAFullPath(t *testing.T) {
	type look struct{ segments, lost, roundTrip uint32 }
	for name, test := range map[string]struct {
		looks []look
		want  bool
	}{
		"no loss":                      {[]look{{1000, 0, 20500}, {2000, 0, 20500}, {3000, 0, 20500}}, false},
		"a lossy radio":                {[]look{{1000, 5, 20500}, {2000, 11, 21000}}, true},
		"a full queue":                 {[]look{{1000, 50, 45000}, {2000, 90, 45000}, {3000, 120, 44000}}, false},
		"one burst":                    {[]look{{1000, 30, 20500}, {2000, 30, 20500}, {3000, 30, 20500}, {4000, 31, 20500}}, false},
		"a loss in ten thousand":       {[]look{{10000, 1, 20500}, {20000, 2, 20500}, {30000, 3, 20500}}, false},
		"too little to say":            {[]look{{10, 3, 20500}, {20, 6, 20500}, {90, 9, 20500}}, false},
		"little, but for long":         {[]look{{60, 2, 20500}, {120, 4, 20500}, {180, 6, 20500}, {240, 8, 20500}}, true},
		"a queue between two of these": {[]look{{1000, 5, 20500}, {2000, 60, 50000}, {3000, 66, 20500}}, false},
	} {
		var seen losses
		got := false
		for _, one := range test.looks {
			got = got || seen.look(&unix.TCPInfo{Data_segs_out: one.segments, Total_retrans: one.lost, Rtt: one.roundTrip, Min_rtt: 20000})
		}
		if got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
