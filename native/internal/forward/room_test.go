package forward

import "testing"

func TestRoomForIsSharedByTheBusy(t *testing.T) {
	for _, row := range []struct{ wanted, busy, expected int64 }{
		{0, 1, roomAtFirst},
		{1 << 20, 1, 1 << 20},
		{1 << 30, 1, roomAlone},
		{1 << 30, 2, 1 << 20},
		{1 << 30, 10, roomShared / 10},
		{1 << 30, 200, roomAtLeast},
		{300 << 10, 2, 300 << 10},
	} {
		if got := roomFor(row.wanted, row.busy); got != row.expected {
			t.Errorf("%d wanted among %d busy: %d, expected %d", row.wanted, row.busy, got, row.expected)
		}
	}
}
