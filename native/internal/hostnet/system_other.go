//go:build !linux

package hostnet

import (
	"errors"
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

var errNotYet = errors.New("the laptop's network: not yet on this system")

// notYet is a system that Slipway cannot change yet: everything that may fail does, and there is nothing to undo.
type notYet struct{}

func thisSystem() system { return notYet{} }

func (notYet) place() (journal.Opened, error)                  { return journal.Opened{}, errNotYet }
func (notYet) placeLives(journal.Opened) bool                  { return false }
func (notYet) lock(string) (exclusion, error)                  { return nil, errNotYet }
func (notYet) sweepLocks(string)                               {}
func (notYet) journals(string) ([]userJournal, error)          { return nil, errNotYet }
func (notYet) removeJournal(string) error                      { return errNotYet }
func (notYet) networks([]int) (routes.Laptop, error)           { return routes.Laptop{}, errNotYet }
func (notYet) tunAvailable() bool                              { return false }
func (notYet) newAlias() string                                { return "" }
func (notYet) findTun(string) int                              { return 0 }
func (notYet) closeTun(string) error                           { return errNotYet }
func (notYet) watch(<-chan struct{}, time.Duration, func(int)) {}
func (notYet) undoFile([]journal.FileChange) error             { return errNotYet }
func (notYet) undoResolved(int) error                          { return errNotYet }

func (notYet) openJournal(string, journal.Opened) (changeLog, error) { return nil, errNotYet }
func (notYet) readJournal(string) ([]journal.Entry, int, error)      { return nil, 0, errNotYet }

func (notYet) openTun(string, int, []netip.Prefix) (tundev.Interface, *os.File, error) {
	return tundev.Interface{}, nil, errNotYet
}
func (notYet) lackingTun(string, int, []netip.Addr) ([]string, error)    { return nil, errNotYet }
func (notYet) repairTun(string, int, []netip.Addr) error                 { return errNotYet }
func (notYet) missingRoutes(int, []netip.Prefix) ([]netip.Prefix, error) { return nil, errNotYet }
func (notYet) wayTo(netip.Addr, uint32) (routelookup.Way, error)         { return routelookup.Way{}, errNotYet }
func (notYet) setRoutes(int, []netip.Addr, []netip.Prefix) ([]netip.Prefix, error) {
	return nil, errNotYet
}

func (notYet) setTable(int, uint32, []netip.Addr, []netip.Prefix) ([]netip.Prefix, error) {
	return nil, errNotYet
}
func (notYet) addRules(int, uint32) error        { return errNotYet }
func (notYet) removeRules(uint32) error          { return errNotYet }
func (notYet) hasRule(routelookup.CatchAll) bool { return false }
func (notYet) catchAll(netip.Addr, uint32, routelookup.Way) (routelookup.CatchAll, bool, error) {
	return routelookup.CatchAll{}, false, errNotYet
}

func (notYet) newNames(func(journal.Entry) error, func()) splitDNS { return noNames{} }

// noNames is a split DNS that cannot be set yet.
type noNames struct{}

func (noNames) Inspect() (names.Resolvers, error) { return names.Resolvers{}, errNotYet }
func (noNames) Again(bool) (bool, error)          { return false, errNotYet }
func (noNames) Flush() func()                     { return func() {} }
func (noNames) Withdraw() error                   { return errNotYet }
func (noNames) Forget()                           {}
func (noNames) Set(int, wire.NamesInput) (wire.NamesInForce, error) {
	return wire.NamesInForce{}, errNotYet
}

// FileLock is held until Release.
type FileLock struct{}

// TakeLock answers "not yet".
func TakeLock(string) (*FileLock, error) { return nil, errNotYet }

// TryLock answers "not yet".
func TryLock(string) (*FileLock, error) { return nil, errNotYet }

// Release gives the lock back.
func (*FileLock) Release() {}
