package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Definition says what one space looks like. It is read once, from a file.
type Definition struct {
	Name string `json:"name"`
	// ProcessNamespace gives the space its own pid, ipc and uts namespaces as well: then
	// killing its first process kills everything in it. A laptop has none, so that
	// what is started in it is an ordinary process of this machine.
	ProcessNamespace bool `json:"processNamespace"`
	// CgroupFolders are absolute folders, one per hierarchy, that the space moves itself into.
	CgroupFolders []string `json:"cgroupFolders"`
	// Root is the file tree; the machine's own where there is none.
	Root *Root `json:"root,omitempty"`
	// Steps build the file tree, in this order.
	Steps []Step `json:"steps"`
	// SharedPropagation makes the mounts of the space propagate among each other, as kubelet needs it.
	SharedPropagation bool `json:"sharedPropagation"`
	// Settings are kernel settings of the new network namespace: file under /proc/sys to value.
	Settings map[string]string `json:"settings"`
	// ControlSocket is the path of the Unix socket that commands come in by (see control.go).
	ControlSocket string `json:"controlSocket"`
	// Log is the file that the space itself writes to.
	Log string `json:"log"`
}

// Root is a file tree other than the machine's.
type Root struct {
	// Tree is the folder that becomes the root, with a layer in memory over it: it stays as it is.
	Tree string `json:"tree"`
	// Shown are folders of the machine that stay where they are, beside /proc, /sys and /dev.
	Shown []string `json:"shown"`
}

// Step is one change to the file tree; exactly one of its fields is set.
type Step struct {
	Mount  *Mount  `json:"mount,omitempty"`
	File   *File   `json:"file,omitempty"`
	Link   *Link   `json:"link,omitempty"`
	Folder *Folder `json:"folder,omitempty"`
	Device *Device `json:"device,omitempty"`
}

// Mount is a mount; Type is a file system's name, or "bind" (recursive) or "move".
type Mount struct {
	Type    string `json:"type"`
	Source  string `json:"source"`
	Target  string `json:"target"`
	Options string `json:"options"`
}

// File is written anew, or appended to what is there.
type File struct {
	Path   string `json:"path"`
	Text   string `json:"text"`
	Mode   uint32 `json:"mode"`
	Append bool   `json:"append"`
}

// Device is a node of a character device, as udev(7) would make it.
type Device struct {
	Path  string `json:"path"`
	Major uint32 `json:"major"`
	Minor uint32 `json:"minor"`
	Mode  uint32 `json:"mode"`
}

// Link is a symbolic link; what was at Path before is removed.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Folder is a folder with its parents.
type Folder struct {
	Path  string `json:"path"`
	Mode  uint32 `json:"mode"`
	Owner int    `json:"owner"`
}

func readDefinition(path string) (*Definition, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	definition := new(Definition)
	if err := json.Unmarshal(text, definition); err != nil {
		return nil, fmt.Errorf("read definition %s: %w", path, err)
	}
	return definition, nil
}
