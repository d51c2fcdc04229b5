package hostnet

import (
	"net/netip"
	"os"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/names"
	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/hostnet/tundev"
	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// system is what an operating system must be able to do for a lease. system_linux.go is Linux, system_other.go says
// "not yet" for every other system, and the tests have a stand-in that keeps a laptop in memory. What is decided, in
// which order things are changed, what is journalled and how it is undone is none of its business.
type system interface {
	records
	network
	naming
}

// records are what outlives the process: locks and journals, in folders of root's alone.
type records interface {
	// place tells where changes are made now.
	place() (journal.Opened, error)
	// placeLives tells whether changes made there can still be in force though they are not here.
	placeLives(journal.Opened) bool
	// lock waits a moment for a holder that is just ending; then it is ErrLocked.
	lock(path string) (exclusion, error)
	// sweepLocks removes the files of locks that nobody holds any more.
	sweepLocks(folder string)
	// journals lists those of all users.
	journals(stateDirectory string) ([]userJournal, error)
	openJournal(path string, head journal.Opened) (changeLog, error)
	readJournal(path string) (entries []journal.Entry, damaged int, err error)
	removeJournal(path string) error
}

type userJournal struct {
	user uint32
	path string
}

// exclusion is a lock that is held.
type exclusion interface{ Release() }

// changeLog is an open journal: a change may be made once its entry was appended.
type changeLog interface {
	Append(journal.Entry) error
	Close() error
}

// network is the laptop's interfaces, addresses and routes.
type network interface {
	// networks describes the laptop without the interfaces with the indexes own.
	networks(own []int) (routes.Laptop, error)
	tunAvailable() bool
	// newAlias returns what the next interface will be known by, whatever its name.
	newAlias() string
	// openTun makes the interface, up, with its addresses; nothing is left of it on an error.
	openTun(alias string, mtu int, addresses []netip.Prefix) (tundev.Interface, *os.File, error)
	// findTun returns the index of the interface with that alias, 0 where there is none.
	findTun(alias string) int
	closeTun(alias string) error
	// setRoutes makes wanted the routes of the interface; packets into them come from the source of their family. First it
	// adds, so that what stays routed is never without a route, then it removes. It returns those that were not taken: the
	// others are in force. An error tells that something was not removed.
	setRoutes(index int, sources []netip.Addr, wanted []netip.Prefix) (notTaken []netip.Prefix, err error)
	// setTable is setRoutes in a table that is this interface's alone: nothing of ours in it is looked at but by our rules.
	setTable(index int, table uint32, sources []netip.Addr, wanted []netip.Prefix) (notTaken []netip.Prefix, err error)
	// addRules has the table looked at for every packet, of both families, at this priority (ip-rule(8)).
	addRules(priority int, table uint32) error
	// removeRules removes every rule that leads to the table. None is no error.
	removeRules(table uint32) error
	// catchAll returns the rule that sends what goes to address the way that wayTo found, if it catches all.
	catchAll(address netip.Addr, user uint32, way routelookup.Way) (found routelookup.CatchAll, is bool, err error)
	// hasRule tells whether the rule is there still.
	hasRule(rule routelookup.CatchAll) bool
	// missingRoutes are those of wanted that the interface does not have.
	missingRoutes(index int, wanted []netip.Prefix) ([]netip.Prefix, error)
	// lackingTun tells what the interface lacks: "link" where it is down, and each of the addresses. It is
	// fs.ErrNotExist where no interface has both index and alias any more.
	lackingTun(alias string, index int, addresses []netip.Addr) ([]string, error)
	// repairTun brings it up and gives it the addresses that it lacks.
	repairTun(alias string, index int, addresses []netip.Addr) error
	// wayTo looks up where the kernel sends what the user sends to address, by rules and all tables.
	wayTo(address netip.Addr, user uint32) (routelookup.Way, error)
	// watch tells of everything that happens to links, addresses, routes, rules, packet filters and resolvers until done
	// is closed: the index of the interface, or one of those below. It may block in happened. Files are looked at each poll.
	watch(done <-chan struct{}, poll time.Duration, happened func(index int))
}

const (
	resolverFiles = 0  // what happened is that another file tells who answers names
	somewhere     = -1 // something happened, nobody knows where
	packetFilters = -2 // what happened is another rule of a firewall
)

// naming is who answers names.
type naming interface {
	// newNames returns the split DNS of one lease: record journals before each change, restarted is called from another
	// goroutine when names must be put in force anew.
	newNames(record func(journal.Entry) error, restarted func()) splitDNS
	undoFile([]journal.FileChange) error
	undoResolved(index int) error
}

// splitDNS is implemented by names.Keeper, which says more.
type splitDNS interface {
	Flush() func()
	Inspect() (names.Resolvers, error)
	Set(link int, input wire.NamesInput) (wire.NamesInForce, error)
	Again(resolvedRestarted bool) (bool, error)
	Withdraw() error
	Forget()
}
