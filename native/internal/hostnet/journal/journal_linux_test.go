package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/rootonly"
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

var (
	head    = Opened{Version: Version, Boot: "boot", NetworkNamespace: 4026531840}
	link    = Entry{Link: &Link{Alias: "slipway tunnel X"}}
	changed = Entry{File: &FileChange{
		Path: "/etc/resolv.conf", Before: FileState{Kind: "file", Content: []byte("nameserver 10.1.1.1\n\xff"), Mode: 0o640, UID: 1, GID: 2},
		After: []byte("nameserver 198.18.0.3\n"), Nameserver: "198.18.0.3", Search: []string{"svc.cluster.local"},
	}}
)

func written(t *testing.T, entries ...Entry) string {
	t.Helper()
	laptoptest.Reset(t)
	const path = "/var/lib/slipway/0/journal"
	journal, err := Open(path, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := journal.Append(entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEntriesComeBackInOrderAndOnlyRootReadsThem(t *testing.T) {
	path := written(t, link, changed)
	entries, damaged, err := Read(path)
	if err != nil || damaged != 0 || !reflect.DeepEqual(entries, []Entry{{Opened: &head}, link, changed}) {
		t.Errorf("%+v, %d damaged, %v", entries, damaged, err)
	}
	for _, each := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(each); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", each, info.Mode(), err)
		}
	}
	if err := Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("the folder is still there")
	}
}

// A crash may cut the last entry anywhere; its change was not made, and the ones before still count.
func TestEntryThatWasCutShortIsDropped(t *testing.T) {
	path := written(t, link, changed)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for length := last; length < len(whole); length++ {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		entries, damaged, err := Read(path)
		if err != nil || damaged != 0 || len(entries) != 2 {
			t.Fatalf("cut to %d bytes: %d entries, %d damaged, %v", length, len(entries), damaged, err)
		}
	}
	journal, err := Open(path, head) // continues behind the last whole entry
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	if err := journal.Append(changed); err != nil {
		t.Fatal(err)
	}
	entries, damaged, err := Read(path)
	if err != nil || damaged != 0 || len(entries) != 4 {
		t.Errorf("%d entries, %d damaged, %v", len(entries), damaged, err)
	}
}

func TestDamageInTheMiddleIsCountedAndTheRestIsRead(t *testing.T) {
	path := written(t, link, changed)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[bytes.IndexByte(content, '\n')+30] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, damaged, err := Read(path)
	if err != nil || damaged != 1 || len(entries) != 2 || entries[1].File == nil {
		t.Errorf("%d entries, %d damaged, %v", len(entries), damaged, err)
	}
}

func TestNoJournalIsNoEntries(t *testing.T) {
	laptoptest.Reset(t)
	if entries, damaged, err := Read("/var/lib/slipway/0/journal"); err != nil || entries != nil || damaged != 0 {
		t.Errorf("%v %d %v", entries, damaged, err)
	}
}

func TestFullDiskIsMetBeforeTheFirstChangeAndLeavesNothing(t *testing.T) {
	laptoptest.Reset(t)
	folder := "/run/full"
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("full", folder, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(folder+"/0/journal", head)
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("opened: %v", err)
	}
	if _, err := os.Stat(folder + "/0/journal"); err == nil {
		t.Error("a journal was left")
	}
}

