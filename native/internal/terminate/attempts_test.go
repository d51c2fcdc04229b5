package terminate

import (
	"testing"
	"time"
)

func TestAttemptIsAbandonedOnlyAfterTheNextSYNWasDue(t *testing.T) {
	start := time.Unix(1000, 0)
	second := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	for _, row := range []struct {
		last, now int // seconds; Linux sends SYNs at 0, 1, 3, 7, 15, 31 and 63
		expected  bool
	}{{0, 1, false}, {0, 6, true}, {1, 3, false}, {7, 15, false}, {31, 63, false}, {63, 127, false}, {63, 200, true}} {
		tried := asking{first: start, last: second(row.last)}
		if got := tried.abandoned(second(row.now)); got != row.expected {
			t.Errorf("last SYN at %d s, at %d s: abandoned %v", row.last, row.now, got)
		}
	}
}
