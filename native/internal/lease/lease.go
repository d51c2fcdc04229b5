// Package lease is the link between the engine and the root helper: a Unix socket on which a client holds a part of the
// laptop's network, for as long as it sends heartbeats: one client, or the engines of one core, a lease each. Whatever ends a
// lease (release, a closed link, silence, a signal to the helper) undoes everything that was done under it. It must never change the laptop itself, and never act on a
// path, command, file name or environment that came from a client.
package lease

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"slipway/native/internal/wire"
)

// DefaultTimeout is how long a lease lives without a heartbeat. The client sends five in that time.
const DefaultTimeout = 10 * time.Second

// DefaultIdleLink is how long a link without the lease may be silent. The engine takes the lease at once; what doctors
// and the core ask takes milliseconds.
const DefaultIdleLink = 10 * time.Second

// longestUnused is how many idle times the helper lives on for programs that only ask.
const longestUnused = 6

const (
	helloTimeout   = 5 * time.Second    // for the first message of a client
	writeTimeout   = 5 * time.Second    // for a client that does not read its replies
	maxAlike       = 2 * wire.MaxLeases // links at once of a kind: those that may hold the lease, and those that may only ask
	maxOutstanding = 16                 // requests read ahead on one link
)

// SocketName is the helper's socket in its user's runtime folder.
const SocketName = "helper.sock"

// SocketPath is where the helper of uid listens.
func SocketPath(runtimeDirectory string, uid uint32) string {
	return filepath.Join(folderOf(runtimeDirectory, uid), SocketName)
}

func folderOf(runtimeDirectory string, uid uint32) string {
	return filepath.Join(runtimeDirectory, strconv.FormatUint(uint64(uid), 10))
}

// Host is the laptop as leases may change it. Its methods are called one at a time, but for Changes. A *wire.Problem
// among the errors reaches the client as it is, any other as code "internal".
type Host interface {
	Inspect() (wire.HostInspection, error)
	// CheckRoutes decides as for a lease that is yet to come.
	CheckRoutes(wire.RoutesInput) (wire.RouteDecisions, error)
	// Acquire makes ready to undo, and returns what the lease is called in the methods below. Nothing of the laptop's
	// network changes yet.
	Acquire() (lease int, err error)
	// OpenTun returns a descriptor that the caller owns.
	OpenTun(lease int, input wire.OpenTunInput) (wire.TunOpened, *os.File, error)
	SetRoutes(lease int, input wire.RoutesInput) (wire.RouteDecisions, error)
	SetHosts(lease int, input wire.HostsInput) (wire.RouteDecisions, error)
	SetNames(lease int, input wire.NamesInput) (wire.NamesInForce, error)
	// Filters reads what drops packets of this computer's programs.
	Filters() (wire.Filters, error)
	// FlushNames makes the laptop's caches forget names, at most once a second.
	FlushNames(lease int) error
	// Undo undoes everything since Acquire and returns how many journal entries could not be undone.
	Undo(lease int) int
	// Changes tells, debounced, that the laptop's own network changed: there may be News for the holders of leases.
	Changes() <-chan struct{}
	// News returns what a lease's holder does not know yet: whether the laptop's own routes, addresses or resolvers
	// changed, the decisions on its ranges where they changed since the last SetRoutes or News, and, where the network
	// was touched at all, what of the tunnel's own is contested; else nil.
	News(lease int) (isMoved bool, routes *wire.RouteDecisions, upkeep *wire.TunnelUpkeep)
}

// decodeRequest reads one request with its input: a pointer to the input struct of the operation, or nil.
func decodeRequest(body []byte) (wire.HelperRequest, any, error) {
	var request wire.HelperRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return request, nil, fmt.Errorf("request: %w", err)
	}
	if request.ID == 0 {
		return request, nil, errors.New("request: no id") // 0 marks events
	}
	var input any
	switch request.Operation {
	case wire.HelperHello:
		input = &wire.Hello{}
	case wire.HelperCheckRoutes, wire.HelperSetRoutes:
		input = &wire.RoutesInput{}
	case wire.HelperAcquire:
		input = &wire.AcquireInput{}
	case wire.HelperOpenTun:
		input = &wire.OpenTunInput{}
	case wire.HelperSetHosts:
		input = &wire.HostsInput{}
	case wire.HelperSetNames:
		input = &wire.NamesInput{}
	case wire.HelperInspect, wire.HelperHeartbeat, wire.HelperFilters, wire.HelperFlushNames, wire.HelperRelease:
		return request, nil, nil
	default:
		return request, nil, errors.New("request: unknown operation")
	}
	if err := json.Unmarshal(request.Input, input); err != nil {
		return request, nil, fmt.Errorf("input of %s: %w", request.Operation, err)
	}
	return request, input, nil
}

// asProblem gives every error a code.
func asProblem(err error) *wire.Problem {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		return problem
	}
	return &wire.Problem{Code: wire.CodeInternal, Cause: err.Error()}
}
