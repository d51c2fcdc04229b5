package readiness

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type heard chan Events

func (h heard) Ready(events Events) { h <- events }

// await waits until an event is told that holds.
func (h heard) await(t *testing.T, what string, holds func(Events) bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case events := <-h:
			if holds(events) {
				return
			}
		case <-deadline:
			t.Fatal(what)
		}
	}
}

// watchPair makes a poller that watches the first of two sockets joined with each other; the caller closes both.
func watchPair(t *testing.T) (*Poller, [2]int, heard) {
	t.Helper()
	poller, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(poller.Close)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	told := make(heard, 64)
	if err := poller.Add(pair[0], told); err != nil {
		t.Fatal(err)
	}
	told.await(t, "what it is at first was not told", Events.Writable)
	return poller, pair, told
}

func TestWhatBecomesOfASocketIsTold(t *testing.T) {
	_, pair, told := watchPair(t)
	defer unix.Close(pair[0])
	for range 3 {
		unix.Write(pair[1], []byte("x"))
		told.await(t, "bytes were not told", Events.Readable)
		unix.Read(pair[0], make([]byte, 1))
	}
	for { // until it takes no more
		if _, err := unix.Write(pair[0], make([]byte, 64<<10)); err != nil {
			break
		}
	}
	for buffer := make([]byte, 64<<10); ; {
		if count, _ := unix.Read(pair[1], buffer); count <= 0 {
			break
		}
	}
	told.await(t, "room was not told", Events.Writable)
	unix.Close(pair[1])
	told.await(t, "the end was not told", func(events Events) bool { return events&unix.EPOLLHUP != 0 })
}

func TestARemovedDescriptorIsSilent(t *testing.T) {
	poller, pair, told := watchPair(t)
	defer unix.Close(pair[1])
	poller.Remove(pair[0])
	unix.Close(pair[0])
	again, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(again[0])
	defer unix.Close(again[1])
	other := make(heard, 64)
	if err := poller.Add(again[0], other); err != nil { // mostly the same number
		t.Fatal(err)
	}
	other.await(t, "the new descriptor was not told of", Events.Writable)
	if len(told) != 0 {
		t.Error("the old handler was told")
	}
}
