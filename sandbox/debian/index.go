package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"pault.ag/go/debian/version"
)

// Package is one entry of a Packages file.
type Package struct {
	Name     string
	Version  version.Version
	Section  string
	Depends  string // Pre-Depends among them
	Provides string
	Path     string // below the mirror
	Sum      FileSum
	Mirror   string
}

// Index is the newest version of each package of several suites.
type Index struct {
	packages  map[string]*Package
	providers map[string][]*Package
}

func newIndex() *Index {
	return &Index{packages: map[string]*Package{}, providers: map[string][]*Package{}}
}

// read takes a Packages file in.
func (x *Index) read(text io.Reader, mirror string) error {
	scanner := bufio.NewScanner(text)
	scanner.Buffer(make([]byte, 64<<10), 4<<20)
	scanner.Split(splitStanzas)
	for scanner.Scan() {
		found, err := parsePackage(scanner.Text())
		if err != nil {
			return err
		}
		found.Mirror = mirror
		known := x.packages[found.Name]
		if known == nil || version.Compare(known.Version, found.Version) < 0 {
			x.packages[found.Name] = found
		}
	}
	return scanner.Err()
}

func splitStanzas(data []byte, atEnd bool) (int, []byte, error) {
	if end := bytes.Index(data, []byte("\n\n")); end >= 0 {
		return end + 2, data[:end], nil
	}
	if atEnd && len(bytes.TrimSpace(data)) > 0 {
		return len(data), bytes.TrimRight(data, "\n"), nil
	}
	if atEnd {
		return len(data), nil, nil
	}
	return 0, nil, nil
}

func parsePackage(stanza string) (*Package, error) {
	found := &Package{}
	var err error
	for line := range strings.Lines(stanza) {
		name, value, isField := strings.Cut(strings.TrimRight(line, "\n"), ":")
		if !isField || strings.HasPrefix(line, " ") {
			continue
		}
		value = strings.TrimSpace(value)
		switch name {
		case "Package":
			found.Name = value
		case "Version":
			found.Version, err = version.Parse(value)
		case "Section":
			found.Section = value
		case "Depends", "Pre-Depends":
			found.Depends += value + ", "
		case "Provides":
			found.Provides = value
		case "Filename":
			found.Path = value
		case "SHA256":
			found.Sum.SHA256 = value
		case "Size":
			found.Sum.Size, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", found.Name, err)
		}
	}
	if found.Name == "" || !fs.ValidPath(found.Path) || len(found.Sum.SHA256) != 64 {
		return nil, fmt.Errorf("an entry has no name, path or SHA256: %q", beginning([]byte(stanza)))
	}
	return found, nil
}
