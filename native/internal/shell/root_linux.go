package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// remade are the folders that the inside makes anew, with what lies in them bound each for itself: its root owns them, as
// the helper asks of folders that it trusts, and may put files of its own beside.
var remade = []string{"/", "/etc", "/run", "/run/systemd", "/run/systemd/resolve", "/var", "/var/lib"}

// hidden is what would answer for the laptop's network, or is a helper's of the laptop.
var hidden = []string{
	"/etc/resolv.conf", "/run/slipway", "/var/lib/slipway", "/run/dbus", "/run/nscd", "/var/cache/nscd", "/run/resolvconf",
	"/run/systemd/resolve/io.systemd.Resolve", "/run/systemd/resolve/io.systemd.Resolve.Monitor", "/proc", "/sys",
}

// enterRoot makes a root in folder, of everything that the laptop has but what belongs to its network, and enters it.
func enterRoot(folder string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	resolvers, err := os.ReadFile(resolversFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("slipway", folder, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("mount a root: %w", err)
	}
	if err := fill(folder, "/"); err != nil {
		return err
	}
	// The root lies in one of the folders that were bound, which therefore showed it once more below itself.
	_ = unix.Unmount(filepath.Join(folder, folder), unix.MNT_DETACH)
	if err := mountKernel(folder); err != nil {
		return err
	}
	file := filepath.Join(folder, resolversFile)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(resolversForInside(string(resolvers))), 0o644); err != nil {
		return err
	}
	return pivot(folder)
}

func fill(root, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		target := filepath.Join(root, path)
		if slices.Contains(hidden, path) || path == root {
			continue
		}
		if entry.IsDir() && slices.Contains(remade, path) {
			if err := os.Mkdir(target, 0o755); err != nil {
				return err
			}
			if err := fill(root, path); err != nil {
				return err
			}
			continue
		}
		if err := bind(path, target, entry); err != nil && !errors.Is(err, fs.ErrNotExist) { // it went meanwhile
			return fmt.Errorf("bind %s: %w", path, err)
		}
	}
	return nil
}

func bind(path, target string, entry fs.DirEntry) error {
	switch {
	case entry.Type()&fs.ModeSymlink != 0:
		leadsTo, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(leadsTo, target)
	case entry.IsDir():
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
	default:
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return err
		}
	}
	return unix.Mount(path, target, "", unix.MS_BIND|unix.MS_REC, "")
}

// mountKernel shows the namespaces' own processes and interfaces.
func mountKernel(root string) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	for _, one := range []struct{ path, kind string }{{"/proc", "proc"}, {"/sys", "sysfs"}} {
		target := filepath.Join(root, one.path)
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		err := unix.Mount(one.kind, target, one.kind, flags, "")
		if err != nil && one.kind == "sysfs" { // in a container that hides parts of it: that of the laptop is shown
			err = unix.Mount(one.path, target, "", unix.MS_BIND|unix.MS_REC, "")
		}
		if err != nil {
			return fmt.Errorf("mount %s: %w", one.path, err)
		}
	}
	// Where control groups are is below what a new sysfs shows empty.
	if _, err := os.Stat(filepath.Join(root, "/sys/fs/cgroup")); err == nil {
		_ = unix.Mount("/sys/fs/cgroup", filepath.Join(root, "/sys/fs/cgroup"), "", unix.MS_BIND|unix.MS_REC, "")
	}
	return nil
}

func pivot(root string) error {
	const before = ".before"
	old := filepath.Join(root, before)
	if err := os.Mkdir(old, 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(root, old); err != nil {
		return fmt.Errorf("enter the root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Unmount("/"+before, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	return os.Remove("/" + before)
}