// Whoever could name another folder, or had one of root's in hand, would have root undo what he likes: see
// TestForgedJournal of hostnet for what an entry itself can do.
func TestJournalIsReadAndWrittenOnlyWhereItIsRootsAlone(t *testing.T) {
	const user, folder, path = 4001, "/var/lib/slipway/0", "/var/lib/slipway/0/journal"
	for name, attack := range map[string]func() error{
		"the folder is the user's":     func() error { return os.Chown(folder, user, user) },
		"the folder above is":          func() error { return os.Chown("/var/lib/slipway", user, user) },
		"everybody may write":          func() error { return os.Chmod(folder, 0o777) },
		"the journal is the user's":    func() error { return os.Chown(path, user, user) },
		"the journal is everybody's":   func() error { return os.Chmod(path, 0o666) },
		"the journal has another name": func() error { return os.Link(path, "/var/lib/mine") },
		"a symlink is the journal": func() error {
			return errors.Join(os.Rename(path, "/var/lib/mine"), os.Symlink("/var/lib/mine", path))
		},
		"a symlink is the folder": func() error {
			return errors.Join(os.Rename(folder, "/var/lib/mine"), os.Symlink("/var/lib/mine", folder))
		},
	} {
		t.Run(name, func(t *testing.T) {
			written(t, link, changed)
			if err := attack(); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			if entries, _, err := Read(path); !errors.Is(err, rootonly.ErrExposed) || entries != nil {
				t.Errorf("read: %v %v", entries, err)
			}
			if _, err := Open(path, head); !errors.Is(err, rootonly.ErrExposed) {
				t.Errorf("opened: %v", err)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

// An entry that Slipway would not write is damage, each for the reason given.
func TestEntriesThatSlipwayWouldNotWriteAreDamage(t *testing.T) {
	file := func(change func(*FileChange)) Entry {
		forged := *changed.File
		change(&forged)
		return Entry{File: &forged}
	}
	for name, forged := range map[string]Entry{
		"no part":                {},
		"two parts":              {Link: link.Link, File: changed.File},
		"no version":             {Opened: &Opened{Boot: "boot", NetworkNamespace: 1}},
		"no boot":                {Opened: &Opened{Version: 1, NetworkNamespace: 1}},
		"an alias of two lines":  {Link: &Link{Alias: "slipway tunnel X\nY"}},
		"an alias without end":   {Link: &Link{Alias: strings.Repeat("x", 65)}},
		"a negative index":       {Resolved: &Resolved{Index: -1}},
		"the index 0":            {Resolved: &Resolved{}},
		"an index of 64 bits":    {Resolved: &Resolved{Index: 1 << 40}},
		"another file":           file(func(change *FileChange) { change.Path = "/etc/passwd" }),
		"a path up and down":     file(func(change *FileChange) { change.Path = "/etc/../etc/resolv.conf" }),
		"no path":                file(func(change *FileChange) { change.Path = "" }),
		"a setuid file":          file(func(change *FileChange) { change.Before.Mode = 0o4755 }),
		"Go's own setuid bit":    file(func(change *FileChange) { change.Before.Mode = 0o755 | uint32(os.ModeSetuid) }),
		"a setgid file":          file(func(change *FileChange) { change.Before.Mode = 0o2755 }),
		"a sticky file":          file(func(change *FileChange) { change.Before.Mode = 0o1755 }),
		"a device":               file(func(change *FileChange) { change.Before.Kind = "device" }),
		"no kind":                file(func(change *FileChange) { change.Before.Kind = "" }),
		"a negative owner":       file(func(change *FileChange) { change.Before.UID = -1 }),
		"an owner of chown's -1": file(func(change *FileChange) { change.Before.UID = 1<<32 - 1 }),
		"a negative group":       file(func(change *FileChange) { change.Before.GID = -1 }),
		"a large file":           file(func(change *FileChange) { change.Before.Content = make([]byte, MaxFile+1) }),
		"a large after":          file(func(change *FileChange) { change.After = make([]byte, 2*MaxFile+1) }),
		"a large label":          file(func(change *FileChange) { change.Before.Label = make([]byte, 257) }),
		"a file with a target":   file(func(change *FileChange) { change.Before.Target = "/etc/passwd" }),
		"a link to nowhere":      file(func(change *FileChange) { change.Before.Kind = "symlink" }),
		"a link with a NUL":      file(func(change *FileChange) { change.Before.Kind, change.Before.Target = "symlink", "/run/a\x00b" }),
		"a nameserver by name":   file(func(change *FileChange) { change.Nameserver = "evil.example" }),
		"a nameserver's zone":    file(func(change *FileChange) { change.Nameserver = "fe80::1%eth0" }),
		"a search of two lines":  file(func(change *FileChange) { change.Search = []string{"a\nnameserver 1.1.1.1"} }),
		"a rule of main":         {Rule: &Rule{Table: 254}},
		"a rule of no table":     {Rule: &Rule{}},
		"somebody's rule":        {Rule: &Rule{Table: FirstTable}},
		"a rule of 32 bits":      {Rule: &Rule{Table: 1<<32 - 1}},
		"a search without end":   file(func(change *FileChange) { change.Search = make([]string, 65) }),
	} {
		line, err := encode(forged)
		if err != nil {
			t.Fatal(err)
		}
		last, err := encode(link)
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{slices.Concat(line, last), slices.Concat(last, line)} {
			if entries, damaged, whole := decode(content); damaged != 1 || len(entries) != 1 || whole != len(content) {
				t.Errorf("%s: %d entries, %d damaged, %d of %d bytes", name, len(entries), damaged, whole, len(content))
			}
		}
	}
}

func FuzzJournal(f *testing.F) {
	for _, entry := range []Entry{{Opened: &head}, link, changed} {
		line, err := encode(entry)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
		f.Add(append(line, line[:len(line)/2]...))
	}
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte(strings.Repeat("\n", 9)))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, _, whole := decode(content)
		if whole > len(content) {
			t.Fatalf("%d of %d bytes", whole, len(content))
		}
		var again []byte
		for _, entry := range entries {
			if change := entry.File; change != nil && (change.Path != ResolvConf || change.Before.Mode&^0o777 != 0) {
				t.Fatalf("an entry about %q with mode %o", change.Path, change.Before.Mode)
			}
			line, err := encode(entry)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, line...)
		}
		reread, damaged, length := decode(again)
		if damaged != 0 || length != len(again) || len(reread) != len(entries) {
			t.Errorf("%d entries became %d", len(entries), len(reread))
		}
	})
}
