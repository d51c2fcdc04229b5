package hostnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/rootonly"
)

const attacker = 4001

// object is a part of a journal as somebody else would write it.
type object = map[string]any

// forge writes a journal with right checksums, and returns its text.
func forge(t *testing.T, entries ...object) []byte {
	t.Helper()
	var text []byte
	for _, entry := range append([]object{{"opened": object{"version": 1, "boot": "x", "networkNamespace": 1}}}, entries...) {
		body, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		text = fmt.Appendf(text, "%08x %s\n", crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)), body)
	}
	return text
}

// change is a file entry whose undoing would put payload where resolv.conf is, but for what differs.
func change(path string, before object, differs object) object {
	state := object{"kind": "file", "content": []byte("#!/bin/sh\n"), "mode": 0o755, "uid": 0, "gid": 0}
	for name, value := range before {
		state[name] = value
	}
	current, _ := os.ReadFile("/etc/resolv.conf")
	file := object{"path": path, "before": state, "after": current, "nameserver": "198.18.0.3"}
	for name, value := range differs {
		file[name] = value
	}
	return object{"file": file}
}

const goSetuid, setuid = uint32(fs.ModeSetuid), 0o4000

// Should a journal ever be somebody else's although root alone can write it, then what root does by it ends at the one
// file that Slipway changes, which never becomes a program, setuid or anybody's.
func TestForgedJournal(t *testing.T) {
	for name, forged := range map[string]func() object{
		"a setuid file, as the bits of chmod": func() object { return change("/etc/resolv.conf", object{"mode": 0o755 | setuid}, nil) },
		"a setuid file, as Go's bits":         func() object { return change("/etc/resolv.conf", object{"mode": 0o755 | goSetuid}, nil) },
		"a setgid and sticky file":            func() object { return change("/etc/resolv.conf", object{"mode": 0o3755}, nil) },
		"a program of root's":                 func() object { return change("/etc/resolv.conf", nil, nil) },
		"a file of the user's":                func() object { return change("/etc/resolv.conf", object{"uid": attacker, "mode": 0o644}, nil) },
		"a file for everybody":                func() object { return change("/etc/resolv.conf", object{"mode": 0o666}, nil) },
		"a label": func() object {
			return change("/etc/resolv.conf", object{"mode": 0o644, "label": []byte("evil_t")}, nil)
		},
		"the office's nameserver taken out": func() object {
			return change("/etc/resolv.conf", nil, object{"after": []byte("x"), "nameserver": laptoptest.Gateway})
		},
		"another file":                 func() object { return change("/etc/passwd", object{"mode": 0o644}, nil) },
		"another file by a detour":     func() object { return change("/etc/../etc/passwd", object{"mode": 0o644}, nil) },
		"another file removed":         func() object { return change("/etc/passwd", object{"kind": "absent"}, nil) },
		"a file in another folder":     func() object { return change("/run/new", object{"kind": "symlink", "target": "/etc/shadow"}, nil) },
		"a device":                     func() object { return change("/etc/resolv.conf", object{"kind": "device"}, nil) },
		"in place of a mount":          func() object { return change("/etc/resolv.conf", nil, object{"inPlace": true}) },
		"an interface of the laptop's": func() object { return object{"link": object{"alias": ""}} },
		"another program's interface":  func() object { return object{"link": object{"alias": "office vpn"}} },
		"settings of a link":           func() object { return object{"resolved": object{"index": 2}} },
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			laptoptest.Run(t, "ip", "link", "set", laptoptest.Interface, "alias", "office vpn")
			before := everythingElse(t)
			if err := os.MkdirAll("/var/lib/slipway/4001", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile("/var/lib/slipway/4001/journal", forge(t, forged()), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Recover(testOptions(t, attacker)); err != nil {
				t.Fatal(err)
			}
			if after := everythingElse(t); after != before {
				t.Errorf("from\n%s\nto\n%s", before, after)
			}
			expectNoPrograms(t)
		})
	}
}

// everythingElse is the laptop without resolv.conf and the helper's own folders.
func everythingElse(t *testing.T) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(laptoptest.Snapshot(t)) {
		if !strings.HasPrefix(line, "/etc/resolv.conf") && !strings.Contains(line, "slipway") && !strings.HasPrefix(line, "/etc ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func expectNoPrograms(t *testing.T) {
	t.Helper()
	for _, root := range []string{"/etc", "/run", "/var/lib"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Mode().IsRegular() && (info.Mode()&^0o644) != 0 {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	if uid, gid := ownerOf(info); uid != 0 || gid != 0 {
		t.Errorf("resolv.conf belongs to %d:%d", uid, gid)
	}
}

// A journal that is not root's alone is not even read, wherever the user's hand is on it.
func TestJournalOfAUsersIsNotReplayed(t *testing.T) {
	const folder, journal = "/var/lib/slipway/4001", "/var/lib/slipway/4001/journal"
	for name, attack := range map[string]func() error{
		"his file":              func() error { return os.Chown(journal, attacker, attacker) },
		"his folder":            func() error { return os.Chown(folder, attacker, attacker) },
		"his folder above":      func() error { return os.Chown("/var/lib/slipway", attacker, attacker) },
		"a folder he may write": func() error { return os.Chmod("/var/lib/slipway", 0o777|os.ModeSticky) },
		"a link to his folder": func() error {
			return errors.Join(os.Rename("/var/lib/slipway", "/var/lib/mine"), os.Symlink("/var/lib/mine", "/var/lib/slipway"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(journal, forge(t, change("/etc/resolv.conf", nil, nil)), 0o600), attack()); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			if _, err := Recover(testOptions(t, attacker)); !errors.Is(err, rootonly.ErrExposed) {
				t.Errorf("replayed: %v", err)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

func ownerOf(info fs.FileInfo) (uid, gid uint32) {
	status := info.Sys().(*syscall.Stat_t)
	return status.Uid, status.Gid
}
