package names

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/rootonly"
)

// UndoFile puts the file back to what it was before the newest of changes that is still in force. Where somebody
// edited it since, only our lines go; where nothing of ours is in it, it stays as it is.
func UndoFile(changes []journal.FileChange) error {
	if len(changes) == 0 {
		return nil
	}
	if err := undoFile(changes); err != nil {
		return fmt.Errorf("undo file: %w", err)
	}
	return nil
}

func undoFile(changes []journal.FileChange) error {
	for _, change := range changes {
		if change.Path != resolvConfPath {
			return fmt.Errorf("%q is not a file that is ever changed", change.Path)
		}
	}
	folder, err := rootonly.Open(filepath.Dir(resolvConfPath))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := removeIfThere(folder, filepath.Base(resolvConfPath)+pendingSuffix); err != nil {
		return err
	}
	now, err := capture(resolvConfPath)
	if err != nil {
		return err
	}
	if now.Kind != "file" {
		return nil // the change was never made, or somebody put something else in its place
	}
	mounted := isMountPoint(resolvConfPath)
	var resolvers, added []string
	for _, change := range slices.Backward(changes) {
		resolvers = append(resolvers, change.Nameserver)
		added = append(added, change.Search...)
		if isInForce(change, now.Content) {
			return put(resolvConfPath, plausible(change.Before, now), mounted)
		}
	}
	cleaned, asksUs := withoutOurs(now.Content, resolvers, added)
	if !asksUs {
		return nil
	}
	now.Content, now.ModifiedAt = cleaned, 0
	return put(resolvConfPath, now, mounted)
}

func isInForce(change journal.FileChange, content []byte) bool {
	before, after := change.Before.Content, change.After
	if bytes.Equal(content, after) {
		return true
	}
	return change.InPlace && !bytes.Equal(content, before) &&
		(bytes.Equal(content, halfWritten(after, before)) || bytes.Equal(content, halfWritten(before, after)))
}

// plausible is recorded as far as the file in its place bears it out. Our version carries owner, mode and label of the
// one before it (setFile), so where it does not, the record is not ours: then the file is root's and as every
// resolv.conf. So nobody becomes the owner of a file by what a journal says.
func plausible(recorded, now journal.FileState) journal.FileState {
	if recorded.Kind != "file" {
		return recorded
	}
	if recorded.UID != now.UID {
		recorded.UID = 0
	}
	if recorded.GID != now.GID {
		recorded.GID = 0
	}
	if recorded.Mode != now.Mode {
		recorded.Mode = usualMode
	}
	if !bytes.Equal(recorded.Label, now.Label) {
		recorded.Label = now.Label
	}
	return recorded
}
