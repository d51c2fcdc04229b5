package hostnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrLocked is returned by TakeLock when another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// FileLock is held until Release, or until the process ends however it ends.
type FileLock struct {
	path string
	file *os.File
}

// TakeLock locks the file at path, whose folder only root may write to.
func TakeLock(path string) (*FileLock, error) {
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
