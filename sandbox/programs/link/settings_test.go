package main

import (
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestDelayAndRateAddUp(t *testing.T) {
	cable := newCable(1)
	settings := &Settings{DelayMilliseconds: 20, RateBitsPerSecond: 8_000_000} // 1 byte each microsecond
	for index, want := range []time.Duration{21 * time.Millisecond, 22 * time.Millisecond} {
		due, admitted := cable.admit(start, 1000, settings)
		if !admitted || due.Sub(start) != want {
			t.Errorf("frame %d is due after %v, want %v", index, due.Sub(start), want)
		}
	}
}

func TestFullQueueDrops(t *testing.T) {
	cable := newCable(1)
	settings := &Settings{RateBitsPerSecond: 8_000_000}
	admitted := 0
	for range 3000 {
		if _, ok := cable.admit(start, 1000, settings); ok {
			admitted++
		}
	}
	if admitted < queueLimit/1000 || admitted > queueLimit/1000+2 {
		t.Errorf("admitted %d frames of 1000 bytes, want about %d", admitted, queueLimit/1000)
	}
}

func TestFramesKeepTheirOrderWhenDelayShrinks(t *testing.T) {
	cable := newCable(1)
	first, _ := cable.admit(start, 100, &Settings{DelayMilliseconds: 50})
	second, _ := cable.admit(start.Add(time.Millisecond), 100, &Settings{DelayMilliseconds: 1})
	if second.Before(first) {
		t.Errorf("second frame is due %v before the first", first.Sub(second))
	}
}

func TestLossIsAsAsked(t *testing.T) {
	cable := newCable(1)
	lost := 0
	for range 100_000 {
		if _, ok := cable.admit(start, 100, &Settings{LossFraction: 0.01}); !ok {
			lost++
		}
	}
	if lost < 800 || lost > 1200 {
		t.Errorf("lost %d of 100000 at 1 %%", lost)
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{"delayMilliseconds":20,"rateBitsPerSecond":2e8,"lossFraction":0.005}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		settings, err := parseSettings(text)
		if err == nil && (settings.LossFraction < 0 || settings.LossFraction > 1) {
			t.Errorf("accepted %+v", *settings)
		}
	})
}
