package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"strings"
)

// ResolvConf is the one file that Slipway ever replaces, and so the only one that an entry may put back.
const ResolvConf = "/etc/resolv.conf"

// MaxFile is the size, in bytes, of the largest file that is replaced, and put back.
const MaxFile = 64 << 10

// Limits of what an entry of ours can hold.
const (
	maxBoot    = 64
	maxAlias   = 64
	maxTarget  = 4095 // PATH_MAX without its end, path_resolution(7)
	maxLabel   = 256
	maxSearch  = 64
	maxDomain  = 255
	maxAccount = math.MaxUint32 - 1 // the last one means "as it is" to chown(2)
)

// validate tells whether Slipway could have written the entry. Root alone can write a journal; should somebody else find
// a way, this is what bounds what root does by it. What is right in form may still be wrong about the laptop: what it
// says of owners, modes and labels is believed only as far as the file in its place agrees (names.UndoFile).
func (entry Entry) validate() error {
	var parts []error
	if entry.Opened != nil {
		parts = append(parts, entry.Opened.validate())
	}
	if entry.Link != nil {
		parts = append(parts, text("alias", entry.Link.Alias, maxAlias))
	}
	if entry.Resolved != nil {
		parts = append(parts, within("index", int64(entry.Resolved.Index), 1, math.MaxInt32))
	}
	if entry.File != nil {
		parts = append(parts, entry.File.validate())
	}
	if entry.Rule != nil {
		parts = append(parts, within("table", int64(entry.Rule.Table), FirstTable+1, FirstTable+math.MaxInt32))
	}
	if len(parts) != 1 {
		return fmt.Errorf("an entry of %d parts", len(parts))
	}
	return parts[0]
}

func (opened *Opened) validate() error {
	return errors.Join(
		within("version", int64(opened.Version), 1, math.MaxInt32),
		text("boot", opened.Boot, maxBoot),
	)
}

func (change *FileChange) validate() error {
	if change.Path != ResolvConf {
		return fmt.Errorf("%q is not a file that is ever changed", change.Path)
	}
	resolver, err := netip.ParseAddr(change.Nameserver)
	if err == nil && resolver.Zone() != "" {
		err = errors.New("a nameserver with a zone")
	}
	for _, domain := range change.Search {
		err = errors.Join(err, text("search domain", domain, maxDomain))
	}
	return errors.Join(
		err,
		within("search domains", int64(len(change.Search)), 0, maxSearch),
		within("bytes after", int64(len(change.After)), 0, 2*MaxFile),
		change.Before.validate(),
	)
}

func (state *FileState) validate() error {
	err := errors.Join(
		within("bytes before", int64(len(state.Content)), 0, MaxFile),
		within("mode", int64(state.Mode), 0, int64(fs.ModePerm)),
		within("owner", int64(state.UID), 0, maxAccount),
		within("group", int64(state.GID), 0, maxAccount),
		within("label", int64(len(state.Label)), 0, maxLabel),
	)
	switch state.Kind {
	case "file", "absent":
		if state.Target != "" {
			err = errors.Join(err, errors.New("a target of what is no symlink"))
		}
	case "symlink":
		err = errors.Join(err, text("target", state.Target, maxTarget))
	default:
		err = errors.Join(err, fmt.Errorf("a file of kind %q", state.Kind))
	}
	return err
}

func within(what string, value, least, most int64) error {
	if value < least || value > most {
		return fmt.Errorf("%s: %d is not between %d and %d", what, value, least, most)
	}
	return nil
}

// text is one line that a terminal shows as it is.
func text(what, value string, most int) error {
	if value == "" || len(value) > most {
		return fmt.Errorf("%s: %d bytes are not between 1 and %d", what, len(value), most)
	}
	if strings.ContainsFunc(value, func(letter rune) bool { return letter < ' ' || letter == 0x7f }) {
		return fmt.Errorf("%s: it has control characters", what)
	}
	return nil
}
