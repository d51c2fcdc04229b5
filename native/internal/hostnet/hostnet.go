// Package hostnet is the laptop's network as a lease may change it: one interface, routes on it, and names. It writes
// each change to a journal before making it, and undoes by that journal alone, so that the undoing after a crash is
// the same code as the undoing at the end of a lease. It must never change anything that it could not undo.
package hostnet

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
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
}

// JournalPath is where the changes made for a user are kept.
func JournalPath(stateDirectory string, uid uint32) string {
	return filepath.Join(stateDirectory, strconv.FormatUint(uint64(uid), 10), "journal")
}
