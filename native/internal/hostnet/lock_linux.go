package hostnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// The kernel frees what a killed process held only after it has taken down its TUN, which is later than the process
	// looks ended.
	lockPatience = 2 * time.Second
	lockPoll     = 20 * time.Millisecond
)

// ErrLocked is returned by TakeLock and TryLock when another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// FileLock is held until Release, or until the process ends however it ends.
type FileLock struct {
	path string
	file *os.File
}

// TakeLock locks the file at path, whose folder only root may write to, and waits for a holder that is just ending.
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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("take lock: %w", err)
	}
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("take lock: %w", err)
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			file.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, ErrLocked
			}
			return nil, fmt.Errorf("take lock: %w", err)
		}
		// The holder before may have removed the file between our open and our lock.
		ours, err := file.Stat()
		if named, statErr := os.Stat(path); err == nil && statErr == nil && os.SameFile(ours, named) {
			return &FileLock{path: path, file: file}, nil
		}
		file.Close()
	}
}

// Release removes the file and gives the lock back.
func (lock *FileLock) Release() {
	os.Remove(lock.path)
	lock.file.Close()
}
