package flowlist

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/sockets"
	"slipway/native/internal/terminate"
	"slipway/native/internal/wire"
)

// Watch tells what differs from what it told before. Its methods must not be called at the same time.
type Watch struct {
	list   *List
	owners *owners
	told   map[uint64]wire.Flow // nil: nothing, or it was lost
	before counted
}

// counted is what connections had carried at some time.
type counted struct {
	at    time.Time
	bytes map[uint64]carried
}

type carried struct{ up, down uint64 }

// Watch begins to watch. The caller closes it before there is another one. isOwn tells the engine's own connections.
func (l *List) Watch(finder Finder, isOwn func(bytestream.Opening) bool) *Watch {
	watch := &Watch{list: l, owners: startOwners(finder, isOwn)}
	l.watch.Store(watch)
	return watch
}

// Close ends it.
func (w *Watch) Close() {
	w.list.watch.CompareAndSwap(w, nil)
	w.owners.stop()
}

// Void says that what was told last was not heard: the next sample tells everything.
func (w *Watch) Void() { w.told = nil }

// Sample looks at the connections that live and those that ended, and tells what is to be told of them.
func (w *Watch) Sample(now time.Time, living iter.Seq[terminate.Account]) wire.FlowsEvent {
	live := slices.Collect(living)
	event := wire.FlowsEvent{All: w.told == nil, Live: len(live), ProgramsKnown: sockets.Supported}
	openings := make(map[bytestream.Opening]struct{}, len(live))
	count := counted{at: now, bytes: make(map[uint64]carried, len(live))}
	for _, account := range live {
		openings[account.Opening] = struct{}{}
		count.bytes[account.ID] = carried{account.Up, account.Down}
		if account.State == terminate.Opening {
			event.Opening++
		}
	}
	told := make(map[uint64]wire.Flow, min(len(live), wire.FlowsAtMost))
	for _, account := range w.choose(live) {
		w.owners.ask(account.ID, account.Opening)
		w.tell(account, now, told)
	}
	for _, account := range w.list.ends(now) {
		// Slipway's own checks, several every few seconds, would bury what programs did. One that failed is worth a line.
		if account.State == terminate.Closed && w.owners.isOwn(account.Opening) {
			continue
		}
		// A SYN that met silence is sent again from the same port, and stands for itself then.
		if _, isAgain := openings[account.Opening]; !isAgain {
			w.tell(account, now, told)
		}
	}
	event.Changed, event.Gone = difference(w.told, told)
	w.told, w.before = told, count
	w.owners.keep(func(id uint64) bool {
		_, isTold := told[id]
		_, isLive := count.bytes[id]
		return isTold || isLive
	})
	return event
}

// choose takes those that are told: where there are too many, those that carried most since the last sample, then those
// that were told already, so that what is quiet does not come and go, then the newest.
func (w *Watch) choose(live []terminate.Account) []terminate.Account {
	if len(live) <= wire.FlowsAtMost {
		return live
	}
	type ranked struct {
		account terminate.Account
		moved   uint64
		wasTold int
	}
	ranking := make([]ranked, len(live))
	for index, account := range live {
		before := w.before.bytes[account.ID]
		ranking[index] = ranked{account: account, moved: account.Up - before.up + account.Down - before.down}
		if _, ok := w.told[account.ID]; ok {
			ranking[index].wasTold = 1
		}
	}
	slices.SortFunc(ranking, func(one, other ranked) int {
		return cmp.Or(
			cmp.Compare(other.moved, one.moved),
			cmp.Compare(other.wasTold, one.wasTold),
			cmp.Compare(other.account.ID, one.account.ID),
		)
	})
	for index := range wire.FlowsAtMost {
		live[index] = ranking[index].account
	}
	return live[:wire.FlowsAtMost]
}

// tell puts what is known of a connection into words of the wire.
func (w *Watch) tell(account terminate.Account, now time.Time, into map[uint64]wire.Flow) {
	flow := wire.Flow{
		ID: account.ID, Source: account.Opening.Source.String(), Destination: account.Opening.Destination.String(),
		State: account.State.String(), BeganAt: account.Began.UnixMilli(), BytesUp: account.Up, BytesDown: account.Down,
		AnswerMicroseconds: account.Answer.Microseconds(), TunnelMicroseconds: account.Tunnel.Microseconds(),
		Program: w.program(account),
	}
	if account.Real.IsValid() && account.Real != account.Opening.Destination && !w.owners.isOwn(account.Opening) {
		flow.Real = account.Real.String()
	}
	if account.State.IsOver() {
		flow.EndedAt = account.Over.UnixMilli()
		if before, ok := w.told[account.ID]; ok && flow.Program == nil {
			flow.Program = before.Program
		}
	} else if before, ok := w.before.bytes[account.ID]; ok {
		elapsed := now.Sub(w.before.at).Seconds()
		flow.RateUp, flow.RateDown = rate(account.Up-before.up, elapsed), rate(account.Down-before.down, elapsed)
	}
	into[account.ID] = flow
}

// program is whose a connection is. The engine's own are so whenever they began; nobody is asked.
func (w *Watch) program(account terminate.Account) *wire.FlowProgram {
	if w.owners.isOwn(account.Opening) {
		return w.owners.own
	}
	return w.owners.program(account.ID)
}

func rate(bytes uint64, seconds float64) uint64 {
	if seconds <= 0 {
		return 0
	}
	return uint64(float64(bytes) / seconds)
}

func difference(before, after map[uint64]wire.Flow) (changed []wire.Flow, gone []uint64) {
	for id, flow := range after {
		if known, ok := before[id]; !ok || known != flow {
			changed = append(changed, flow)
		}
	}
	for id := range before {
		if _, ok := after[id]; !ok {
			gone = append(gone, id)
		}
	}
	slices.SortFunc(changed, func(one, other wire.Flow) int { return cmp.Compare(one.ID, other.ID) })
	slices.Sort(gone)
	return changed, gone
}
