package hostnet

import (
	"errors"
	"os"

	"slipway/native/internal/wire"
)

var errNotYet = errors.New("the laptop's network: not yet on Windows")

// ErrLocked is returned by TakeLock and TryLock when another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// Host answers "not yet" on Windows.
type Host struct{}

// New is not yet written for Windows.
func New(Options) *Host { return &Host{} }

// Inspect answers "not yet".
func (*Host) Inspect() (wire.HostInspection, error) { return wire.HostInspection{}, errNotYet }

// CheckRoutes answers "not yet".
func (*Host) CheckRoutes(wire.RoutesInput) (wire.RouteDecisions, error) {
	return wire.RouteDecisions{}, errNotYet
}

// Acquire answers "not yet".
func (*Host) Acquire() error { return errNotYet }

// OpenTun answers "not yet".
func (*Host) OpenTun(wire.OpenTunInput) (wire.TunOpened, *os.File, error) {
	return wire.TunOpened{}, nil, errNotYet
}

// SetRoutes answers "not yet".
func (*Host) SetRoutes(wire.RoutesInput) (wire.RouteDecisions, error) {
	return wire.RouteDecisions{}, errNotYet
}

// SetNames answers "not yet".
func (*Host) SetNames(wire.NamesInput) (wire.NamesInForce, error) {
	return wire.NamesInForce{}, errNotYet
}

// Undo has nothing to undo.
func (*Host) Undo() int { return 0 }

// Changes never tells anything.
func (*Host) Changes() <-chan struct{} { return nil }

// Recover has nothing to undo.
func Recover(Options, ...uint32) (int, error) { return 0, errNotYet }

// FileLock is held until Release.
type FileLock struct{}

// TakeLock answers "not yet".
func TakeLock(string) (*FileLock, error) { return nil, errNotYet }

// TryLock answers "not yet".
func TryLock(string) (*FileLock, error) { return nil, errNotYet }

// Release gives the lock back.
func (*FileLock) Release() {}
