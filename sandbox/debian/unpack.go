package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"pault.ag/go/debian/deb"
)

// packageLimit bounds what one package may unpack to, in bytes: none of Debian's that are wanted here comes near.
const packageLimit = 2 << 30

// merged are folders that Debian merged into /usr (https://wiki.debian.org/UsrMerge); some packages still bring the old ones.
var merged = []string{"bin", "sbin", "lib", "lib64"}

// unread are folders that nobody reads here, as patterns of path.Match.
var unread = []string{
	"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian",
	"usr/share/bash-completion", "usr/share/zsh", "usr/lib/*/gconv",
}

// prepareTree makes the folders that every package expects.
func prepareTree(tree *os.Root) error {
	for _, name := range merged {
		if err := tree.MkdirAll("usr/"+name, 0o755); err != nil {
			return err
		}
		if err := tree.Symlink("usr/"+name, name); err != nil {
			return err
		}
	}
	return nil
}

// unpack puts the files of a .deb into the tree: files, folders and links, and each of them inside of it. os.Root
// refuses what would lead out; a package that tries, or brings anything else, is refused as a whole.
func unpack(file io.ReaderAt, tree *os.Root) error {
	archive, err := deb.LoadAr(file)
	if err != nil {
		return err
	}
	for {
		member, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("it has no data.tar")
		}
		if err != nil {
			return err
		}
		if !strings.HasPrefix(member.Name, "data.tar") {
			continue
		}
		content, closer, err := member.Tarfile()
		if err != nil {
			return err
		}
		err = unpackTar(content, tree)
		return errors.Join(err, closer.Close())
	}
}

func unpackTar(content *tar.Reader, tree *os.Root) error {
	left := int64(packageLimit)
	for {
		header, err := content.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := inside(header.Name)
		if err != nil {
			return err
		}
		if left -= header.Size; left < 0 {
			return fmt.Errorf("it unpacks to more than %d bytes", int64(packageLimit))
		}
		if name == "." || isUnread(name) {
			continue
		}
		if err := unpackEntry(header, name, content, tree); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// inside is the name relative to the tree; one that leads out of it is an error.
func inside(name string) (string, error) {
	cleaned := path.Clean(strings.TrimPrefix(name, "./"))
	if !fs.ValidPath(cleaned) || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("its path %q leads out of the tree", name)
	}
	return cleaned, nil
}

func isUnread(name string) bool {
	for at := name; at != "."; at = path.Dir(at) {
		for _, pattern := range unread {
			if matches, _ := path.Match(pattern, at); matches {
				return true
			}
		}
	}
	return false
}

func unpackEntry(header *tar.Header, name string, content io.Reader, tree *os.Root) error {
	// No set-user-id, and no owner but who unpacks: nobody else runs what is here.
	mode := header.FileInfo().Mode().Perm()
	if header.Typeflag == tar.TypeDir {
		return makeFolder(tree, name, mode)
	}
	if err := tree.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeReg:
		return writeFile(tree, name, mode, content)
	case tar.TypeSymlink:
		target, err := linkTarget(name, header.Linkname)
		if err != nil {
			return err
		}
		return replace(tree, name, func() error { return tree.Symlink(target, name) })
	case tar.TypeLink:
		existing, err := inside(header.Linkname)
		if err != nil {
			return err
		}
		if information, err := tree.Lstat(existing); err != nil || !information.Mode().IsRegular() {
			return fmt.Errorf("it is a hard link to %q, which is no file of the tree", header.Linkname)
		}
		return replace(tree, name, func() error { return tree.Link(existing, name) })
	}
	return fmt.Errorf("it is neither file, folder nor link but of type %q", header.Typeflag)
}

// makeFolder leaves a link that leads to a folder, as those of the merged /usr.
func makeFolder(tree *os.Root, name string, mode fs.FileMode) error {
	if information, err := tree.Stat(name); err == nil && information.IsDir() {
		return nil
	}
	if err := tree.MkdirAll(name, 0o755); err != nil {
		return err
	}
	// Whoever unpacks must be able to write into it.
	return tree.Chmod(name, mode|0o700)
}

func writeFile(tree *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	return replace(tree, name, func() error {
		file, err := tree.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	})
}

// replace removes what is there under the name, never what a link there leads to.
func replace(tree *os.Root, name string, make func() error) error {
	if err := tree.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return make()
}

// linkTarget is where a symbolic link leads, relative to its own folder: an absolute one means the tree's root, wherever
// the tree is.
func linkTarget(name, target string) (string, error) {
	folder := realFolder(path.Dir(name))
	whole := path.Join(folder, target)
	if path.IsAbs(target) {
		whole = strings.TrimPrefix(path.Clean(target), "/")
	}
	if whole == "" {
		whole = "."
	}
	if !fs.ValidPath(whole) {
		return "", fmt.Errorf("it is a link to %q, which leads out of the tree", target)
	}
	if !path.IsAbs(target) {
		return target, nil
	}
	up := ""
	if folder != "." {
		up = strings.Repeat("../", strings.Count(folder, "/")+1)
	}
	return up + whole, nil
}

// checkLinks refuses a tree with a symbolic link that leads out of it by way of other links, which no look at one of them
// tells. One that leads to nothing is none.
func checkLinks(tree *os.Root) error {
	return fs.WalkDir(tree.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return err
		}
		if _, err := tree.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// realFolder is the folder that one of the merged ones really is.
func realFolder(folder string) string {
	first, _, _ := strings.Cut(folder, "/")
	for _, name := range merged {
		if first == name {
			return "usr/" + folder
		}
	}
	return folder
}
