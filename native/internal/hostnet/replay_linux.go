package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/rootonly"
	"slipway/native/internal/wire"
)

// errForeign is returned for a journal whose changes are in another network namespace that still lives: undoing
// them here would lose them there.
var errForeign = errors.New("the journal belongs to another network namespace")

// Recover undoes what killed helpers of any user left, or of the users named. It needs the network for itself; while
// a lease is in force it returns ErrLocked. What could not be undone is counted and stays in its journal.
func Recover(options Options, users ...uint32) (leftOver int, err error) {
	here, err := whereabouts()
	if err != nil {
		return 0, err
	}
	lock, err := TakeLock(leaseLock(options, here))
	if err != nil {
		return 0, err
	}
	defer lock.Release()
	removeStaleLocks(options.RuntimeDirectory)
	return replayAll(options, here, users)
}

// leaseLock is taken while a lease is in force in this network namespace, whoever's it is: two helpers would each
// take the other's resolv.conf for the laptop's own.
func leaseLock(options Options, here journal.Opened) string {
	return filepath.Join(options.RuntimeDirectory, fmt.Sprintf("lease-%d.lock", here.NetworkNamespace))
}

// removeStaleLocks removes the files of locks that nobody holds any more, of leases and of users.
func removeStaleLocks(runtimeDirectory string) {
	names, _ := entriesOf(runtimeDirectory)
	for _, name := range names {
		if !strings.HasSuffix(name, ".lock") {
			continue
		}
		path := filepath.Join(runtimeDirectory, name)
		if lock, err := TryLock(path); err == nil {
			lock.Release()
		}
	}
}

// entriesOf names what is in a folder of ours; one that is not there has nothing in it.
func entriesOf(path string) (names []string, err error) {
	folder, err := rootonly.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	file, err := folder.Open(".")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Readdirnames(-1)
}

// replayAll needs the lease lock, so every journal it finds is one of a helper that was killed. Journals of other
// namespaces are errors only where they stand in the way of user's own.
func replayAll(options Options, here journal.Opened, users []uint32) (leftOver int, err error) {
	folders, err := entriesOf(options.StateDirectory)
	if err != nil {
		return 0, fmt.Errorf("look for journals: %w", err)
	}
	var problems []error
	for _, folder := range folders {
		number, err := strconv.ParseUint(folder, 10, 32)
		if err != nil || len(users) > 0 && !slices.Contains(users, uint32(number)) {
			continue
		}
		left, err := replay(JournalPath(options.StateDirectory, uint32(number)), here, options.Log)
		leftOver += left
		if err != nil && (uint32(number) == options.UID || !errors.Is(err, errForeign)) {
			problems = append(problems, err)
		}
	}
	return leftOver, errors.Join(problems...)
}

// replay undoes what the journal at path tells and removes it, unless something is left over.
func replay(path string, here journal.Opened, log *slog.Logger) (leftOver int, err error) {
	entries, damaged, err := journal.Read(path)
	if err != nil {
		return 0, err
	}
	if foreign(entries, here) {
		return 0, errForeign
	}
	leftOver = damaged + undo(entries, here, log)
	if leftOver > 0 {
		return leftOver, nil
	}
	return 0, journal.Remove(path)
}

// undo goes from names over the resolver's link settings to the interface, so that nothing ever points to an
// answerer that is gone.
func undo(entries []journal.Entry, here journal.Opened, log *slog.Logger) (leftOver int) {
	failed := func(what string, err error) {
		if err != nil {
			leftOver++
			log.Error("undo failed", "what", what, "error", err)
		}
	}
	var changes []journal.FileChange
	var aliases []string
	var resolved []int
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
			if resolver, err := netip.ParseAddr(entry.File.Nameserver); err != nil || !wire.TunnelRange.Contains(resolver) {
				failed("journal", fmt.Errorf("%q is no resolver of ours", entry.File.Nameserver))
				continue
			}
			changes = append(changes, *entry.File)
		case entry.Link != nil && local:
			aliases = append(aliases, entry.Link.Alias)
		case entry.Resolved != nil && local:
			resolved = append(resolved, entry.Resolved.Index)
		}
	}
	failed("resolv.conf", names.UndoFile(changes))
	for _, alias := range aliases {
		// An index alone proves nothing: it may be another interface's by now.
		if index := tundev.Find(alias); index != 0 && slices.Contains(resolved, index) {
			failed("systemd-resolved", names.UndoResolved(index))
		}
		failed("interface", tundev.Close(alias))
	}
	return leftOver
}

func whereabouts() (journal.Opened, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return journal.Opened{}, fmt.Errorf("read boot id: %w", err)
	}
	var status unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &status); err != nil {
		return journal.Opened{}, fmt.Errorf("read network namespace: %w", err)
	}
	return journal.Opened{Boot: strings.TrimSpace(string(boot)), NetworkNamespace: status.Ino}, nil
}

// foreign tells whether any of the entries was made in another network namespace that still lives.
func foreign(entries []journal.Entry, here journal.Opened) bool {
	for _, entry := range entries {
		opened := entry.Opened
		if opened != nil && opened.Boot == here.Boot && opened.NetworkNamespace != here.NetworkNamespace &&
			namespaceLives(opened.NetworkNamespace) {
			return true
		}
	}
	return false
}

// namespaceLives looks for a process in the namespace, or a mount that keeps it (ip-netns(8)).
func namespaceLives(inode uint64) bool {
	name := fmt.Sprintf("net:[%d]", inode)
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return true // better to leave a journal than to lose it
	}
	for _, process := range processes {
		if target, err := os.Readlink("/proc/" + process.Name() + "/ns/net"); err == nil && target == name {
			return true
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return err != nil || strings.Contains(string(mounts), " "+name+" ")
}
