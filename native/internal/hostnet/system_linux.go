package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/rootonly"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// linux is this laptop: locks and journals as files, the rest by rtnetlink(7), /dev/net/tun, resolv.conf(5) and
// systemd-resolved.
type linux struct{}

func thisSystem() system { return linux{} }

// place is the boot and the network namespace.
func (linux) place() (journal.Opened, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return journal.Opened{}, fmt.Errorf("read boot id: %w", err)
	}
	var status unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &status); err != nil {
		return journal.Opened{}, fmt.Errorf("read network namespace: %w", err)
	}
	return journal.Opened{Boot: strings.TrimSpace(string(boot)), NetworkNamespace: status.Ino}, nil
}

// placeLives looks for a process in the namespace, or a mount that keeps it (ip-netns(8)).
func (linux) placeLives(opened journal.Opened) bool {
	name := fmt.Sprintf("net:[%d]", opened.NetworkNamespace)
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return true // better to leave a journal than to lose it
	}
	for _, process := range processes {
		if target, err := os.Readlink("/proc/" + process.Name() + "/ns/net"); err == nil && target == name {
			return true
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return err != nil || strings.Contains(string(mounts), " "+name+" ")
}

func (linux) lock(path string) (exclusion, error) {
	lock, err := TakeLock(path)
	if err != nil {
		return nil, err
	}
	return lock, nil
}

func (linux) sweepLocks(folder string) {
	entries, _ := entriesOf(folder)
	for _, name := range entries {
		if !strings.HasSuffix(name, ".lock") {
			continue
		}
		if lock, err := TryLock(filepath.Join(folder, name)); err == nil {
			lock.Release()
		}
	}
}

// entriesOf names what is in a folder of ours; one that is not there has nothing in it.
func entriesOf(path string) (names []string, err error) {
	folder, err := rootonly.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	file, err := folder.Open(".")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Readdirnames(-1)
}

func (linux) journals(stateDirectory string) (found []userJournal, err error) {
	folders, err := entriesOf(stateDirectory)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		number, err := strconv.ParseUint(folder, 10, 32)
		if err != nil {
			continue
		}
		user := uint32(number)
		for number := range wire.MaxLeases {
			path := journalPath(stateDirectory, user, number)
			// The first is always looked at: reading says what is wrong with the folder, removing takes an empty one away.
			if _, err := os.Lstat(path); err == nil || number == 0 {
				found = append(found, userJournal{user, path})
			}
		}
	}
	return found, nil
}

func (linux) openJournal(path string, head journal.Opened) (changeLog, error) {
	opened, err := journal.Open(path, head)
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func (linux) readJournal(path string) ([]journal.Entry, int, error) { return journal.Read(path) }
func (linux) removeJournal(path string) error                       { return journal.Remove(path) }

func (linux) networks(own []int) (routes.Laptop, error) { return routes.Read(own) }
func (linux) tunAvailable() bool                        { return tundev.Available() }
func (linux) newAlias() string                          { return tundev.NewAlias() }
func (linux) findTun(alias string) int                  { return tundev.Find(alias) }
func (linux) closeTun(alias string) error               { return tundev.Close(alias) }

func (linux) openTun(alias string, mtu int, addresses []netip.Prefix) (tundev.Interface, *os.File, error) {
	return tundev.Open(alias, mtu, addresses)
}

func (linux) lackingTun(alias string, index int, addresses []netip.Addr) ([]string, error) {
	return tundev.Lacking(alias, index, addresses)
}

func (linux) repairTun(alias string, index int, addresses []netip.Addr) error {
	return tundev.Repair(alias, index, addresses)
}

func (linux) missingRoutes(index int, wanted []netip.Prefix) ([]netip.Prefix, error) {
	return routes.Missing(index, wanted)
}

func (linux) wayTo(address netip.Addr, user uint32) (routelookup.Way, error) {
	return routelookup.To(address, user)
}

func (linux) setRoutes(index int, sources []netip.Addr, wanted []netip.Prefix) ([]netip.Prefix, error) {
	return routes.Set(index, unix.RT_TABLE_MAIN, sources, wanted)
}

func (linux) setTable(index int, table uint32, sources []netip.Addr, wanted []netip.Prefix) ([]netip.Prefix, error) {
	return routes.Set(index, int(table), sources, wanted)
}

func (linux) addRules(priority int, table uint32) error { return routes.AddRules(priority, int(table)) }
func (linux) removeRules(table uint32) error            { return routes.RemoveRules(int(table)) }

func (linux) catchAll(address netip.Addr, user uint32, way routelookup.Way) (routelookup.CatchAll, bool, error) {
	tables, err := routelookup.Read(address)
	if err != nil {
		return routelookup.CatchAll{}, false, err
	}
	found, is := tables.CatchAll(address, user, way)
	return found, is, nil
}

func (linux) hasRule(rule routelookup.CatchAll) bool {
	tables, err := routelookup.Read(rule.Route.Addr())
	return err == nil && tables.Has(rule)
}

func (linux) newNames(record func(journal.Entry) error, restarted func()) splitDNS {
	return names.NewKeeper(record, restarted)
}

func (linux) undoFile(changes []journal.FileChange) error { return names.UndoFile(changes) }
func (linux) undoResolved(index int) error                { return names.UndoResolved(index) }
