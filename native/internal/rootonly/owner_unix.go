//go:build unix

package rootonly

import (
	"errors"
	"io/fs"
	"syscall"
)

var errNoStatus = errors.New("the system does not tell whose it is")

func owner(info fs.FileInfo) (uint32, error) {
	status, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, errNoStatus
	}
	return status.Uid, nil
}

func linkCount(info fs.FileInfo) (uint64, error) {
	status, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, errNoStatus
	}
	return uint64(status.Nlink), nil
}
