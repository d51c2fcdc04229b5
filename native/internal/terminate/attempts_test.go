package terminate

import (
	"context"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
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

// TestOnlyWhatHasNoAnswerYetIsAbandoned looks for what the laptop gave up, long after the last SYN, at each point on the way.
// A busy machine does so in the middle of a handshake.
func TestOnlyWhatHasNoAnswerYetIsAbandoned(t *testing.T) {
	later := func(laptop *laptop) { laptop.terminator.attempts.expire(time.Now().Add(time.Hour)) }
	withdraw := func(laptop *laptop) { laptop.terminator.End(func(bytestream.Opening) bool { return true }) }
	for name, row := range map[string]struct {
		answer   bytestream.Verdict // 0: none
		isHeard  bool               // before what happens
		happens  func(*laptop)
		isUp     bool
		expected State // where it is not
	}{
		"no answer yet":                 {0, false, later, false, Abandoned},
		"answered, and not heard of":    {bytestream.Connected, false, later, true, 0},
		"connected":                     {bytestream.Connected, true, later, true, 0},
		"withdrawn before an answer":    {0, false, withdraw, false, Withdrawn},
		"withdrawn in a handshake":      {bytestream.Connected, false, withdraw, false, Withdrawn},
		"withdrawn while it is in use":  {bytestream.Connected, true, withdraw, false, Withdrawn},
		"the session ends in handshake": {bytestream.Connected, false, func(laptop *laptop) { laptop.session.Close(bytestream.Ended) }, false, SessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a SYN-ACK that was not heard comes again after a second
			laptop, _ := join(t, 0, func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict { return row.answer })
			laptop.hears.Store(row.isHeard)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			happened, echoed := make(chan struct{}), make(chan error, 1)
			go func() {
				connection, err := laptop.DialTCP(ctx, deafTo)
				if err == nil {
					defer connection.Close()
					<-happened
					connection.SetDeadline(time.Now().Add(time.Minute))
					connection.Write([]byte("x"))
					_, err = connection.Read(make([]byte, 1))
				}
				echoed <- err
			}()
			switch {
			case row.answer == 0:
				eventually(t, "nobody asks", func() bool { return laptop.opened.Load() == 1 })
			case row.isHeard:
				eventually(t, "there is no connection", func() bool { return laptop.terminator.Stats() == Stats{Connections: 1} })
			default:
				eventually(t, "nobody shakes hands", func() bool { return laptop.unheard.Load() > 0 })
			}
			row.happens(laptop)
			close(happened)
			if row.isUp {
				laptop.hears.Store(true)
				if err := <-echoed; err != nil {
					t.Error(err)
				}
				return
			}
			if account := <-laptop.ended; account.State != row.expected {
				t.Errorf("it ended as %v", account.State)
			}
			cancel()
			if err := <-echoed; err == nil || strings.Contains(err.Error(), "EOF") {
				t.Errorf("the program was told %v", err)
			}
		})
	}
}
