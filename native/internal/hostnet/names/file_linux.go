package names

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
)

const (
	resolvConfPath    = "/etc/resolv.conf"
	resolvConfPending = resolvConfPath + ".slipway" // our version until it is renamed
	maxResolvConf     = 64 << 10                    // bytes; a larger one is none
	labelAttribute    = "security.selinux"
)

// capture reads all that is needed to put the file back. For a symlink Content is what it leads to.
func capture(path string) (journal.FileState, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return journal.FileState{Kind: "absent"}, nil
	}
	if err != nil {
		return journal.FileState{}, err
	}
	status, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return journal.FileState{}, errors.New("no status")
	}
	state := journal.FileState{
		Kind: "file", Mode: uint32(info.Mode().Perm()), UID: int(status.Uid), GID: int(status.Gid),
		ModifiedAt: info.ModTime().UnixNano(),
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		state.Kind = "symlink"
		if state.Target, err = os.Readlink(path); err != nil {
			return state, err
		}
		state.Content, err = readBounded(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // it leads nowhere; that is a state to come back to as well
		}
		return state, err
	case !info.Mode().IsRegular():
		return state, fmt.Errorf("%s is no regular file", path)
	}
	label := make([]byte, 256)
	if length, err := unix.Lgetxattr(path, labelAttribute, label); err == nil {
		state.Label = label[:length]
	}
	state.Content, err = readBounded(path)
	return state, err
}

func readBounded(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO must not hang us
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxResolvConf+1))
	if err == nil && len(content) > maxResolvConf {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxResolvConf)
	}
	return content, err
}

// isMountPoint tells whether something is mounted on the file itself, as container runtimes and ip-netns(8) do:
// then it cannot be renamed over.
func isMountPoint(path string) bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(mounts)) {
		if parts := strings.Fields(line); len(parts) > 4 && parts[4] == path { // proc_pid_mountinfo(5), field 5
			return true
		}
	}
	return false
}

// put makes the file what state says, in one step where it can be renamed over. A symlink at path is replaced,
// never followed.
func put(path string, state journal.FileState, inPlace bool) error {
	if inPlace {
		if state.Kind != "file" {
			return fmt.Errorf("%s is a mount point now", path)
		}
		return overwrite(path, state.Content)
	}
	if state.Kind == "absent" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncFolder(filepath.Dir(path))
	}
	pending := path + ".slipway"
	if err := os.Remove(pending); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var err error
	if state.Kind == "symlink" {
		err = os.Symlink(state.Target, pending)
	} else {
		err = writePending(pending, state)
	}
	if err == nil {
		err = os.Rename(pending, path)
	}
	if err != nil {
		os.Remove(pending)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func writePending(pending string, state journal.FileState) error {
	file, err := os.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(state.Content); err != nil {
		return err
	}
	if err := file.Chown(state.UID, state.GID); err != nil {
		return err
	}
	if err := file.Chmod(fs.FileMode(state.Mode)); err != nil {
		return err
	}
	if len(state.Label) > 0 {
		// Where SELinux is off the label was readable all the same, and may not be settable.
		_ = unix.Fsetxattr(int(file.Fd()), labelAttribute, state.Label, 0)
	}
	if state.ModifiedAt != 0 {
		modified := time.Unix(0, state.ModifiedAt)
		if err := os.Chtimes(pending, modified, modified); err != nil {
			return err
		}
	}
	return file.Sync()
}

// overwrite keeps the file itself. New content goes over the old before the rest is cut off, so that no reader ever
// sees it empty; halfWritten tells the state between the two.
func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.WriteAt(content, 0); err != nil {
		return err
	}
	if err := file.Truncate(int64(len(content))); err != nil {
		return err
	}
	return file.Sync()
}

func halfWritten(content, over []byte) []byte {
	if len(content) >= len(over) {
		return content
	}
	return slices.Concat(content, over[len(content):])
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// UndoFile puts the file back to what it was before the newest of changes that is still in force. Where somebody
// edited it since, only our lines go; where nothing of ours is in it, it stays as it is.
func UndoFile(changes []journal.FileChange) error {
	if len(changes) == 0 {
		return nil
	}
	path := changes[0].Path
	if path != resolvConfPath {
		return fmt.Errorf("undo file: %q is not a file that is ever changed", path)
	}
	if _, err := os.Lstat(resolvConfPending); err == nil { // a file system made read-only refuses even for nothing
		if err := os.Remove(resolvConfPending); err != nil {
			return fmt.Errorf("undo file: %w", err)
		}
	}
	now, err := capture(path)
	if err != nil {
		return fmt.Errorf("undo file: %w", err)
	}
	if now.Kind != "file" {
		return nil // the change was never made, or somebody put something else in its place
	}
	mounted := isMountPoint(path)
	var resolvers, added []string
	for _, change := range slices.Backward(changes) {
		resolvers = append(resolvers, change.Nameserver)
		added = append(added, change.Search...)
		before, after := change.Before.Content, change.After
		inForce := bytes.Equal(now.Content, after)
		if change.InPlace && !bytes.Equal(now.Content, before) {
			inForce = inForce || bytes.Equal(now.Content, halfWritten(after, before)) ||
				bytes.Equal(now.Content, halfWritten(before, after))
		}
		if !inForce {
			continue
		}
		if err := put(path, change.Before, mounted); err != nil {
			return fmt.Errorf("undo file: %w", err)
		}
		return nil
	}
	cleaned, asksUs := withoutOurs(now.Content, resolvers, added)
	if !asksUs {
		return nil
	}
	now.Content, now.ModifiedAt = cleaned, 0
	if err := put(path, now, mounted); err != nil {
		return fmt.Errorf("undo file: %w", err)
	}
	return nil
}
