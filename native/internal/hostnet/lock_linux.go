package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/rootonly"
)

const (
	// The kernel frees what a killed process held only after it has taken down its TUN, which is later than the process
	// looks ended.
	lockPatience = 2 * time.Second
	lockPoll     = 20 * time.Millisecond
)

// FileLock is held until Release, or until the process ends however it ends.
type FileLock struct {
	folder *os.Root
	name   string
	file   *os.File
}

// TakeLock locks the file at path and waits for a holder that is just ending. A folder or file that is not root's alone
// is rootonly.ErrExposed.
func TakeLock(path string) (*FileLock, error) {
	deadline := time.Now().Add(lockPatience)
	for {
		lock, err := TryLock(path)
		if !errors.Is(err, ErrLocked) || time.Now().After(deadline) {
			return lock, err
		}
		time.Sleep(lockPoll)
	}
}

// TryLock is TakeLock without patience.
func TryLock(path string) (*FileLock, error) {
	for {
		lock, err := tryOnce(path)
		if lock != nil || err != nil {
			return lock, err
		}
	}
}

// tryOnce returns neither lock nor error where the holder before removed the file, or the folder with it, between our
// open and our lock.
func tryOnce(path string) (*FileLock, error) {
	folder, err := rootonly.Make(filepath.Dir(path), 0o755)
	if err != nil {
		return nil, fmt.Errorf("take lock: %w", err)
	}
	lock := &FileLock{folder: folder, name: filepath.Base(path)}
	isHeld, err := lock.try()
	if isHeld {
		return lock, nil
	}
	folder.Close()
	return nil, err
}

func (lock *FileLock) try() (isHeld bool, err error) {
	lock.file, err = rootonly.OpenFile(lock.folder, lock.name, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take lock: %w", err)
	}
	if err := unix.Flock(int(lock.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return false, ErrLocked
		}
		return false, fmt.Errorf("take lock: %w", err)
	}
	ours, err := lock.file.Stat()
	if named, statErr := lock.folder.Lstat(lock.name); err == nil && statErr == nil && os.SameFile(ours, named) {
		return true, nil
	}
	lock.file.Close()
	return false, nil
}

// Release removes the file, and the folder where nothing else is in it, and gives the lock back.
func (lock *FileLock) Release() {
	lock.folder.Remove(lock.name)
	os.Remove(lock.folder.Name()) // root's alone all the way, as TryLock saw
	lock.file.Close()
	lock.folder.Close()
}
