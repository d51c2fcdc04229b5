package names

import (
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
	"slipway/native/internal/rootonly"
)

const (
	resolvConfPath = journal.ResolvConf
	pendingSuffix  = ".slipway" // of our version until it is renamed
	maxResolvConf  = journal.MaxFile
	labelAttribute = "security.selinux"
	usualMode      = 0o644 // of a resolv.conf
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
		state.Content, err = readPublic(path)
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
	return readAll(file)
}

// readPublic reads what a symlink leads to, as long as every program may read it there. What it leads to may be of a
// user's choice, and our version of it is for everybody: root must not publish what was root's alone. To others it is
// fs.ErrNotExist, as to a program that may not come there.
func readPublic(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	const everybodyReads, everybodyEnters = 0o004, 0o001
	if !info.Mode().IsRegular() || info.Mode().Perm()&everybodyReads == 0 {
		return nil, fs.ErrNotExist
	}
	// The kernel's own word for where the open file is, whatever the link says by now (proc_pid_fd(5)).
	folder, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if err != nil {
		return nil, err
	}
	for folder != "/" {
		folder = filepath.Dir(folder)
		if info, err := os.Lstat(folder); err != nil || !info.IsDir() || info.Mode().Perm()&everybodyEnters == 0 {
			return nil, fs.ErrNotExist
		}
	}
	return readAll(file)
}

func readAll(file *os.File) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, maxResolvConf+1))
	if err == nil && len(content) > maxResolvConf {
		err = fmt.Errorf("%s is larger than %d bytes", file.Name(), maxResolvConf)
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
// never followed, and the folder is root's alone.
func put(path string, state journal.FileState, inPlace bool) error {
	folder, err := rootonly.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	name := filepath.Base(path)
	switch {
	case inPlace && state.Kind != "file":
		return fmt.Errorf("%s is a mount point now", path)
	case inPlace:
		return overwrite(folder, name, state.Content)
	case state.Kind == "absent":
		err = removeIfThere(folder, name)
	default:
		err = replace(folder, name, state)
	}
	if err != nil {
		return err
	}
	return syncFolder(folder)
}

func removeIfThere(folder *os.Root, name string) error {
	if _, err := folder.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil // a file system made read-only refuses even to remove nothing
	}
	if err := folder.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func replace(folder *os.Root, name string, state journal.FileState) error {
	pending := name + pendingSuffix
	err := removeIfThere(folder, pending)
	if err != nil {
		return err
	}
	if state.Kind == "symlink" {
		err = folder.Symlink(state.Target, pending)
	} else {
		err = writePending(folder, pending, state)
	}
	if err == nil {
		err = folder.Rename(pending, name)
	}
	if err != nil {
		folder.Remove(pending)
	}
	return err
}

func writePending(folder *os.Root, pending string, state journal.FileState) error {
	file, err := folder.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
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
	if err := file.Chmod(fs.FileMode(state.Mode) & fs.ModePerm); err != nil {
		return err
	}
	if len(state.Label) > 0 {
		// Where SELinux is off the label was readable all the same, and may not be settable.
		_ = unix.Fsetxattr(int(file.Fd()), labelAttribute, state.Label, 0)
	}
	if state.ModifiedAt != 0 {
		modified := time.Unix(0, state.ModifiedAt)
		if err := folder.Chtimes(pending, modified, modified); err != nil {
			return err
		}
	}
	return file.Sync()
}

// overwrite keeps the file itself. New content goes over the old before the rest is cut off, so that no reader ever
// sees it empty; halfWritten tells the state between the two.
func overwrite(folder *os.Root, name string, content []byte) error {
	file, err := folder.OpenFile(name, os.O_WRONLY|unix.O_NOFOLLOW, 0)
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

func syncFolder(folder *os.Root) error {
	file, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}
