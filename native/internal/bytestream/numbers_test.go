package bytestream

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestNumbersAreThoseThatCame(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		var n numbers
		came := map[uint64]bool{}
		for range 2 * openingsAhead {
			number := n.below + 1 + uint64(random.IntN(64))
			if random.IntN(1000) == 0 {
				number = n.below + openingsAhead - uint64(random.IntN(2))
			}
			if random.IntN(4) == 0 {
				number = n.below + 1
			}
			if n.holds(number) != came[number] {
				t.Fatalf("seed %d: %d is held: %v", seed, number, n.holds(number))
			}
			if !came[number] && !n.add(number) {
				t.Fatalf("seed %d: %d was refused", seed, number)
			}
			came[number] = true
		}
		if n.add(n.below + openingsAhead + 1) {
			t.Errorf("seed %d: a number too far ahead was taken", seed)
		}
		for number := uint64(1); number <= n.below+openingsAhead; number++ {
			if n.holds(number) != came[number] {
				t.Fatalf("seed %d: in the end %d is held: %v", seed, number, n.holds(number))
			}
		}
	}
}

// TestNumbersThatAreLeftOutCostLittle resets every other flow from the last to the first, as no honest engine does, and then asks
// for them again and again.
func TestNumbersThatAreLeftOutCostLittle(t *testing.T) {
	s, peer, lost, _ := meet(t, true, nil)
	impatient := time.AfterFunc(deadline, func() { peer.lane.stream.Close() })
	defer impatient.Stop()
	for number := uint64(openingsAhead); number > 1<<10; {
		var resets []byte
		for range 1 << 9 {
			resets = append(resets, outcome(kindReset, number, byte(Aborted))...)
			number -= 2
		}
		peer.say(resets)
	}
	for range 64 {
		var late []byte
		for range 16 << 10 {
			late = append(late, appendNumbers(nil, kindWindow, openingsAhead, 1)...)
		}
		peer.say(late)
	}
	peer.say(appendNumbers(nil, kindPing, 77))
	for peer.hear(kindPong).number != 77 {
	}
	select {
	case err := <-lost:
		t.Errorf("the lane ended: %v", err)
	default:
	}
	if held := s.Stats(); held.Flows != 0 {
		t.Errorf("%d flows", held.Flows)
	}
}
