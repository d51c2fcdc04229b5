package rootonly

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/laptoptest"
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

const state, user = "/var/lib/slipway/1000", 4001

// must ends the test where preparing it failed.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyFoldersThatAreRootsAllTheWayAreOpened(t *testing.T) {
	for name, attack := range map[string]struct {
		prepare func(t *testing.T)
		refused error
	}{
		"root's":                          {func(t *testing.T) {}, nil},
		"the folder is the user's":        {func(t *testing.T) { must(t, os.Chown(state, user, user)) }, ErrExposed},
		"a folder above is the user's":    {func(t *testing.T) { must(t, os.Chown("/var/lib/slipway", user, user)) }, ErrExposed},
		"a folder far above is":           {func(t *testing.T) { must(t, os.Chown("/var/lib", user, user)) }, ErrExposed},
		"everybody may write":             {func(t *testing.T) { must(t, os.Chmod(state, 0o777)) }, ErrExposed},
		"everybody may write, and sticky": {func(t *testing.T) { must(t, os.Chmod("/var/lib/slipway", 0o777|os.ModeSticky)) }, ErrExposed},
		"a group may write above":         {func(t *testing.T) { must(t, os.Chmod("/var/lib/slipway", 0o775)) }, ErrExposed},
		"a symlink to a folder of root's": {func(t *testing.T) {
			must(t, os.Remove(state))
			must(t, os.Symlink("/etc", state))
		}, ErrExposed},
		"a symlink above": {func(t *testing.T) {
			must(t, os.Rename("/var/lib/slipway", "/var/lib/elsewhere"))
			must(t, os.Symlink("elsewhere", "/var/lib/slipway"))
		}, ErrExposed},
		"a file": {func(t *testing.T) {
			must(t, os.Remove(state))
			must(t, os.WriteFile(state, nil, 0o600))
		}, ErrExposed},
		"a FIFO": {func(t *testing.T) {
			must(t, os.Remove(state))
			must(t, unix.Mkfifo(state, 0o600))
		}, ErrExposed},
		"nothing is there": {func(t *testing.T) { must(t, os.Remove(state)) }, fs.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			must(t, os.MkdirAll(state, 0o700))
			attack.prepare(t)
			before := laptoptest.Snapshot(t)
			folder, err := Open(state)
			if !errors.Is(err, attack.refused) {
				t.Errorf("opened: %v", err)
			}
			if err == nil {
				folder.Close()
			}
			if errors.Is(attack.refused, ErrExposed) {
				if _, err := Make(state, 0o700); !errors.Is(err, ErrExposed) {
					t.Errorf("made: %v", err)
				}
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

func TestARelativePathIsNoFolderOfRoots(t *testing.T) {
	if _, err := Open("var/lib"); !errors.Is(err, ErrExposed) {
		t.Error(err)
	}
}

func TestFoldersAreMadeWithTheirModeWhateverTheUmaskIs(t *testing.T) {
	laptoptest.Reset(t)
	mask := unix.Umask(0o077)
	folder, err := Make("/run/slipway/1000", 0o711)
	unix.Umask(mask)
	must(t, err)
	defer folder.Close()
	for _, path := range []string{"/run/slipway", "/run/slipway/1000"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o711 {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

func TestOnlyFilesThatAreRootsAloneAreOpened(t *testing.T) {
	const other, path = "/etc/passwd", state + "/journal"
	for name, attack := range map[string]struct {
		prepare func(t *testing.T)
		refused error
	}{
		"root's":           {func(t *testing.T) { must(t, os.WriteFile(path, nil, 0o600)) }, nil},
		"none yet":         {func(t *testing.T) {}, nil},
		"a symlink":        {func(t *testing.T) { must(t, os.Symlink(other, path)) }, ErrExposed},
		"a broken symlink": {func(t *testing.T) { must(t, os.Symlink("/etc/new", path)) }, ErrExposed},
		"a second name": {func(t *testing.T) {
			must(t, os.WriteFile("/var/lib/mine", nil, 0o600))
			must(t, os.Link("/var/lib/mine", path))
		}, ErrExposed},
		"the user's": {func(t *testing.T) {
			must(t, os.WriteFile(path, nil, 0o600))
			must(t, os.Chown(path, user, user))
		}, ErrExposed},
		"everybody's": {func(t *testing.T) {
			must(t, os.WriteFile(path, nil, 0o600))
			must(t, os.Chmod(path, 0o666))
		}, ErrExposed},
		"a FIFO":   {func(t *testing.T) { must(t, unix.Mkfifo(path, 0o600)) }, ErrExposed},
		"a folder": {func(t *testing.T) { must(t, os.Mkdir(path, 0o700)) }, ErrExposed},
		"a device": {func(t *testing.T) { must(t, unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3)))) }, ErrExposed},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			must(t, os.MkdirAll(state, 0o700))
			attack.prepare(t)
			before := laptoptest.Snapshot(t)
			folder, err := Open(state)
			must(t, err)
			defer folder.Close()
			file, err := OpenFile(folder, "journal", os.O_RDWR|os.O_CREATE, 0o600)
			if !errors.Is(err, attack.refused) {
				t.Errorf("opened: %v", err)
			}
			if err == nil {
				file.Close()
				return
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}
