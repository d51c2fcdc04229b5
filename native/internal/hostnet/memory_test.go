package hostnet

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// memory is a laptop in memory: the whole of system, on any machine. It keeps what is in force, the order of changes,
// and fails what a test wants to fail.
type memory struct {
	mu        sync.Mutex
	here      journal.Opened
	living    map[string]bool // other places
	locks     map[string]bool
	logs      map[string][]journal.Entry
	own       routes.Laptop
	resolvers names.Resolvers
	tuns      map[string]int // by alias
	routed    map[int][]netip.Prefix
	names     *wire.NamesInput
	calls     []string
	failing   map[string]error // by the call, and what it is about
	happened  func(int)
	isDown    bool                      // the tunnel's interface
	taken     string                    // the interface that everything goes to by a rule
	rule      routelookup.CatchAll      // that rule, where it catches all
	tables    map[uint32][]netip.Prefix // of ours
	ruled     map[uint32]int            // the priorities of our rules, by their tables
	flush     func()                    // of names

	isRewritten bool // resolv.conf, each time
}

func newMemory() *memory {
	return &memory{
		here:  journal.Opened{Version: journal.Version, Boot: "now", NetworkNamespace: 1},
		locks: map[string]bool{}, logs: map[string][]journal.Entry{}, living: map[string]bool{},
		tuns: map[string]int{}, routed: map[int][]netip.Prefix{}, failing: map[string]error{},
		tables: map[uint32][]netip.Prefix{}, ruled: map[uint32]int{},
		flush:     func() {},
		resolvers: names.Resolvers{Mode: names.ModeResolvConf, Upstreams: []string{"192.168.1.1"}},
	}
}

var errBroken = errors.New("broken")

// do notes a call and fails it where that is wanted.
func (laptop *memory) do(format string, arguments ...any) error {
	call := fmt.Sprintf(format, arguments...)
	laptop.calls = append(laptop.calls, call)
	return laptop.failing[call]
}

func (laptop *memory) set(change func()) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	change()
}

func (laptop *memory) place() (journal.Opened, error)        { return laptop.here, laptop.failing["place"] }
func (laptop *memory) placeLives(opened journal.Opened) bool { return laptop.living[opened.Boot] }
func (laptop *memory) sweepLocks(string)                     {}
func (laptop *memory) tunAvailable() bool                    { return true }
func (laptop *memory) newAlias() string                      { return fmt.Sprintf("alias %d", len(laptop.tuns)) }
func (laptop *memory) findTun(alias string) int              { return laptop.tuns[alias] }

type memoryLock struct {
	laptop *memory
	path   string
}

func (lock memoryLock) Release() { lock.laptop.set(func() { delete(lock.laptop.locks, lock.path) }) }

func (laptop *memory) lock(path string) (exclusion, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if laptop.locks[path] {
		return nil, ErrLocked
	}
	laptop.locks[path] = true
	return memoryLock{laptop, path}, nil
}

