package engine

import (
	"context"
	"fmt"

	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/lease"
	"slipway/native/internal/wire"
)

// DialLease returns the DialHelper of a Config: the root helper's socket.
func DialLease(build string) func(context.Context, string) (Helper, error) {
	return func(ctx context.Context, socket string) (Helper, error) {
		client, err := lease.Dial(ctx, socket, wire.Hello{Protocol: wire.Protocol, Build: build, Role: "engine"})
		if err != nil {
			return nil, err
		}
		helper := &leaseHelper{
			Client: client, changes: make(chan wire.HostInspection, 1), routes: make(chan wire.RouteDecisions, 1),
			touches: make(chan wire.TunnelUpkeep, 1),
		}
		go helper.forward()
		return helper, nil
	}
}

// leaseHelper makes a Helper of a lease's client.
type leaseHelper struct {
	*lease.Client
	changes chan wire.HostInspection
	routes  chan wire.RouteDecisions
	touches chan wire.TunnelUpkeep
}

// OpenTun makes a device of what the helper hands over.
func (helper *leaseHelper) OpenTun(ctx context.Context, input wire.OpenTunInput) (wire.TunOpened, tun.Device, error) {
	opened, handover, err := helper.Client.OpenTun(ctx, input)
	if err != nil {
		return opened, nil, err
	}
	defer handover.Close()
	device, err := deviceOf(handover)
	if err != nil {
		return opened, nil, fmt.Errorf("use the TUN: %w", err)
	}
	return opened, device, nil
}

func (helper *leaseHelper) Hello() wire.Hello                         { return helper.Server() }
func (helper *leaseHelper) HostChanged() <-chan wire.HostInspection   { return helper.changes }
func (helper *leaseHelper) RoutesChanged() <-chan wire.RouteDecisions { return helper.routes }
func (helper *leaseHelper) NetworkTouched() <-chan wire.TunnelUpkeep  { return helper.touches }

// forward hands over the newest of each kind; what was not taken yet is out of date.
func (helper *leaseHelper) forward() {
	for {
		select {
		case <-helper.Lost():
			return
		case event := <-helper.Events():
			switch event.Name {
			case wire.EventHostChanged:
				replace(helper.changes, event.Host)
			case wire.EventRoutesChanged:
				replace(helper.routes, event.Routes)
			case wire.EventNetworkTouched:
				replace(helper.touches, event.Upkeep)
			}
		}
	}
}

// replace puts value into a channel of one, in place of what is there. Nobody else sends.
func replace[Value any](channel chan Value, value Value) {
	select {
	case <-channel:
	default:
	}
	channel <- value
}
