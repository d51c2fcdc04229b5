package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve allocates blocks up to size without changing the file's length.
func reserve(file *os.File, size int64) error {
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil // then a full disk is met by Append, still before the change
	}
	return err
}
