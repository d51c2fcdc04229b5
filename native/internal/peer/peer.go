// Package peer tells who is at the other end of a Unix socket and whether the helper serves them. It must never
// trust anything that the other end says about itself: it knows only what the kernel tells.
//
// What the kernel can tell on Linux: the user and process that called connect (SO_PEERCRED, unix(7)), and through
// /proc which program file that process runs. What it cannot tell: whether the descriptor was handed on since (then
// another process speaks, one of the same user or one that this user let in), and whether the program is steered by
// someone else of the same user (ptrace(2), /proc/PID/mem). So the user is the boundary; the check of the program
// keeps other programs of the same user from driving root by accident or by plain connect, and no more.
package peer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"slipway/native/internal/rootonly"
)

// ErrNotYet is returned on systems whose peer check is not written yet.
var ErrNotYet = errors.New("peer check: not yet on this system")

// Identity is what the kernel says about the other end. Executable is empty where it cannot tell.
type Identity struct {
	UID        uint32
	PID        int32
	Executable string
	program    os.FileInfo // the file that really runs, whatever its path says in its own mount namespace
}

// Of asks the kernel about the other end of conn. An unreadable program is no error: Executable is then empty.
func Of(conn *net.UnixConn) (Identity, error) { return identify(conn) }

// Policy says whom the helper serves.
type Policy struct {
	UID uint32
	// folder holds the helper's own binary. Installed means that only root can change what is in it, so that the
	// programs in it can be told apart by file; in a clone the folder itself is all that can be asked for.
	folder    string
	installed bool
}

// engineName is the program that may hold a lease of an installed helper.
const engineName = "slipway-engine"

// NewPolicy serves uid, and the engine beside the binary at helperPath (absolute).
func NewPolicy(uid uint32, helperPath string) (Policy, error) {
	if isNobody(uid) {
		return Policy{}, fmt.Errorf("user %d is whom the kernel names where it cannot say who it is, so it cannot be served", uid)
	}
	resolved, err := filepath.EvalSymlinks(helperPath)
	if err != nil {
		return Policy{}, fmt.Errorf("find the helper's folder: %w", err)
	}
	folder := filepath.Dir(resolved)
	opened, err := rootonly.Open(folder)
	if err != nil && !errors.Is(err, rootonly.ErrExposed) {
		return Policy{}, fmt.Errorf("look at the helper's folder: %w", err)
	}
	if err == nil {
		opened.Close()
	}
	return Policy{UID: uid, folder: folder, installed: err == nil}, nil
}

// Admit returns nil where the peer may ask about the laptop, else the reason as a sentence. That depends on the user
// alone, so that the user's other programs (core, doctor) can ask whether the helper is there.
func (policy Policy) Admit(identity Identity) error {
	if identity.UID != 0 && identity.UID != policy.UID {
		return fmt.Errorf("user %d is not the user that this helper serves", identity.UID)
	}
	return nil
}

// AdmitLease returns nil where the peer may change the laptop, else the reason as a sentence.
func (policy Policy) AdmitLease(identity Identity) error {
	if identity.UID == 0 {
		return nil // root can do all of this without us
	}
	if err := policy.Admit(identity); err != nil {
		return err
	}
	if identity.Executable == "" || identity.program == nil {
		return errors.New("the kernel does not tell which program this is")
	}
	if !policy.installed {
		if filepath.Dir(identity.Executable) == policy.folder {
			return nil
		}
		return errors.New("the program is not one of those beside the helper")
	}
	info, err := os.Stat(filepath.Join(policy.folder, engineName))
	if err == nil && os.SameFile(info, identity.program) {
		return nil
	}
	return errors.New("the program is not the engine that is installed here")
}
