package lease

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"slipway/native/internal/peer"
	"slipway/native/internal/wire"
)

// Event is something that the helper tells unasked: wire.EventHostChanged with the laptop as it is now,
// wire.EventRoutesChanged with the decisions that are in force now, or wire.EventNetworkTouched.
type Event struct {
	Name   string
	Host   wire.HostInspection
	Routes wire.RouteDecisions
	Upkeep wire.TunnelUpkeep
}

// Client is the engine's end of the link. Its methods may be called from several goroutines. Errors of the helper
// are *wire.Problem; a link that broke is code "helper-lost" or, where the helper said so, "lease-lost".
type Client struct {
	conn      *net.UnixConn
	reader    *descriptorReader
	server    wire.Hello
	writing   sync.Mutex
	mu        sync.Mutex
	lastID    uint64
	waiting   map[uint64]chan answer
	err       error
	beating   context.CancelFunc
	events    chan Event
	lost      chan struct{}
	serverUID uint32
}

type answer struct {
	reply wire.HelperReply
	file  *os.File
}

// Option changes how Dial behaves.
type Option func(*Client)

// WithServerUID expects the helper to run as uid instead of root; for tests.
func WithServerUID(uid uint32) Option { return func(client *Client) { client.serverUID = uid } }

// Dial connects to the helper's socket at path, checks that root listens there, and exchanges hellos. Its problems:
// helper-missing, helper-refused, helper-version.
func Dial(ctx context.Context, path string, hello wire.Hello, options ...Option) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		code := wire.CodeHelperMissing
		if errors.Is(err, fs.ErrPermission) {
			code = wire.CodeHelperRefused
		}
		return nil, wire.CauseHelperConnect.Problem(code, "reason", errors.Unwrap(err))
	}
	client := &Client{
		conn:    conn.(*net.UnixConn),
		waiting: map[uint64]chan answer{},
		events:  make(chan Event, 8),
		lost:    make(chan struct{}),
	}
	for _, option := range options {
		option(client)
	}
	// On the dialling side the kernel tells who called listen(2).
	identity, err := peer.Of(client.conn)
	if err != nil || identity.UID != client.serverUID {
		conn.Close()
		return nil, wire.CauseHelperStranger.Problem(wire.CodeHelperRefused)
	}
	client.reader = &descriptorReader{conn: client.conn}
	go client.read()
	if err := client.call(ctx, wire.HelperHello, hello, &client.server); err != nil {
		client.Close()
		return nil, err
	}
	if client.server.Protocol != wire.Protocol {
		client.Close()
		return nil, versionProblem(client.server.Protocol, wire.Protocol)
	}
	return client, nil
}

// Server returns the helper's hello.
func (client *Client) Server() wire.Hello { return client.server }

// Inspect describes the laptop; changes nothing and needs no lease.
func (client *Client) Inspect(ctx context.Context) (inspection wire.HostInspection, err error) {
	err = client.call(ctx, wire.HelperInspect, nil, &inspection)
	return inspection, err
}

// CheckRoutes asks the helper's policy; changes nothing and needs no lease.
func (client *Client) CheckRoutes(ctx context.Context, input wire.RoutesInput) (decisions wire.RouteDecisions, err error) {
	err = client.call(ctx, wire.HelperCheckRoutes, input, &decisions)
	return decisions, err
}

// Acquire takes a lease and keeps it by heartbeats until Release, Close or the end of the link.
func (client *Client) Acquire(ctx context.Context, input wire.AcquireInput) (granted wire.Lease, err error) {
	if err := client.call(ctx, wire.HelperAcquire, input, &granted); err != nil {
		return granted, err
	}
	timeout := time.Duration(granted.TimeoutMilliseconds) * time.Millisecond
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	beatContext, cancel := context.WithCancel(context.Background())
	client.mu.Lock()
	if client.beating != nil {
		client.beating()
	}
	client.beating = cancel
	client.mu.Unlock()
	go client.beat(beatContext, timeout)
	return granted, nil
}

