// Package journal keeps, on disk, what must be undone on the laptop: each entry is synced before the change that it
// describes is made. It knows nothing of how a change is undone. It lies where root alone can write (rootonly), and is
// read as if somebody else had written it all the same: an entry that Slipway would not write is damage.
//
// The file is text: one entry a line, a CRC-32C in hexadecimal, a space, and JSON. A line that a crash cut short is
// one whose change was never made, so it is dropped.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"slipway/native/internal/rootonly"
)

// Version of the entries; a journal of another version is left alone and reported.
const Version = 1

// maxSize bounds what is read back, in bytes: 20 states of a resolv.conf of 64 KiB, twice over.
const maxSize = 8 << 20

// reserved is allocated when a journal is opened, in bytes, so that a full disk is met before the first change and
// not in the middle of a connection. It holds a few hundred ordinary entries.
const reserved = 128 << 10

// Entry is one change. Exactly one of its parts is set.
type Entry struct {
	Opened   *Opened     `json:"opened,omitempty"`
	Link     *Link       `json:"link,omitempty"`
	Resolved *Resolved   `json:"resolved,omitempty"`
	File     *FileChange `json:"file,omitempty"`
	Rule     *Rule       `json:"rule,omitempty"`
}

// Opened heads a journal: where its changes are. After a reboot, or when the namespace is gone, links are gone too,
// but files are not.
type Opened struct {
	Version          int    `json:"version"`
	Boot             string `json:"boot"`             // /proc/sys/kernel/random/boot_id
	NetworkNamespace uint64 `json:"networkNamespace"` // inode of /proc/self/ns/net
}

// Link is an interface about to be made. It carries Alias (ifalias), which is unique to it; its addresses, routes
// and sysctls go with it.
type Link struct {
	Alias string `json:"alias"`
}

// Resolved is a link about to get settings in systemd-resolved; they go with the link as well.
type Resolved struct {
	Index int `json:"index"`
}

// FirstTable is the least number of a routing table of ours; the index of an interface of ours is added to it.
const FirstTable = 198_180_000

// Rule is a rule, or several, about to be made, that leads to a table of ours; what is in the table goes with the interface.
type Rule struct {
	Table uint32 `json:"table"`
}

// FileChange is a file about to be replaced. Path is one that the helper chose, never one of a client.
type FileChange struct {
	Path    string    `json:"path"`
	Before  FileState `json:"before"`
	After   []byte    `json:"after"` // the whole content, to tell our own version from somebody's edit
	InPlace bool      `json:"inPlace,omitempty"`
	// Lines of ours that may survive in somebody's later version, to be taken out of it.
	Nameserver string   `json:"nameserver"`
	Search     []string `json:"search,omitempty"`
}

// FileState is all that is needed to put a file back.
type FileState struct {
	Kind    string `json:"kind"` // "file", "symlink", "absent"
	Content []byte `json:"content,omitempty"`
	Mode    uint32 `json:"mode,omitempty"` // permission bits
	UID     int    `json:"uid,omitempty"`
	GID     int    `json:"gid,omitempty"`
	Target  string `json:"target,omitempty"` // of the symlink
	Label   []byte `json:"label,omitempty"`  // security.selinux
	// ModifiedAt in nanoseconds since 1970.
	ModifiedAt int64 `json:"modifiedAt,omitempty"`
}

// Journal is an open one. Its methods are not for concurrent use.
type Journal struct {
	file    *os.File
	entries []Entry
	size    int64
	damaged int
}

// Read returns the entries at path without opening it for writing, and how many lines were damaged in its middle.
// No journal is no entries. A journal that is not root's alone is rootonly.ErrExposed.
func Read(path string) (entries []Entry, damaged int, err error) {
	folder, err := rootonly.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	defer folder.Close()
	file, err := rootonly.OpenFile(folder, filepath.Base(path), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSize))
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	entries, damaged, _ = decode(content)
	return entries, damaged, nil
}

