package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// buildTree makes the file tree of the space. Mounts are private first, so that
// nothing done here is seen by the machine.
func buildTree(definition *Definition) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if definition.Root != nil {
		if err := changeRoot(*definition.Root); err != nil {
			return fmt.Errorf("change root to %s: %w", definition.Root.Tree, err)
		}
	}
	if definition.ProcessNamespace {
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("mount /proc: %w", err)
		}
		if err := unix.Sethostname([]byte(definition.Name)); err != nil {
			return fmt.Errorf("set host name: %w", err)
		}
	}
	for _, step := range definition.Steps {
		if err := apply(step); err != nil {
			return err
		}
	}
	if definition.SharedPropagation {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
			return fmt.Errorf("make mounts shared: %w", err)
		}
	}
	return nil
}

// staging is where the new root is built: every space has a /run of its own afterwards, and nothing of the machine that
// is shown is below it.
const staging = "/run"

// changeRoot makes the tree the root of this mount namespace, and what is not shown of the machine unreachable.
func changeRoot(root Root) error {
	if err := unix.Mount("tmpfs", staging, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	upper, work, tree := staging+"/upper", staging+"/work", staging+"/root"
	for _, folder := range []string{upper, work, tree} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	layers := Mount{
		Type: "overlay", Source: "overlay", Target: tree,
		Options: fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", root.Tree, upper, work),
	}
	if err := mount(layers); err != nil {
		return err
	}
	for _, folder := range append([]string{"/proc", "/sys", "/dev"}, root.Shown...) {
		if err := mount(Mount{Type: "bind", Source: folder, Target: tree + folder}); err != nil {
			return err
		}
	}
	// The old root is mounted over the new one and then taken off (pivot_root(2)).
	if err := os.Chdir(tree); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Chdir("/")
}

func apply(step Step) error {
	switch {
	case step.Mount != nil:
		return mount(*step.Mount)
	case step.File != nil:
		return writeFile(*step.File)
	case step.Link != nil:
		if err := os.Remove(step.Link.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make room for link: %w", err)
		}
		return os.Symlink(step.Link.Target, step.Link.Path)
	case step.Folder != nil:
		if err := os.MkdirAll(step.Folder.Path, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(step.Folder.Path, fs.FileMode(step.Folder.Mode)); err != nil {
			return err
		}
		return os.Chown(step.Folder.Path, step.Folder.Owner, step.Folder.Owner)
	case step.Device != nil:
		number := int(unix.Mkdev(step.Device.Major, step.Device.Minor))
		if err := unix.Mknod(step.Device.Path, unix.S_IFCHR, number); err != nil {
			return fmt.Errorf("make device %s: %w", step.Device.Path, err)
		}
		return os.Chmod(step.Device.Path, fs.FileMode(step.Device.Mode))
	}
	return errors.New("a step of the definition is empty")
}

func mount(m Mount) error {
	if _, err := os.Stat(m.Target); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(m.Target, 0o755); err != nil {
			return fmt.Errorf("make mount point: %w", err)
		}
	}
	var err error
	switch m.Type {
	case "bind":
		err = unix.Mount(m.Source, m.Target, "", unix.MS_BIND|unix.MS_REC, "")
	case "move":
		err = unix.Mount(m.Source, m.Target, "", unix.MS_MOVE, "")
	default:
		err = unix.Mount(m.Source, m.Target, m.Type, 0, m.Options)
	}
	if err != nil {
		return fmt.Errorf("mount %s %s on %s (%s): %w", m.Type, m.Source, m.Target, m.Options, err)
	}
	return nil
}

// writeFile replaces a symbolic link by the file instead of writing through it: the
// link's target may belong to the machine.
func writeFile(f File) error {
	if information, err := os.Lstat(f.Path); err == nil && information.Mode()&fs.ModeSymlink != 0 {
		if err := os.Remove(f.Path); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if f.Append {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	file, err := os.OpenFile(f.Path, flags, fs.FileMode(f.Mode))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(f.Text)
	return err
}
