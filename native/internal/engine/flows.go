package engine

import (
	"errors"
	"net/netip"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/flowlist"
	"slipway/native/internal/sockets"
	"slipway/native/internal/wire"
)

// flowsSoon is when the second sample of flows comes: rates, and programs that were found meanwhile.
const flowsSoon = 300 * time.Millisecond

// watchFlows begins or ends the telling of flows, each second from the first registration on.
func (connection *connection) watchFlows(watched bool) {
	connection.watching.Lock()
	defer connection.watching.Unlock()
	if watched == (connection.unwatch != nil) {
		return
	}
	if !watched {
		connection.unwatch()
		connection.unwatch = nil
		return
	}
	done, ended := make(chan struct{}), make(chan struct{})
	connection.unwatch = func() {
		close(done)
		<-ended
	}
	go func() {
		defer close(ended)
		connection.tellFlows(done)
	}()
}

// finder looks up whose connections are.
func (connection *connection) finder() flowlist.Finder {
	if connection.virtual != nil {
		return programFinder{sockets.NewFinder(), connection}
	}
	return sockets.NewFinder()
}

func (connection *connection) tellFlows(done <-chan struct{}) {
	var watch *flowlist.Watch
	defer func() {
		if watch != nil {
			watch.Close()
		}
	}()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-done:
			return
		case <-connection.living.Done():
			return
		case <-next.C:
		}
		wait := time.Second
		connection.mutex.Lock()
		path := connection.path
		connection.mutex.Unlock()
		if path != nil {
			if watch == nil {
				watch = path.flowList.Watch(connection.finder(), func(opening bytestream.Opening) bool {
					return path.engine.Has(opening.Source.Addr())
				})
				wait = flowsSoon
			}
			told := watch.Sample(time.Now(), path.terminator.Accounts())
			told.Path, told.RoundTripMicroseconds = connection.agent.carrierName(), connection.agent.roundTrip().Microseconds()
			if !connection.offer(wire.EngineEvent{Event: wire.EventFlows, Flows: &told}) {
				watch.Void()
			}
		}
		next.Reset(wait)
	}
}

// openFlow begins a flow of whatever session there is.
func (path *path) openFlow(opening bytestream.Opening, events bytestream.Events) (*bytestream.Flow, error) {
	session := path.flows.Load()
	if session == nil {
		return nil, errors.New("there is no session yet")
	}
	switch to := opening.Destination; {
	case path.engine.Has(to.Addr()): // what measures the way to the agent
		opening.Destination = netip.AddrPortFrom(path.agent.Load().Like(to.Addr()), to.Port())
	case path.laptop.Has(opening.Source.Addr()):
		opening.Destination = path.realOf(to)
	}
	return session.Open(opening, events)
}
