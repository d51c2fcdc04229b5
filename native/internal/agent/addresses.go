package agent

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

var errNoAddress = errors.New("no address is free")

// publicKey names a session's peer.
type publicKey [32]byte

// pair is what one session owns.
type pair struct{ laptop, engine netip.Addr }

// reservation says whose an address is. After the session's end it stays reserved until the time given, except for
// the same key: packets for the session before must not reach another user.
type reservation struct {
	key   publicKey
	until time.Time // zero while the session lives
}

// addresses hands out pairs. Its zero value is not usable; it is not safe for concurrent use.
type addresses struct {
	quarantine time.Duration
	taken      map[netip.Addr]reservation
}

func newAddresses(quarantine time.Duration) *addresses {
	return &addresses{quarantine: quarantine, taken: map[netip.Addr]reservation{}}
}

// take gives key the wanted pair when it is free for it, else a random one. Random,
// so that a laptop that joins two clusters seldom gets the same addresses from both.
func (a *addresses) take(key publicKey, wanted pair, now time.Time) (pair, error) {
	a.expire(now)
	if a.isFree(key, wanted) {
		return a.reserve(key, wanted), nil
	}
	for range 1000 {
		var number [4]byte
		if _, err := rand.Read(number[:]); err != nil {
			return pair{}, err
		}
		// Pairs are even and odd neighbours, of 131072 addresses.
		low := binary.BigEndian.Uint32(number[:]) & 0x1fffe
		first := wire.TunnelRange.Addr().As4()
		base := binary.BigEndian.Uint32(first[:]) | low
		candidate := pair{laptop: addressOf(base), engine: addressOf(base | 1)}
		if a.isFree(key, candidate) {
			return a.reserve(key, candidate), nil
		}
	}
	return pair{}, errNoAddress
}

// release ends a session's use of its pair.
func (a *addresses) release(key publicKey, released pair, now time.Time) {
	for _, address := range []netip.Addr{released.laptop, released.engine} {
		a.taken[address] = reservation{key: key, until: now.Add(a.quarantine)}
	}
}

func (a *addresses) expire(now time.Time) {
	for address, held := range a.taken {
		if !held.until.IsZero() && now.After(held.until) {
			delete(a.taken, address)
		}
	}
}

func (a *addresses) isFree(key publicKey, wanted pair) bool {
	if wanted.laptop == wanted.engine {
		return false
	}
	for _, address := range []netip.Addr{wanted.laptop, wanted.engine} {
		if !address.Is4() || !wire.TunnelRange.Contains(address) || wire.ReservedRange.Contains(address) {
			return false
		}
		if held, ok := a.taken[address]; ok && (held.key != key || held.until.IsZero()) {
			return false
		}
	}
	return true
}

func (a *addresses) reserve(key publicKey, wanted pair) pair {
	a.taken[wanted.laptop] = reservation{key: key}
	a.taken[wanted.engine] = reservation{key: key}
	return wanted
}

func addressOf(number uint32) netip.Addr {
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], number)
	return netip.AddrFrom4(bytes)
}
