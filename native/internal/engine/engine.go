// Package engine is the user-level process that carries packets between the laptop's TUN and the agent: it holds the
// helper's lease, keeps the session with the agent alive, and answers names inside the packet path. The core tells it
// what to do over its standard input. It must never decide which cluster, ranges or agent to use, never open a
// listening socket on the laptop but that of the proxy which the core asked for, and never write names, addresses or secrets to its log above debug level.
package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// Helper is a link to the root helper, as package lease makes it. Errors that have a code are *wire.Problem.
type Helper interface {
	Hello() wire.Hello
	Inspect(context.Context) (wire.HostInspection, error)
	CheckRoutes(context.Context, wire.RoutesInput) (wire.RouteDecisions, error)
	Acquire(context.Context, wire.AcquireInput) (wire.Lease, error)
	OpenTun(context.Context, wire.OpenTunInput) (wire.TunOpened, tun.Device, error)
	SetRoutes(context.Context, wire.RoutesInput) (wire.RouteDecisions, error)
	SetHosts(context.Context, wire.HostsInput) (wire.RouteDecisions, error)
	SetNames(context.Context, wire.NamesInput) (wire.NamesInForce, error)
	Filters(context.Context) (wire.Filters, error)
	FlushNames(context.Context) error
	Release(context.Context) (wire.Released, error)
	HostChanged() <-chan wire.HostInspection
	RoutesChanged() <-chan wire.RouteDecisions // on the whole set of the last SetRoutes, in force when they come
	NetworkTouched() <-chan wire.TunnelUpkeep  // something happened to links, addresses, routes, rules or nftables
	Lost() <-chan struct{}                     // closed when the link is over
	Err() error                                // why it is over
	Close() error                              // what is still held is undone by the helper
}

// Config is what the engine is made of. DialHelper and Carriers are its only ways out of the process besides
// sockets of the laptop itself, to its own resolvers and for tests.
type Config struct {
	Build      string
	Log        *slog.Logger
	DialHelper func(ctx context.Context, socket string) (Helper, error)
	Carriers   []carrier.New // all ways to an agent that are there everywhere
	// Direct makes ways straight to an agent, where candidates say that there may be one. Nil: there are none.
	Direct carrier.NewDirect
	// SystemDial opens sockets as the laptop's programs do: through the kernel and its routes. Nil is package net's.
	SystemDial func(ctx context.Context, network, address string) (net.Conn, error)
	// Kernel is how the laptop's side of the reach check asks; nil leaves that side out.
	Kernel Kernel
	Timing Timing
}

// Timing holds every wait of the engine. The zero value of a field means its default.
type Timing struct {
	Heartbeat     time.Duration // between heartbeats of a lane: 2 s
	LaneSilence   time.Duration // without an answer, a lane is dead: 6 s
	SuspectAnswer time.Duration // the same after the laptop slept or changed networks: 1.5 s
	Renew         time.Duration // of the registration: 20 s
	BackoffFirst  time.Duration // before the second try of a dial: 0.2 s
	BackoffLast   time.Duration // the longest wait between two: 5 s
	Dial          time.Duration // of one stream with its opening: 10 s
	Establish     time.Duration // of the tunnel step of connect: 20 s
	HelperCall    time.Duration // of one request to the helper: 10 s
	Credentials   time.Duration // for the core's answer, which may wait for a login: 60 s
	Release       time.Duration // for the undo when the process ends: 3 s
	Reach         time.Duration // between two reach checks, give or take a tenth: 2.4 s
	Probe         time.Duration // for one try through the laptop's own kernel: 1.1 s, so that a SYN is repeated
	DirectTry     time.Duration // for all addresses of a candidate: 12 s
	DirectAnswer  time.Duration // until an agent has proved itself there: 3 s
	DirectAsk     time.Duration // between two questions over the direct path in use: 0.4 s
	DirectSilence time.Duration // without an answer, it is dead: 1.4 s
	// Before a candidate that does not work is tried again: 2 s, doubling up to 30 s, or up to 12 s where it worked before.
	DirectRetryFirst, DirectRetryLast, DirectRetryKnown time.Duration

	ClusterAnswer time.Duration // for a pod, a Service or the cluster's DNS, beside four round trips: 0.8 s
}

func (timing Timing) withDefaults() Timing {
	for _, field := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&timing.Heartbeat, 2 * time.Second},
		{&timing.LaneSilence, 6 * time.Second},
		{&timing.SuspectAnswer, 1500 * time.Millisecond},
		{&timing.Renew, 20 * time.Second},
		{&timing.BackoffFirst, 200 * time.Millisecond},
		{&timing.BackoffLast, 5 * time.Second},
		{&timing.Dial, 10 * time.Second},
		{&timing.Establish, 20 * time.Second},
		{&timing.HelperCall, 10 * time.Second},
		{&timing.Credentials, 60 * time.Second},
		{&timing.Release, 3 * time.Second},
		{&timing.Reach, 2400 * time.Millisecond},
		{&timing.Probe, 1100 * time.Millisecond},
		{&timing.DirectTry, 12 * time.Second},
		{&timing.DirectAnswer, 3 * time.Second},
		{&timing.DirectAsk, 400 * time.Millisecond},
		{&timing.DirectSilence, 1400 * time.Millisecond},
		{&timing.DirectRetryFirst, 2 * time.Second},
		{&timing.DirectRetryLast, 30 * time.Second},
		{&timing.DirectRetryKnown, 12 * time.Second},
		{&timing.ClusterAnswer, 800 * time.Millisecond},
	} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	return timing
}

// ErrHelperLost ends Run after event helperLost.
var ErrHelperLost = errors.New("the helper's link broke")

// ErrCoreVersion ends Run when the core speaks another protocol.
var ErrCoreVersion = errors.New("the core speaks another protocol")

// Run serves one core until input ends, ctx ends, or the core says stop. Everything is undone when it returns.
func Run(ctx context.Context, config Config, input io.Reader, output io.Writer) error {
	config.Timing = config.Timing.withDefaults()
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.SystemDial == nil {
		config.SystemDial = (&net.Dialer{}).DialContext
	}
	link := newLink(output)
	defer link.close()
	engine := &engine{config: config, log: config.Log, link: link, services: &serviceList{}, hosts: &hostList{}}
	engine.credentials = newCredentialBroker(config.Timing.Credentials, func() {
		link.send(wire.EngineEvent{Event: wire.EventNeedCredentials})
	})
	return engine.serve(ctx, readCommands(input))
}

// asProblem gives every error a code.
func asProblem(err error, code string) *wire.Problem {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		return problem
	}
	return &wire.Problem{Code: code, Cause: err.Error()}
}
