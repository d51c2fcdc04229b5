package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/laptoptest"
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
	path := filepath.Join(t.TempDir(), "0", "journal")
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
	if entries, damaged, err := Read(filepath.Join(t.TempDir(), "journal")); err != nil || entries != nil || damaged != 0 {
		t.Errorf("%v %d %v", entries, damaged, err)
	}
}

func TestFullDiskIsMetBeforeTheFirstChangeAndLeavesNothing(t *testing.T) {
	laptoptest.Reset(t)
	folder := "/run/full"
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("full", folder, "tmpfs", 0, "size=64k"); err != nil {
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

func TestJournalIsNotOpenedThroughASymlink(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(folder, "journal")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(folder, "journal"), head); err == nil {
		t.Error("it was opened")
	}
	if content, _ := os.ReadFile(other); string(content) != "mine" {
		t.Errorf("the other file is %q", content)
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
