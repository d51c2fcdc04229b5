package agent

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

var errNoAddress = errors.New("no address is free")

// publicKey names a session's peer.
type publicKey [32]byte

// pair is what one session owns of one address family.
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

// take gives key a pair of each address family: the wanted one when it is free for it, else a random one. Random, so
// that a laptop that joins two clusters seldom gets the same addresses from both.
func (a *addresses) take(key publicKey, wanted []pair, now time.Time) ([]pair, error) {
	a.expire(now)
	var taken []pair
	for _, family := range wire.AddressFamilies {
		chosen, err := a.choose(key, family, wanted)
		if err != nil {
			a.release(key, taken, now)
			return nil, err
		}
		a.reserve(key, chosen)
		taken = append(taken, chosen)
	}
	return taken, nil
}

func (a *addresses) choose(key publicKey, family wire.AddressFamily, wanted []pair) (pair, error) {
	for _, one := range wanted {
		if a.isFree(key, family, one) {
			return one, nil
		}
	}
	for range 1000 {
		candidate, err := randomPair(family.Range)
		if err != nil {
			return pair{}, err
		}
		if a.isFree(key, family, candidate) {
			return candidate, nil
		}
	}
	return pair{}, errNoAddress
}

// randomPair returns two neighbours of a range, the first even.
func randomPair(inside netip.Prefix) (pair, error) {
	bytes := inside.Addr().AsSlice()
	random := make([]byte, len(bytes))
	if _, err := rand.Read(random); err != nil {
		return pair{}, err
	}
	for index := range bytes {
		ours := min(max(8*(index+1)-inside.Bits(), 0), 8) // bits of this byte that the range leaves free
		bytes[index] |= random[index] & (1<<ours - 1)
	}
	bytes[len(bytes)-1] &^= 1
	even, _ := netip.AddrFromSlice(bytes)
	return pair{laptop: even, engine: even.Next()}, nil
}

// release ends a session's use of its pairs.
func (a *addresses) release(key publicKey, released []pair, now time.Time) {
	for _, one := range released {
		for _, address := range []netip.Addr{one.laptop, one.engine} {
			a.taken[address] = reservation{key: key, until: now.Add(a.quarantine)}
		}
	}
}

func (a *addresses) expire(now time.Time) {
	for address, held := range a.taken {
		if !held.until.IsZero() && now.After(held.until) {
			delete(a.taken, address)
		}
	}
}

func (a *addresses) isFree(key publicKey, family wire.AddressFamily, wanted pair) bool {
	if wanted.laptop == wanted.engine {
		return false
	}
	for _, address := range []netip.Addr{wanted.laptop, wanted.engine} {
		if !family.Range.Contains(address) || family.Reserved.Contains(address) {
			return false
		}
		if held, ok := a.taken[address]; ok && (held.key != key || held.until.IsZero()) {
			return false
		}
	}
	return true
}

func (a *addresses) reserve(key publicKey, wanted pair) {
	a.taken[wanted.laptop] = reservation{key: key}
	a.taken[wanted.engine] = reservation{key: key}
}
