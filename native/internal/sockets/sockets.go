// Package sockets tells which program of this machine a TCP connection belongs to, by what the kernel shows the user
// that asks (proc(5)): the connection's socket, and the process that holds it. It reads, and never needs more rights
// than its user has: of a process that may not be looked into only the user is known. It must never be called where
// packets wait, for it may take many milliseconds.
package sockets

import (
	"net/netip"
	"os"
	"os/user"
	"strconv"
)

// Pair names a TCP connection as its program sees it.
type Pair struct{ Local, Remote netip.AddrPort }

// Owner is whose a connection is. Name and Executable are text of that program's making.
type Owner struct {
	User       string // its name, or its number where it has none
	PID        int    // 0 where the process may not be looked into, or holds the socket no longer
	Name       string // as the process calls itself, at most 64 bytes
	Executable string // path; empty where it may not be read. At most 256 bytes, the end of a longer one.

	started uint64 // clock ticks since boot: with the PID it tells processes apart
}

// maxName and maxExecutable bound what a process can make us carry, in bytes.
const (
	maxName       = 64
	maxExecutable = 256
)

// Finder looks owners up. Its methods must not be called at the same time.
type Finder struct {
	proc string   // where procfs is
	own  uint32   // the user who asks
	last []string // processes that held what was looked for before: tried first
	uids map[uint32]string
}

// NewFinder makes a Finder of this process's network namespace.
func NewFinder() *Finder { return newFinder("/proc") }

func newFinder(proc string) *Finder {
	return &Finder{proc: proc, own: uint32(os.Getuid()), uids: map[uint32]string{}}
}

// Own is the owner of this process's own connections.
func Own() Owner {
	self := NewFinder()
	owner := Owner{User: self.user(self.own), PID: os.Getpid()}
	owner.Executable, _ = os.Executable()
	owner.Executable = tail(owner.Executable)
	owner.Name = base(owner.Executable)
	return owner
}

// base is the last part of a path, within bounds.
func base(path string) string {
	for at := len(path) - 1; at >= 0; at-- {
		if os.IsPathSeparator(path[at]) {
			path = path[at+1:]
			break
		}
	}
	return path[:min(len(path), maxName)]
}

func tail(path string) string { return path[max(0, len(path)-maxExecutable):] }

func (f *Finder) user(uid uint32) string {
	if known, ok := f.uids[uid]; ok {
		return known
	}
	name := strconv.FormatUint(uint64(uid), 10)
	if found, err := user.LookupId(name); err == nil {
		name = found.Username[:min(len(found.Username), maxName)]
	}
	f.uids[uid] = name
	return name
}
