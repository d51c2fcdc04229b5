package lease

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Listen makes the socket of uid under runtimeDirectory, whose parent only root may write to. The folder belongs to
// the user in the end, so that nobody else can enter it; while root works in it, it belongs to root, so that the user
// cannot put a symlink where root is about to change an owner.
func Listen(runtimeDirectory string, uid uint32) (*net.UnixListener, error) {
	if err := os.MkdirAll(runtimeDirectory, 0o755); err != nil {
		return nil, fmt.Errorf("make runtime folder: %w", err)
	}
	folder := filepath.Join(runtimeDirectory, strconv.FormatUint(uint64(uid), 10))
	if err := takeFolder(folder); err != nil {
		return nil, fmt.Errorf("make socket folder: %w", err)
	}
	path := filepath.Join(folder, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove an earlier socket: %w", err)
	}
	mask := syscall.Umask(0o177) // bind(2) makes the socket with mode 0600
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(mask)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	err = os.Lchown(path, int(uid), -1)
	if err == nil {
		err = os.Lchown(folder, int(uid), -1)
	}
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("give the socket to its user: %w", err)
	}
	return listener, nil
}

func takeFolder(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("something else is in its place")
	}
	if err := os.Lchown(folder, os.Geteuid(), -1); err != nil {
		return err
	}
	return os.Chmod(folder, 0o700) // its parent is root's, so this is still the folder just looked at
}

// Unlisten removes the folder of uid, if nothing of the user's own is in it.
func Unlisten(runtimeDirectory string, uid uint32) {
	os.Remove(filepath.Join(runtimeDirectory, strconv.FormatUint(uint64(uid), 10)))
	os.Remove(runtimeDirectory)
}