func (laptop *memory) journals(string) (found []userJournal, err error) {
	for _, path := range slices.Sorted(maps.Keys(laptop.logs)) {
		one := userJournal{path: path}
		if _, err := fmt.Sscanf(path, "/state/%d/journal", &one.user); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

type memoryLog struct {
	laptop *memory
	path   string
}

func (log memoryLog) Close() error { return nil }
func (log memoryLog) Append(entry journal.Entry) error {
	log.laptop.mu.Lock()
	defer log.laptop.mu.Unlock()
	if err := log.laptop.do("journal"); err != nil {
		return err
	}
	log.laptop.logs[log.path] = append(log.laptop.logs[log.path], entry)
	return nil
}

func (laptop *memory) openJournal(path string, head journal.Opened) (changeLog, error) {
	if err := laptop.failing["open journal"]; err != nil {
		return nil, err
	}
	laptop.set(func() { laptop.logs[path] = append(laptop.logs[path], journal.Entry{Opened: &head}) })
	return memoryLog{laptop, path}, nil
}

func (laptop *memory) readJournal(path string) ([]journal.Entry, int, error) {
	return laptop.logs[path], 0, nil
}

func (laptop *memory) removeJournal(path string) error {
	laptop.set(func() { delete(laptop.logs, path) })
	return nil
}

func (laptop *memory) networks([]int) (routes.Laptop, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	return laptop.own, laptop.failing["networks"]
}

func (laptop *memory) openTun(alias string, _ int, _ []netip.Prefix) (tundev.Interface, *os.File, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("open tun"); err != nil {
		return tundev.Interface{}, nil, err
	}
	laptop.tuns[alias] = 7 + len(laptop.tuns)
	return tundev.Interface{Name: "slipway0", Index: laptop.tuns[alias]}, nil, nil
}

func (laptop *memory) closeTun(alias string) error {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("close tun"); err != nil {
		return err
	}
	delete(laptop.routed, laptop.tuns[alias])
	delete(laptop.tuns, alias)
	return nil
}

// setRoutes adds, then removes, one at a time; what fails is "add PREFIX" or "remove PREFIX".
func (laptop *memory) setRoutes(index int, _ []netip.Addr, wanted []netip.Prefix) (notTaken []netip.Prefix, err error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	before := laptop.routed[index]
	after := slices.Clone(before)
	for _, prefix := range wanted {
		if slices.Contains(before, prefix) {
			continue
		}
		if failure := laptop.do("add %s", prefix); failure != nil {
			notTaken = append(notTaken, prefix)
		} else {
			after = append(after, prefix)
		}
	}
	for _, prefix := range before {
		if slices.Contains(wanted, prefix) {
			continue
		}
		if failure := laptop.do("remove %s", prefix); failure != nil {
			err = failure
		} else {
			after = slices.DeleteFunc(after, func(other netip.Prefix) bool { return other == prefix })
		}
	}
	laptop.routed[index] = after
	return notTaken, err
}

func (laptop *memory) lackingTun(alias string, _ int, _ []netip.Addr) ([]string, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if laptop.tuns[alias] == 0 {
		return nil, fs.ErrNotExist
	}
	if laptop.isDown {
		return []string{"link"}, nil
	}
	return nil, nil
}

func (laptop *memory) repairTun(string, int, []netip.Addr) error {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("repair"); err != nil {
		return err
	}
	laptop.isDown = false
	return nil
}

func (laptop *memory) missingRoutes(index int, wanted []netip.Prefix) (missing []netip.Prefix, err error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	for _, prefix := range wanted {
		if !slices.Contains(laptop.routed[index], prefix) {
			missing = append(missing, prefix)
		}
	}
	return missing, nil
}

// wayTo is into the tunnel that has a route unless somebody took it.
func (laptop *memory) wayTo(address netip.Addr, _ uint32) (routelookup.Way, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	for index := range laptop.routed {
		isOurs := slices.ContainsFunc(laptop.tables[ownTable(index)], func(prefix netip.Prefix) bool { return prefix.Contains(address) })
		if priority := laptop.ruled[ownTable(index)]; isOurs && priority > 0 && priority < laptop.rule.Priority {
			return routelookup.Way{Index: index}, nil
		}
	}
	if laptop.taken != "" {
		return routelookup.Way{Interface: laptop.taken}, nil
	}
	for index, prefixes := range laptop.routed {
		if slices.ContainsFunc(prefixes, func(prefix netip.Prefix) bool { return prefix.Contains(address) }) {
			return routelookup.Way{Index: index}, nil
		}
	}
	return routelookup.Way{Nowhere: "no route"}, nil
}

func (laptop *memory) catchAll(netip.Addr, uint32, routelookup.Way) (routelookup.CatchAll, bool, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	return laptop.rule, laptop.rule.Priority > 0, laptop.failing["rules"]
}

func (laptop *memory) hasRule(rule routelookup.CatchAll) bool {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	return laptop.rule == rule
}

func (laptop *memory) addRules(priority int, table uint32) error {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("add rules"); err != nil {
		return err
	}
	laptop.ruled[table] = priority
	return nil
}

func (laptop *memory) removeRules(table uint32) error {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("remove rules"); err != nil {
		return err
	}
	delete(laptop.ruled, table)
	return nil
}

func (laptop *memory) setTable(_ int, table uint32, _ []netip.Addr, wanted []netip.Prefix) ([]netip.Prefix, error) {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	laptop.tables[table] = slices.Clone(wanted)
	return nil, nil
}

func (laptop *memory) watch(_ <-chan struct{}, _ time.Duration, happened func(int)) {
	laptop.happened = happened
}

func (laptop *memory) undoFile(changes []journal.FileChange) error {
	if len(changes) == 0 {
		return nil
	}
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	if err := laptop.do("undo names"); err != nil {
		return err
	}
	laptop.names = nil
	return nil
}

func (laptop *memory) undoResolved(int) error { return nil }

type memoryNames struct {
	laptop *memory
	record func(journal.Entry) error
}

func (laptop *memory) newNames(record func(journal.Entry) error, _ func()) splitDNS {
	return &memoryNames{laptop, record}
}

func (split *memoryNames) Again(bool) (bool, error) { return split.laptop.isRewritten, nil }
func (split *memoryNames) Forget()                  {}
func (split *memoryNames) Flush() func()            { return split.laptop.flush }
func (split *memoryNames) Inspect() (names.Resolvers, error) {
	split.laptop.mu.Lock()
	defer split.laptop.mu.Unlock()
	return split.laptop.resolvers, nil
}

func (split *memoryNames) Set(_ int, input wire.NamesInput) (wire.NamesInForce, error) {
	if err := split.record(journal.Entry{File: &journal.FileChange{Nameserver: input.Resolver}}); err != nil {
		return wire.NamesInForce{}, err
	}
	split.laptop.mu.Lock()
	defer split.laptop.mu.Unlock()
	if err := split.laptop.do("names"); err != nil {
		return wire.NamesInForce{}, &wire.Problem{Code: wire.CodeResolverUnset, Cause: err.Error()}
	}
	split.laptop.names = &input
	return wire.NamesInForce{Mode: names.ModeResolvConf}, nil
}

func (split *memoryNames) Withdraw() error {
	split.laptop.mu.Lock()
	defer split.laptop.mu.Unlock()
	split.laptop.names = nil
	return split.laptop.do("withdraw names")
}

// inForce describes what is changed, for comparing.
func (laptop *memory) inForce() string {
	laptop.mu.Lock()
	defer laptop.mu.Unlock()
	var parts []string
	for _, index := range slices.Sorted(maps.Values(laptop.tuns)) {
		prefixes := make([]string, 0, len(laptop.routed[index]))
		for _, prefix := range laptop.routed[index] {
			prefixes = append(prefixes, prefix.String())
		}
		slices.Sort(prefixes)
		parts = append(parts, "tun "+strings.Join(prefixes, " "))
	}
	for _, table := range slices.Sorted(maps.Keys(laptop.ruled)) {
		parts = append(parts, fmt.Sprintf("rule %d to %v", laptop.ruled[table], laptop.tables[table]))
	}
	if laptop.names != nil {
		parts = append(parts, "names")
	}
	return strings.Join(parts, ", ")
}

func (laptop *memory) host(t *testing.T) *Host {
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	return newHost(Options{UID: 1000, RuntimeDirectory: "/run", StateDirectory: "/state", Log: log}, laptop)
}
