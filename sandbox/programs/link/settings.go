package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// queueLimit is how many bytes may wait for the rate limit before the next is dropped:
// about the bandwidth-delay product of 200 Mbit/s and 40 ms, as a home router has it.
const queueLimit = 1 << 20

// Settings hold for each direction.
type Settings struct {
	DelayMilliseconds float64 `json:"delayMilliseconds"`
	RateBitsPerSecond float64 `json:"rateBitsPerSecond"` // 0: no limit
	LossFraction      float64 `json:"lossFraction"`
}

func readSettings(path string) (*Settings, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return parseSettings(text)
}

func parseSettings(text []byte) (*Settings, error) {
	settings := new(Settings)
	if err := json.Unmarshal(text, settings); err != nil {
		return nil, fmt.Errorf("parse settings: %w", err)
	}
	if settings.DelayMilliseconds < 0 || settings.DelayMilliseconds > 60_000 || settings.RateBitsPerSecond < 0 ||
		settings.LossFraction < 0 || settings.LossFraction > 1 {
		return nil, fmt.Errorf("settings out of range: %+v", *settings)
	}
	return settings, nil
}

// cable is one direction: it says when a frame arrives at the other end.
type cable struct {
	free    time.Time // when the last bit of the frame before has left
	lastDue time.Time
	random  *rand.Rand
}

func newCable(seed uint64) *cable {
	return &cable{random: rand.New(rand.NewPCG(seed, 1))}
}

// admit returns when a frame of size bytes that is sent now arrives, or false if it is
// lost or finds the queue full. Frames never overtake each other.
func (c *cable) admit(now time.Time, size int, settings *Settings) (time.Time, bool) {
	if settings.LossFraction > 0 && c.random.Float64() < settings.LossFraction {
		return time.Time{}, false
	}
	if c.free.Before(now) {
		c.free = now
	}
	if settings.RateBitsPerSecond > 0 {
		waiting := c.free.Sub(now).Seconds() * settings.RateBitsPerSecond / 8
		if waiting > queueLimit {
			return time.Time{}, false
		}
		c.free = c.free.Add(time.Duration(float64(size) * 8 / settings.RateBitsPerSecond * float64(time.Second)))
	}
	due := c.free.Add(time.Duration(settings.DelayMilliseconds * float64(time.Millisecond)))
	if due.Before(c.lastDue) {
		due = c.lastDue
	}
	c.lastDue = due
	return due, true
}
