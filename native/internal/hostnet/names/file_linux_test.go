package names

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/rootonly"
)

const user = 4001

// A resolv.conf that leads into a user's folder leads wherever the user likes. Our version of it is for everybody, so
// what not everybody may read must not come into it.
func TestWhatOnlyRootMayReadIsNotPublishedThroughAResolvConfOfTheUsers(t *testing.T) {
	const secret = "options secret\n"
	for name, attack := range map[string]struct {
		prepare   func() error
		published bool
	}{
		"a file for everybody": {func() error { return os.WriteFile("/run/target", []byte(secret), 0o644) }, true},
		"a file of root's":     {func() error { return os.WriteFile("/run/target", []byte(secret), 0o600) }, false},
		"a file of a group's":  {func() error { return os.WriteFile("/run/target", []byte(secret), 0o640) }, false},
		"a file for everybody in a folder of root's": {func() error {
			return errors.Join(os.Mkdir("/run/private", 0o700), os.WriteFile("/run/private/secret", []byte(secret), 0o644),
				os.Symlink("/run/private/secret", "/run/target"))
		}, false},
		"a FIFO":   {func() error { return syscall.Mkfifo("/run/target", 0o644) }, false},
		"a folder": {func() error { return os.Mkdir("/run/target", 0o755) }, false},
		"a device": {func() error { return os.Symlink("/dev/zero", "/run/target") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			if err := errors.Join(
				attack.prepare(), os.Mkdir("/run/mine", 0o755), os.Chown("/run/mine", user, user),
				os.Symlink("/run/target", "/run/mine/resolv.conf"), os.Remove(resolvConfPath), os.Symlink("/run/mine/resolv.conf", resolvConfPath),
			); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			keeper := newKept()
			keeper.set(t)
			for range 2 { // when the names are set, and when they are looked at again while the file is ours
				if published := strings.Contains(read(t), "secret"); published != attack.published {
					t.Errorf("resolv.conf is\n%s", read(t))
				}
				keeper.set(t)
			}
			keeper.undo(t)
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

// What a journal says of owner, mode and label counts only as far as the file in its place bears it out.
func TestUndoMakesNobodyTheOwnerOfAFile(t *testing.T) {
	ours := []byte("nameserver 198.18.0.3\n")
	for name, check := range map[string]struct {
		now, recorded, wanted journal.FileState
	}{
		"as recorded": {
			journal.FileState{Mode: 0o640, UID: 7, GID: 8}, journal.FileState{Mode: 0o640, UID: 7, GID: 8},
			journal.FileState{Mode: 0o640, UID: 7, GID: 8},
		},
		"another owner": {
			journal.FileState{Mode: 0o644}, journal.FileState{Mode: 0o644, UID: user}, journal.FileState{Mode: 0o644},
		},
		"another group": {
			journal.FileState{Mode: 0o644}, journal.FileState{Mode: 0o644, GID: user}, journal.FileState{Mode: 0o644},
		},
		"writable for everybody": {journal.FileState{Mode: 0o644}, journal.FileState{Mode: 0o666}, journal.FileState{Mode: 0o644}},
		"a program":              {journal.FileState{Mode: 0o644}, journal.FileState{Mode: 0o755}, journal.FileState{Mode: 0o644}},
		"Go's setuid bit":        {journal.FileState{Mode: 0o644}, journal.FileState{Mode: 0o644 | uint32(fs.ModeSetuid)}, journal.FileState{Mode: 0o644}},
		"setuid where it is so":  {journal.FileState{Mode: 0o755}, journal.FileState{Mode: 0o755 | uint32(fs.ModeSetuid)}, journal.FileState{Mode: 0o644}},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			write(t, resolvConfPath, string(ours))
			if err := errors.Join(os.Chmod(resolvConfPath, fs.FileMode(check.now.Mode)), os.Chown(resolvConfPath, check.now.UID, check.now.GID)); err != nil {
				t.Fatal(err)
			}
			recorded := check.recorded
			recorded.Kind, recorded.Content = "file", []byte("nameserver 192.168.77.1\n")
			change := journal.FileChange{Path: resolvConfPath, Before: recorded, After: ours, Nameserver: "198.18.0.3"}
			if err := UndoFile([]journal.FileChange{change}); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(resolvConfPath)
			if err != nil {
				t.Fatal(err)
			}
			status := info.Sys().(*syscall.Stat_t)
			if uint32(info.Mode()) != check.wanted.Mode || int(status.Uid) != check.wanted.UID || int(status.Gid) != check.wanted.GID {
				t.Errorf("%s of %d:%d", info.Mode(), status.Uid, status.Gid)
			}
			if read(t) != string(recorded.Content) {
				t.Errorf("resolv.conf is\n%s", read(t))
			}
		})
	}
}

func TestNothingIsReplacedInAFolderThatOthersMayWriteTo(t *testing.T) {
	for name, attack := range map[string]func() error{
		"a user's":    func() error { return os.Chown("/etc", user, user) },
		"everybody's": func() error { return os.Chmod("/etc", 0o777) },
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			keeper := newKept()
			keeper.set(t)
			if err := attack(); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			if err := UndoFile(keeper.changes); !errors.Is(err, rootonly.ErrExposed) {
				t.Errorf("undone: %v", err)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}
