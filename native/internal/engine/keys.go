package engine

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"time"
)

// sessionKeys live in memory only and belong to one session with one agent.
type sessionKeys struct {
	private, public, preshared [32]byte
}

func newSessionKeys() (sessionKeys, error) {
	var keys sessionKeys
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return keys, fmt.Errorf("make session key: %w", err)
	}
	copy(keys.private[:], private.Bytes())
	copy(keys.public[:], private.PublicKey().Bytes())
	_, _ = rand.Read(keys.preshared[:])
	return keys, nil
}

func (keys sessionKeys) publicText() string { return hex.EncodeToString(keys.public[:]) }
func (sessionKeys) String() string          { return "***" }
func (sessionKeys) GoString() string        { return "***" }

// backoff spaces the tries of a dial: doubling, each with up to half of it taken off at random, so that five lanes
// that broke together do not dial together for ever.
type backoff struct {
	first, last, current time.Duration
}

func newBackoff(timing Timing) *backoff {
	return &backoff{first: timing.BackoffFirst, last: timing.BackoffLast}
}

func (backoff *backoff) next() time.Duration {
	backoff.current = min(max(backoff.first, 2*backoff.current), backoff.last)
	return backoff.current - mathrand.N(backoff.current/2+1)
}

func (backoff *backoff) reset() { backoff.current = 0 }
