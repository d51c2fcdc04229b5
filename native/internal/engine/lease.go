package engine

import (
	"context"

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
		helper := &leaseHelper{Client: client, changes: make(chan wire.HostInspection, 1)}
		go helper.forward()
		return helper, nil
	}
}

// leaseHelper makes a Helper of a lease's client.
type leaseHelper struct {
	*lease.Client
	changes chan wire.HostInspection
}

func (helper *leaseHelper) Hello() wire.Hello                       { return helper.Server() }
func (helper *leaseHelper) HostChanged() <-chan wire.HostInspection { return helper.changes }

// forward hands over the newest change; what was not taken yet is out of date.
func (helper *leaseHelper) forward() {
	for {
		select {
		case <-helper.Lost():
			return
		case event := <-helper.Events():
			if event.Name != wire.EventHostChanged {
				continue
			}
			select {
			case <-helper.changes:
			default:
			}
			helper.changes <- event.Host
		}
	}
}