// Open makes or continues the journal at path, whose folder is made for root only. Where the head of a new journal
// differs from that of the one found, the caller decides first (Read); Open appends.
func Open(path string, head Opened) (*Journal, error) {
	folder, err := rootonly.Make(filepath.Dir(path), 0o700)
	if err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	defer folder.Close()
	file, err := rootonly.OpenFile(folder, filepath.Base(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	journal := &Journal{file: file}
	content, err := io.ReadAll(io.LimitReader(file, maxSize))
	if err == nil {
		var whole int
		journal.entries, journal.damaged, whole = decode(content)
		journal.size = int64(whole)
		err = file.Truncate(journal.size) // an entry cut short must not run into the next one
	}
	if err == nil {
		err = reserve(file, journal.size+reserved)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err == nil {
		head.Version = Version
		err = journal.Append(Entry{Opened: &head})
	}
	if err != nil {
		file.Close()
		if journal.size == 0 {
			folder.Remove(filepath.Base(path)) // nothing of worth is in it
		}
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return journal, nil
}

func syncFolder(folder *os.Root) error {
	file, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

// Entries returns all entries in the order they were made.
func (journal *Journal) Entries() []Entry { return journal.entries }

// Damaged returns how many lines in the middle of the journal could not be read.
func (journal *Journal) Damaged() int { return journal.damaged }

// Append syncs the entry to disk. The change it describes may be made only when Append returned nil.
func (journal *Journal) Append(entry Entry) error {
	if err := entry.validate(); err != nil { // it would be damage when it is read back, and the change never undone
		return fmt.Errorf("append to journal: %w", err)
	}
	line, err := encode(entry)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	if journal.size+int64(len(line)) > maxSize {
		return errors.New("append to journal: it is full")
	}
	written, err := journal.file.WriteAt(line, journal.size)
	if err == nil {
		err = journal.file.Sync()
	}
	if err != nil {
		if written > 0 {
			journal.file.Truncate(journal.size)
		}
		return fmt.Errorf("append to journal: %w", err)
	}
	journal.size += int64(len(line))
	journal.entries = append(journal.entries, entry)
	return nil
}

// Close closes the file and leaves it on disk.
func (journal *Journal) Close() error { return journal.file.Close() }

// Remove deletes the journal at path, and its folders as far up as they are empty and ours; to be called when
// everything in it was undone.
func Remove(path string) error {
	folder, err := rootonly.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove journal: %w", err)
	}
	defer folder.Close()
	if err := folder.Remove(filepath.Base(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove journal: %w", err)
	}
	syncFolder(folder)
	// Every folder above is root's alone, as was just seen, so these are the folders just used.
	if os.Remove(folder.Name()) == nil { // fails where something else is in it, as it should
		os.Remove(filepath.Dir(folder.Name()))
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(entry Entry) ([]byte, error) {
	body, err := json.Marshal(entry) // JSON has no raw line feed
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(body, castagnoli), body), nil
}

// errNotOurs is an entry that was written whole, and that Slipway would not write.
var errNotOurs = errors.New("no entry of ours")

// decode returns the readable entries, the number of damaged lines before the last whole one, and the length of
// the part up to that one.
func decode(content []byte) (entries []Entry, damaged, whole int) {
	reader := bufio.NewReader(bytes.NewReader(content))
	position, bad := 0, 0
	for {
		line, err := reader.ReadBytes('\n')
		position += len(line)
		if err != nil {
			return entries, damaged, whole // no line feed: cut short
		}
		entry, err := decodeLine(line[:len(line)-1])
		switch {
		case errors.Is(err, errNotOurs):
			bad++
		case err != nil:
			bad++
			continue
		default:
			entries = append(entries, entry)
		}
		damaged += bad
		bad, whole = 0, position
	}
}

func decodeLine(line []byte) (entry Entry, err error) {
	checksum, body, found := bytes.Cut(line, []byte(" "))
	if !found || len(checksum) != 8 {
		return entry, errors.New("no checksum")
	}
	want, err := strconv.ParseUint(string(checksum), 16, 32)
	if err != nil {
		return entry, err
	}
	if crc32.Checksum(body, castagnoli) != uint32(want) {
		return entry, errors.New("wrong checksum")
	}
	if err := json.Unmarshal(body, &entry); err != nil {
		return entry, errors.Join(errNotOurs, err)
	}
	if err := entry.validate(); err != nil {
		return entry, errors.Join(errNotOurs, err)
	}
	return entry, nil
}
