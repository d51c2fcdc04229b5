package engine

import (
	"context"
	"maps"
	"net/netip"
	"sync"

	"slipway/native/internal/resolver"
	"slipway/native/internal/wire"
)

// serviceList is what the core said of Services. The engine takes in what comes, connections ask for all of it.
type serviceList struct {
	mutex sync.Mutex
	known map[wire.ServiceName][]wire.ServiceEndpoint
	parts *serviceChange // those that came of a change, where more will
}

// serviceChange is what became of Services: one without entries is gone, and where it is whole, so is every other one.
type serviceChange struct {
	whole    bool
	services map[wire.ServiceName][]wire.ServiceEndpoint
}

// take adds a part. It answers with the change once that has all its parts; until then nothing of it counts.
func (list *serviceList) take(part wire.ServiceEndpoints) (change serviceChange, isComplete bool) {
	list.mutex.Lock()
	defer list.mutex.Unlock()
	if list.parts == nil || part.Whole {
		list.parts = &serviceChange{whole: part.Whole, services: map[wire.ServiceName][]wire.ServiceEndpoint{}}
	}
	for _, gone := range part.Gone {
		list.parts.services[gone] = nil
	}
	isNew := map[wire.ServiceName]bool{}
	for _, entry := range part.Services {
		name := wire.ServiceName{Namespace: entry.Namespace, Name: entry.Name}
		if !isNew[name] {
			isNew[name] = true
			list.parts.services[name] = nil
		}
		list.parts.services[name] = append(list.parts.services[name], entry)
	}
	if part.More {
		return serviceChange{}, false
	}
	change, list.parts = *list.parts, nil
	if change.whole || list.known == nil {
		list.known = make(map[wire.ServiceName][]wire.ServiceEndpoint, len(change.services))
	}
	for name, entries := range change.services {
		if len(entries) == 0 {
			delete(list.known, name)
		} else {
			list.known[name] = entries
		}
	}
	return change, true
}

// all is everything that is known, as a whole change.
func (list *serviceList) all() serviceChange {
	list.mutex.Lock()
	defer list.mutex.Unlock()
	return serviceChange{whole: true, services: maps.Clone(list.known)}
}

// named are the Services of a change for the answerer; an address that is none is left out.
func (change serviceChange) named() []resolver.Service {
	services := make([]resolver.Service, 0, len(change.services))
	for name, entries := range change.services {
		service := resolver.Service{Namespace: name.Namespace, Name: name.Name}
		for _, entry := range entries {
			if address, err := netip.ParseAddr(entry.Address); err == nil {
				service.Addresses = append(service.Addresses, address.Unmap())
			}
		}
		services = append(services, service)
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
