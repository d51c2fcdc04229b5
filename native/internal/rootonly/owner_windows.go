package rootonly

import (
	"errors"
	"io/fs"
)

var errNotYet = errors.New("whose a file is: not yet on this system")

func owner(fs.FileInfo) (uint32, error) { return 0, errNotYet }

func linkCount(fs.FileInfo) (uint64, error) { return 0, errNotYet }
