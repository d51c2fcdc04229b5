package agent

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"slipway/native/internal/wire"
)

// owner is the SHA-256 of the secret that all engines of one core register with, which is all that is kept of it. Zero:
// nobody's. The secret has 256 random bits, so that a plain digest is as good as a slow one.
type owner [sha256.Size]byte

// ownerOf reads a registration's secret; false where it is none.
func ownerOf(secret wire.Secret) (owner, bool) {
	if secret == "" {
		return owner{}, true
	}
	var bytes [32]byte
	if !decodeKey(string(secret), &bytes) {
		return owner{}, false
	}
	return sha256.Sum256(bytes[:]), true
}

// isSame compares in constant time; nobody's is the same as no other.
func (o owner) isSame(other owner) bool {
	return o != owner{} && subtle.ConstantTimeCompare(o[:], other[:]) == 1
}

// succeedLocked ends the other sessions of a newcomer's owner, whether their engines live or not: an engine that was
// killed said no leave, and its connections, with what they hold in the cluster, would stay for as long as those of a
// laptop that sleeps. Their addresses are the newcomer's if it wants them.
func (s *Server) succeedLocked(newcomer request, now time.Time) {
	for _, earlier := range s.byKey {
		if newcomer.owner.isSame(earlier.owner) {
			s.config.Log.Info("session makes way for its owner's next", "session", earlier.id[:8])
			s.removeLocked(earlier, now)
			s.addresses.release(newcomer.key, earlier.addresses, now)
			s.running.Go(earlier.close)
		}
	}
}
