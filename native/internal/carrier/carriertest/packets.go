package carriertest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"slipway/native/internal/carrier"
)

// deadline is generous: nothing here waits this long unless it is broken.
const deadline = 30 * time.Second

// batch is how many messages tests send and receive at once.
const batch = 8

// TestPackets checks all that carrier.Packets promises. pair returns both ends of a new carrier, neither of them started.
func TestPackets(t *testing.T, pair func(t *testing.T) (left, right carrier.Packets)) {
	start := func(t *testing.T) (left, right *end) {
		t.Helper()
		near, far := pair(t)
		left, right = &end{Packets: near, t: t, room: make(chan struct{}, 1)}, &end{Packets: far, t: t, room: make(chan struct{}, 1)}
		for _, one := range []*end{left, right} {
			one.Start(one.roomy)
			t.Cleanup(func() { one.Close(nil) })
		}
		return left, right
	}
	for name, test := range map[string]func(*testing.T, *end, *end){
		"messages arrive unchanged and in order, both ways": messagesArrive,
		"a sender may use its buffers again":                buffersAreCopied,
		"a message that is too large is dropped":            tooLargeIsDropped,
		"room ends, and comes back with the receiver":       roomEndsAndReturns,
		"small messages have room after bulk has none":      smallHasRoom,
		"what was promised counts":                          promisedCounts,
		"closing ends both sides":                           closingEnds,
		"a sender and a receiver are freed by the end":      waitersAreFreed,
		"bytes are counted":                                 bytesAreCounted,
	} {
		t.Run(name, func(t *testing.T) {
			left, right := start(t)
			test(t, left, right)
		})
	}
}

// end is Packets that a test started.
type end struct {
	carrier.Packets
	t    *testing.T
	room chan struct{}
}

func (e *end) roomy() {
	select {
	case e.room <- struct{}{}:
	default:
	}
}

// messageOf makes a WireGuard transport message: it can be told from others, and begins as one.
func messageOf(number, size int) []byte {
	message := bytes.Repeat([]byte{byte(number*31 + size)}, max(size, 8))
	copy(message, []byte{4, 0, 0, 0, byte(number >> 16), byte(number >> 8), byte(number), byte(size)})
	return message
}

// receive returns the next count messages.
func (e *end) receive(count int) [][]byte {
	e.t.Helper()
	var received [][]byte
	into, sizes := make([][]byte, batch), make([]int, batch)
	for index := range into {
		into[index] = make([]byte, carrier.MaxMessage)
	}
	e.within(fmt.Sprintf("%d messages", count), func() error {
		for len(received) < count {
			got, err := e.Receive(into, sizes)
			for index := range got {
				received = append(received, bytes.Clone(into[index][:sizes[index]]))
			}
			if err != nil {
				return fmt.Errorf("after %d messages: %w", len(received), err)
			}
		}
		return nil
	})
	return received
}

// drain receives until the end.
func (e *end) drain() {
	into, sizes := [][]byte{make([]byte, carrier.MaxMessage)}, []int{0}
	for {
		if _, err := e.Receive(into, sizes); err != nil {
			return
		}
	}
}

// within fails the test when work fails or does not end.
func (e *end) within(what string, work func() error) {
	e.t.Helper()
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		if err != nil {
			e.t.Fatalf("%s: %v", what, err)
		}
	case <-time.After(deadline):
		e.t.Fatalf("%s: still waiting", what)
	}
}

// fill sends bulk until there is no room, and returns how many messages that were. Nobody receives meanwhile.
func (e *end) fill(size int) int {
	e.t.Helper()
	const atMost = 64 << 20
	for sent := 0; ; sent++ {
		if !e.HasRoom(size, 0, false) {
			return sent
		}
		if sent*size > atMost {
			e.t.Fatalf("there is room for more than %d bytes that nobody receives", atMost)
		}
		e.within("sending where there is room", func() error {
			e.Send([][]byte{messageOf(sent, size)})
			return nil
		})
	}
}

func messagesArrive(t *testing.T, left, right *end) {
	sizes := []int{32, 63, 148, 255, 256, 1452, 16032, 40000, left.MaxMessage()}
	const count = 400
	for from, to := range map[*end]*end{left: right, right: left} {
		var sent [][]byte
		for number := range count {
			sent = append(sent, messageOf(number, min(sizes[number%len(sizes)], from.MaxMessage())))
		}
		go func() {
			for first := 0; first < count; first += batch {
				from.Send(sent[first : first+batch])
			}
		}()
		for number, message := range to.receive(count) {
			if !bytes.Equal(message, sent[number]) {
				t.Fatalf("message %d did not arrive in its place and unchanged", number)
			}
		}
	}
}

