package hostnet

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"slipway/native/internal/hostnet/journal"
)

// errForeign is returned for a journal whose changes are in another network namespace that still lives: undoing
// them here would lose them there.
var errForeign = errors.New("the journal belongs to another network namespace")

// replayer undoes by the journals alone.
type replayer struct {
	system  system
	options Options
}

// Recover undoes what killed helpers of any user left, or of the users named. It needs the network for itself; while
// a lease is in force it returns ErrLocked. What could not be undone is counted and stays in its journal.
func Recover(options Options, users ...uint32) (leftOver int, err error) {
	return replayer{thisSystem(), options}.recover(users)
}

func (replayer replayer) recover(users []uint32) (leftOver int, err error) {
	here, err := replayer.system.place()
	if err != nil {
		return 0, err
	}
	lock, err := replayer.system.lock(leaseLock(replayer.options, here))
	if err != nil {
		return 0, err
	}
	defer lock.Release()
	replayer.system.sweepLocks(replayer.options.RuntimeDirectory)
	return replayer.all(here, users)
}

// leaseLock is taken while a lease is in force in this network namespace, whoever's it is: two helpers would each
// take the other's resolv.conf for the laptop's own.
func leaseLock(options Options, here journal.Opened) string {
	return filepath.Join(options.RuntimeDirectory, fmt.Sprintf("lease-%d.lock", here.NetworkNamespace))
}

// all needs the lease lock, so every journal it finds is one of a helper that was killed. Journals of other
// namespaces are errors only where they stand in the way of the user's own.
func (replayer replayer) all(here journal.Opened, users []uint32) (leftOver int, err error) {
	found, err := replayer.system.journals(replayer.options.StateDirectory)
	if err != nil {
		return 0, fmt.Errorf("look for journals: %w", err)
	}
	var problems []error
	for _, one := range found {
		if len(users) > 0 && !slices.Contains(users, one.user) {
			continue
		}
		left, err := replayer.one(one.path, here)
		leftOver += left
		if err != nil && (one.user == replayer.options.UID || !errors.Is(err, errForeign)) {
			problems = append(problems, err)
		}
	}
	return leftOver, errors.Join(problems...)
}

// one undoes what the journal at path tells and removes it, unless something is left over.
func (replayer replayer) one(path string, here journal.Opened) (leftOver int, err error) {
	entries, damaged, err := replayer.system.readJournal(path)
	if err != nil {
		return 0, err
	}
	if replayer.foreign(entries, here) {
		return 0, errForeign
	}
	leftOver = damaged + replayer.undo(entries, here)
	if leftOver > 0 {
		return leftOver, nil
	}
	return 0, replayer.system.removeJournal(path)
}

// undo goes from names over the resolver's link settings to the interface, so that nothing ever points to an
// answerer that is gone.
func (replayer replayer) undo(entries []journal.Entry, here journal.Opened) (leftOver int) {
	failed := func(what string, err error) {
		if err != nil {
			leftOver++
			replayer.options.Log.Error("undo failed", "what", what, "error", err)
		}
	}
	var changes []journal.FileChange
	var aliases []string
	var resolved []int
	var tables []uint32
	local := false // whether the links of the entries at hand can still exist
	for _, entry := range entries {
		switch {
		case entry.Opened != nil:
			if entry.Opened.Version != journal.Version {
				failed("journal", fmt.Errorf("it is of version %d", entry.Opened.Version))
				return leftOver
			}
			local = entry.Opened.Boot == here.Boot && entry.Opened.NetworkNamespace == here.NetworkNamespace
		case entry.File != nil:
			// Lines with our resolver are taken out of the file: it must be ours, not the office's.
			if resolver, err := netip.ParseAddr(entry.File.Nameserver); err != nil || !isTunnels(resolver) {
				failed("journal", fmt.Errorf("%q is no resolver of ours", entry.File.Nameserver))
				continue
			}
			changes = append(changes, *entry.File)
		case entry.Link != nil && local:
			aliases = append(aliases, entry.Link.Alias)
		case entry.Resolved != nil && local:
			resolved = append(resolved, entry.Resolved.Index)
		case entry.Rule != nil && local:
			tables = append(tables, entry.Rule.Table)
		}
	}
	failed("resolv.conf", replayer.system.undoFile(changes))
	for _, table := range tables {
		failed("rules", replayer.system.removeRules(table))
	}
	for _, alias := range aliases {
		// An index alone proves nothing: it may be another interface's by now.
		if index := replayer.system.findTun(alias); index != 0 && slices.Contains(resolved, index) {
			failed("systemd-resolved", replayer.system.undoResolved(index))
		}
		failed("interface", replayer.system.closeTun(alias))
	}
	return leftOver
}

// foreign tells whether any of the entries was made in another place that still lives.
func (replayer replayer) foreign(entries []journal.Entry, here journal.Opened) bool {
	for _, entry := range entries {
		opened := entry.Opened
		if opened != nil && opened.Boot == here.Boot && opened.NetworkNamespace != here.NetworkNamespace &&
			replayer.system.placeLives(*opened) {
			return true
		}
	}
	return false
}
