// Package rootonly opens folders and files that root alone can change: what root acts on must not be anybody's who is
// not root. A folder is good when it and every folder above it belong to root, are writable by nobody else, and no
// symlink lies on the way. What such a folder holds cannot change hands between a look and its use, so a check of it is
// no race. It must never repair what it finds: a folder that is somebody's stays what it is, and is refused.
package rootonly

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrExposed is returned for what somebody else than root could change, or lead elsewhere.
var ErrExposed = errors.New("not root's alone")

// othersMayWrite are the mode bits of group and others; an ACL that lets more in shows in the group's (acl(5)).
const othersMayWrite = 0o022

// Open opens the folder at path, which is absolute. Its errors: ErrExposed, fs.ErrNotExist, and those of open(2).
func Open(path string) (*os.Root, error) {
	return walk(path, func(above *os.Root, name string) error {
		return &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	})
}

// Make is Open, and makes what is missing with mode, whatever the umask is.
func Make(path string, mode fs.FileMode) (*os.Root, error) {
	return walk(path, func(above *os.Root, name string) error {
		if err := above.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return above.Chmod(name, mode)
	})
}

func walk(path string, missing func(above *os.Root, name string) error) (*os.Root, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, exposed(path, "it is not absolute")
	}
	folder, err := os.OpenRoot("/")
	if err != nil {
		return nil, err
	}
	if err := checkFolder(folder); err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		next, err := enter(folder, name, missing)
		folder.Close()
		if err != nil {
			return nil, err
		}
		folder = next
	}
	return folder, nil
}

func enter(above *os.Root, name string, missing func(*os.Root, string) error) (*os.Root, error) {
	info, err := above.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := missing(above, name); err != nil {
			return nil, err
		}
		info, err = above.Lstat(name)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() { // a symlink too: root's folders are where their names say
		return nil, exposed(strings.TrimSuffix(above.Name(), "/")+"/"+name, "it is no folder")
	}
	folder, err := above.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if err := checkFolder(folder); err != nil {
		folder.Close()
		return nil, err
	}
	return folder, nil
}

func exposed(path, because string) error {
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%s: %w", because, ErrExposed)}
}

func checkFolder(folder *os.Root) error {
	info, err := folder.Stat(".")
	if err != nil {
		return err
	}
	return check(folder.Name(), info)
}

func check(name string, info fs.FileInfo) error {
	uid, err := owner(info)
	switch {
	case err != nil:
		return err
	case uid != 0:
		return exposed(name, fmt.Sprintf("it belongs to user %d", uid))
	case info.Mode().Perm()&othersMayWrite != 0:
		return exposed(name, "others than root may write to it")
	}
	return nil
}

// OpenFile opens or makes the file name in a folder that came from Open or Make. It is a regular file with one name,
// root's alone, and never reached through a symlink.
func OpenFile(folder *os.Root, name string, flag int, mode fs.FileMode) (*os.File, error) {
	before, err := folder.Lstat(name)
	if err == nil {
		err = checkFile(folder, name, before)
	} else if errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0 {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	file, err := folder.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	opened, err := file.Stat()
	if err == nil {
		err = checkFile(folder, name, opened)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func checkFile(folder *os.Root, name string, info fs.FileInfo) error {
	path := folder.Name() + "/" + name
	if !info.Mode().IsRegular() {
		return exposed(path, "it is no regular file")
	}
	if names, err := linkCount(info); err != nil || names > 1 {
		return exposed(path, "it has another name elsewhere")
	}
	return check(path, info)
}