func buffersAreCopied(t *testing.T, left, right *end) {
	message := messageOf(1, 20000)
	want := bytes.Clone(message)
	left.Send([][]byte{message})
	clear(message)
	if got := right.receive(1)[0]; !bytes.Equal(got, want) {
		t.Error("what was changed after Send changed what arrives")
	}
}

func tooLargeIsDropped(t *testing.T, left, right *end) {
	whole := messageOf(2, 100)
	left.Send([][]byte{messageOf(1, left.MaxMessage()+1), whole})
	if got := right.receive(1)[0]; !bytes.Equal(got, whole) {
		t.Errorf("%d bytes came first", len(got))
	}
	if left.Err() != nil || right.Err() != nil {
		t.Errorf("ended: %v, %v", left.Err(), right.Err())
	}
}

func roomEndsAndReturns(t *testing.T, left, right *end) {
	if !left.HasRoom(left.MaxMessage(), 0, false) {
		t.Fatal("no room for one message where nothing is under way")
	}
	go left.drain()
	const size = 16032
	for round := range 3 {
		sent := left.fill(size)
		if sent == 0 {
			t.Fatalf("round %d: no room at first", round)
		}
		right.receive(sent)
		left.within("room after everything was received", func() error {
			for !left.HasRoom(size, 0, false) {
				<-left.room
			}
			return nil
		})
	}
}

func smallHasRoom(t *testing.T, left, right *end) {
	sent := left.fill(16032)
	if !left.HasRoom(100, 0, true) {
		t.Fatal("a small message has to wait behind bulk")
	}
	small := messageOf(sent, 100)
	left.within("sending a small message", func() error {
		left.Send([][]byte{small})
		return nil
	})
	received := right.receive(sent + 1)
	if !bytes.Equal(received[sent], small) {
		t.Error("the small message did not arrive")
	}
	for extra := 0; left.HasRoom(255, extra, true); extra += 255 {
		if extra > 16<<20 {
			t.Fatal("there is no end of room for small messages")
		}
	}
}

func promisedCounts(t *testing.T, left, _ *end) {
	promised := 0
	for left.HasRoom(16032, promised, false) {
		if promised += 16032; promised > 64<<20 {
			t.Fatal("what was promised takes no room")
		}
	}
	if promised == 0 {
		t.Error("no room at first")
	}
}

func closingEnds(t *testing.T, left, right *end) {
	reason := errors.New("enough")
	if left.Err() != nil {
		t.Fatalf("ended before its end: %v", left.Err())
	}
	left.Close(reason)
	left.Close(errors.New("too late"))
	left.within("this side's end", func() error { <-left.Done(); return nil })
	if !errors.Is(left.Err(), reason) {
		t.Errorf("ended because of %v", left.Err())
	}
	right.within("the far side's end", func() error {
		right.drain()
		return nil
	})
	right.within("the far side's word about it", func() error { <-right.Done(); return nil })
	if right.Err() == nil {
		t.Error("the far side ended for no reason")
	}
	left.within("sending after the end", func() error {
		for range 10000 {
			left.Send([][]byte{messageOf(1, 16032)})
		}
		return nil
	})
}

func waitersAreFreed(t *testing.T, left, right *end) {
	freed := make(chan struct{}, 2)
	go func() {
		for left.Err() == nil { // far more than there is room for
			left.Send([][]byte{messageOf(1, 16032), messageOf(2, 16032)})
		}
		freed <- struct{}{}
	}()
	go func() {
		left.drain()
		freed <- struct{}{}
	}()
	left.within("the sender's first messages", func() error {
		for left.HasRoom(16032, 0, false) {
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	left.Close(nil)
	for range 2 {
		left.within("sender and receiver", func() error { <-freed; return nil })
	}
}

func bytesAreCounted(t *testing.T, left, right *end) {
	left.Send([][]byte{messageOf(1, 1000), messageOf(2, 500)})
	right.receive(2)
	if sent, received := left.Stats().Sent, right.Stats().Received; sent != 1500 || received != 1500 {
		t.Errorf("%d bytes sent and %d received of 1500", sent, received)
	}
}
