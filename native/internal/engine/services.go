package engine

import (
	"context"
	"net/netip"
	"sync"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// servicesOf are the Services of a list for the answerer; an address that is none is left out.
func servicesOf(endpoints wire.ServiceEndpoints) []resolver.Service {
	services := make([]resolver.Service, 0, len(endpoints.Services))
	for _, listed := range endpoints.Services {
		if address, err := netip.ParseAddr(listed.Address); err == nil {
			services = append(services, resolver.Service{
				Namespace: listed.Namespace, Name: listed.Name, Addresses: []netip.Addr{address.Unmap()},
			})
		}
	}
	return services
}

// flushSeconds lie between two flushes of the laptop's caches at least: a cluster whose Services change all the time must
// not leave the laptop without a cache. What was told of a cluster is kept for no longer than that anyway.
const flushSeconds = 3

// stale is that somebody may have kept what is no longer true.
type stale struct {
	mutex   sync.Mutex
	isStale bool
	seconds int // since the last flush
}

func (stale *stale) mark() {
	stale.mutex.Lock()
	defer stale.mutex.Unlock()
	stale.isStale = true
}

// isDue is asked once a second.
func (stale *stale) isDue() bool {
	stale.mutex.Lock()
	defer stale.mutex.Unlock()
	stale.seconds++
	if !stale.isStale || stale.seconds < flushSeconds {
		return false
	}
	stale.isStale, stale.seconds = false, 0
	return true
}

// flushNames makes the laptop forget. Where it cannot be done, what was told ends in its own time.
func (connection *connection) flushNames() {
	call, cancel := context.WithTimeout(context.Background(), connection.config.Timing.HelperCall)
	defer cancel()
	if err := connection.helper.FlushNames(call); err != nil {
		connection.config.Log.Debug("the laptop's caches were not flushed", "error", err)
	}
}