// OpenTun makes the interface; what is handed over is the caller's to close once a device was made of it.
func (client *Client) OpenTun(ctx context.Context, input wire.OpenTunInput) (opened wire.TunOpened, handover *Handover, err error) {
	received, err := client.exchange(ctx, wire.HelperOpenTun, input)
	if err != nil {
		return opened, nil, err
	}
	if received.file == nil {
		return opened, nil, malformed("the TUN did not come with the reply")
	}
	if err := json.Unmarshal(received.reply.Value, &opened); err != nil {
		received.file.Close()
		return opened, nil, malformed(err.Error())
	}
	return opened, &Handover{received.file}, nil
}

// SetRoutes puts the accepted ones of the whole wanted set in force.
func (client *Client) SetRoutes(ctx context.Context, input wire.RoutesInput) (decisions wire.RouteDecisions, err error) {
	err = client.call(ctx, wire.HelperSetRoutes, input, &decisions)
	return decisions, err
}

// SetHosts tells which addresses the cluster shows, in as many messages as it takes.
func (client *Client) SetHosts(ctx context.Context, input wire.HostsInput) (decisions wire.RouteDecisions, err error) {
	for isFirst := true; ; isFirst = false {
		part := wire.HostsInput{Whole: input.Whole && isFirst}
		part.Remove, input.Remove = atMost(input.Remove, wire.HostsAtOnce)
		part.Add, input.Add = atMost(input.Add, wire.HostsAtOnce-len(part.Remove))
		part.More = len(input.Remove)+len(input.Add) > 0
		if err = client.call(ctx, wire.HelperSetHosts, part, &decisions); err != nil || !part.More {
			return decisions, err
		}
	}
}

func atMost[Item any](items []Item, count int) (first, rest []Item) {
	count = min(count, len(items))
	return items[:count], items[count:]
}

// SetNames puts the whole wanted split DNS in force.
func (client *Client) SetNames(ctx context.Context, input wire.NamesInput) (inForce wire.NamesInForce, err error) {
	err = client.call(ctx, wire.HelperSetNames, input, &inForce)
	return inForce, err
}

// Filters lists what drops packets of this computer's programs.
func (client *Client) Filters(ctx context.Context) (filters wire.Filters, err error) {
	err = client.call(ctx, wire.HelperFilters, nil, &filters)
	return filters, err
}

// FlushNames makes the laptop's caches forget names.
func (client *Client) FlushNames(ctx context.Context) error {
	return client.call(ctx, wire.HelperFlushNames, nil, nil)
}

// Release gives the lease back and returns once everything was undone.
func (client *Client) Release(ctx context.Context) (released wire.Released, err error) {
	err = client.call(ctx, wire.HelperRelease, nil, &released)
	client.stopBeating()
	return released, err
}

// Events delivers what the helper tells unasked. When nobody reads, the oldest are dropped.
func (client *Client) Events() <-chan Event { return client.events }

// Lost is closed when the link is over, for whatever reason; Err tells which.
func (client *Client) Lost() <-chan struct{} { return client.lost }

// Err returns why the link is over, nil while it lives.
func (client *Client) Err() error {
	client.mu.Lock()
	defer client.mu.Unlock()
	return client.err
}

// Close ends the link; a lease still held is undone by the helper.
func (client *Client) Close() error {
	client.fail(&wire.Problem{Code: wire.CodeHelperLost, Cause: "the link was closed by this side"})
	return nil
}

func malformed(cause string) *wire.Problem {
	return &wire.Problem{Code: wire.CodeMessageMalformed, Cause: cause}
}

// versionProblem is worded for the client's user, whichever side finds it.
func versionProblem(helper, client int) *wire.Problem {
	return wire.CauseProtocols.Problem(wire.CodeHelperVersion, "theirs", helper, "ours", client)
}
