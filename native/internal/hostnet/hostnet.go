// Package hostnet is the laptop's network as leases may change it, each by one interface, routes on it, and names, which one
// of them at a time has in force. It writes
// each change to a journal before making it, and undoes by that journal alone, so that the undoing after a crash is
// the same code as the undoing at the end of a lease. It must never change anything that it could not undo.
package hostnet

import (
	"cmp"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"
)

// Folders of the helper. Nobody may name others: who chooses root's folders chooses what root reads and undoes.
const (
	RuntimeDirectory = "/run/slipway"
	StateDirectory   = "/var/lib/slipway"
)

// ErrLocked is returned by TakeLock and TryLock when another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// Options say whose lease it is and where things are kept.
type Options struct {
	UID              uint32
	RuntimeDirectory string
	StateDirectory   string
	Log              *slog.Logger
	Timing           Timing
}

// Timing holds every wait of what is kept in force. The zero value of a field means its default.
type Timing struct {
	// A roam or a new container is a dozen events, so that a change counts as settled when nothing happened for Settle
	// (0.3 s). Under a storm of them it counts after LongestSettling (1 s) all the same: a route that takes away the
	// laptop's resolver must not stay because a container runtime is busy.
	Settle, LongestSettling time.Duration
	// Look is how often the tunnel's own is looked after where no event told that it must be: after a truce, say (5 s).
	Look time.Duration
	// Poll is for files that tell who answers names, which tools replace in too many ways for inotify(7) (0.5 s).
	Poll time.Duration
}

func (timing Timing) withDefaults() Timing {
	return Timing{
		Settle: cmp.Or(timing.Settle, 300*time.Millisecond), LongestSettling: cmp.Or(timing.LongestSettling, time.Second),
		Look: cmp.Or(timing.Look, 5*time.Second), Poll: cmp.Or(timing.Poll, 500*time.Millisecond),
	}
}

// JournalPath is where the changes made for a user are kept, those of the first of several leases.
func JournalPath(stateDirectory string, uid uint32) string {
	return journalPath(stateDirectory, uid, 0)
}

const journalName = "journal"

// journalPath has the changes of one lease: the first's has no number.
func journalPath(stateDirectory string, uid uint32, number int) string {
	name := journalName
	if number > 0 {
		name += "-" + strconv.Itoa(number)
	}
	return filepath.Join(stateDirectory, strconv.FormatUint(uint64(uid), 10), name)
}
