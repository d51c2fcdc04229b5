package sockets

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Supported tells whether Find can find anything on this system.
const Supported = true

// newestFirst is how many processes are looked into before those that held what was looked for before.
const newestFirst = 4

// heldAtMost bounds how many processes are remembered because they held what was looked for.
const heldAtMost = 64

// Find tells the owners of connections. What is missing in the answer has no socket in this network namespace: it is
// over, or belongs to a program in another one, a container say. An owner without a PID may not be looked into.
func (f *Finder) Find(wanted map[Pair]struct{}) map[Pair]Owner {
	owners := make(map[Pair]Owner, len(wanted))
	sought := map[uint64]Pair{} // by inode
	for _, name := range [...]string{"tcp", "tcp6"} {
		table, err := os.Open(filepath.Join(f.proc, "thread-self", "net", name))
		if err != nil {
			continue // a kernel without IPv6 has no tcp6
		}
		_ = readTable(table, func(read entry) {
			if _, isWanted := wanted[read.pair]; !isWanted || read.inode == 0 {
				return
			}
			owners[read.pair] = Owner{User: f.user(read.uid)}
			sought[read.inode] = read.pair
		})
		_ = table.Close()
	}
	f.lookInto(sought, owners)
	return owners
}

// lookInto finds the processes that hold the sockets. Of several, as after a fork, it is one.
func (f *Finder) lookInto(sought map[uint64]Pair, owners map[Pair]Owner) {
	if len(sought) == 0 {
		return
	}
	tried := make(map[string]bool, len(f.last))
	held := f.last[:0:0]
	try := func(pid string) (isAll bool) {
		if tried[pid] {
			return len(sought) == 0
		}
		tried[pid] = true
		if f.search(pid, sought, owners) {
			held = append(held, pid)
		}
		return len(sought) == 0
	}
	// What connects is most often a program that has just begun, else one that held connections before.
	processes := f.processes()
	newest := min(len(processes), newestFirst)
	for _, pid := range slices.Concat(processes[:newest], f.last, processes[newest:]) {
		if try(pid) {
			break
		}
	}
	for _, pid := range f.last { // most lately first
		if !slices.Contains(held, pid) {
			held = append(held, pid)
		}
	}
	f.last = held[:min(len(held), heldAtMost)]
}

// processes lists them, those that began last first, as far as their numbers tell.
func (f *Finder) processes() []string {
	folder, err := os.Open(f.proc)
	if err != nil {
		return nil
	}
	defer func() { _ = folder.Close() }()
	names, _ := folder.Readdirnames(-1)
	names = slices.DeleteFunc(names, func(name string) bool { return name[0] < '0' || name[0] > '9' })
	slices.SortFunc(names, func(one, other string) int {
		return cmp.Or(cmp.Compare(len(other), len(one)), cmp.Compare(other, one))
	})
	return names
}

// search looks for sockets among a process's descriptors and tells whether it holds one. The folder that is open stays
// this process's: where its number is given away meanwhile, nothing more can be read of it.
func (f *Finder) search(pid string, sought map[uint64]Pair, owners map[Pair]Owner) (holds bool) {
	process, err := os.Open(filepath.Join(f.proc, pid))
	if err != nil {
		return false
	}
	defer func() { _ = process.Close() }()
	number, err := unix.Openat(int(process.Fd()), "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false // a stranger's
	}
	descriptors := os.NewFile(uintptr(number), "fd")
	defer func() { _ = descriptors.Close() }()
	var found []Pair
	var target [64]byte
	for len(sought) > 0 {
		names, err := descriptors.Readdirnames(256)
		for _, name := range names {
			length, failed := unix.Readlinkat(number, name, target[:])
			if failed != nil {
				continue
			}
			inode, isSocket := socketOf(target[:length])
			if pair, isSought := sought[inode]; isSocket && isSought {
				found = append(found, pair)
				delete(sought, inode)
			}
		}
		if err != nil {
			break
		}
	}
	if len(found) == 0 {
		return false
	}
	owner, err := describe(int(process.Fd()), pid)
	if err != nil {
		return false // it has just ended
	}
	for _, pair := range found {
		owner.User = owners[pair].User
		owners[pair] = owner
	}
	return true
}

// socketOf reads the number out of "socket:[NUMBER]".
func socketOf(target []byte) (inode uint64, ok bool) {
	rest, isSocket := bytes.CutPrefix(target, []byte("socket:["))
	number, isWhole := bytes.CutSuffix(rest, []byte("]"))
	inode, err := strconv.ParseUint(string(number), 10, 64)
	return inode, isSocket && isWhole && err == nil
}

// describe tells of the process whose folder is open.
func describe(folder int, pid string) (owner Owner, err error) {
	if owner.PID, err = strconv.Atoi(pid); err != nil {
		return Owner{}, err
	}
	if owner.started, err = startOf(folder); err != nil {
		return Owner{}, err
	}
	name, err := readAt(folder, "comm")
	if err != nil {
		return Owner{}, err
	}
	owner.Name = strings.TrimSuffix(name[:min(len(name), maxName)], "\n")
	var path [unix.PathMax]byte
	if length, err := unix.Readlinkat(folder, "exe", path[:]); err == nil {
		owner.Executable = tail(strings.TrimSuffix(string(path[:length]), " (deleted)"))
	}
	return owner, nil
}

// errStat says that a process's stat is not what it is on Linux.
var errStat = errors.New("read process: malformed stat")

// startOf is field 22 of proc_pid_stat(5), in clock ticks since boot. The name before it may hold anything.
func startOf(folder int) (uint64, error) {
	stat, err := readAt(folder, "stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, errStat
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

func readAt(folder int, name string) (string, error) {
	number, err := unix.Openat(folder, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(number) }()
	var into [1024]byte
	count, err := unix.Read(number, into[:])
	return string(into[:max(count, 0)]), err
}

// Lives tells whether the process of an owner is still that one: numbers are given away again.
func (f *Finder) Lives(owner *Owner) bool {
	process, err := os.Open(filepath.Join(f.proc, strconv.Itoa(owner.PID)))
	if err != nil {
		return false
	}
	defer func() { _ = process.Close() }()
	started, err := startOf(int(process.Fd()))
	return err == nil && started == owner.started
}
