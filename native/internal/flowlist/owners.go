package flowlist

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/sockets"
	"slipway/native/internal/wire"
)

// Finder looks up whose connections are. It is called by one goroutine.
type Finder interface {
	Find(wanted map[sockets.Pair]struct{}) map[sockets.Pair]sockets.Owner
	Lives(owner *sockets.Owner) bool
}

const (
	triesAtMost  = 3           // until an owner is said not to be known
	triesApart   = time.Second // between two of them
	checkedEvery = 5 * time.Second
	askedAtMost  = 16384 // connections whose owners are sought or known

	// A search is followed by a pause of restFor times as long as it took, so that it takes a twelfth of a processor at most.
	restFor   = 11
	restLeast = 10 * time.Millisecond
)

// owners finds out whose connections are, beside everything else.
type owners struct {
	finder Finder
	own    *wire.FlowProgram // this process
	isOwn  func(bytestream.Opening) bool
	asked  chan struct{}
	done   chan struct{}
	ended  sync.WaitGroup

	mu   sync.Mutex
	byID map[uint64]*sought
}

// sought is one connection's owner.
type sought struct {
	opening bytestream.Opening
	owner   sockets.Owner
	program *wire.FlowProgram // nil: not known
	tries   int
	due     time.Time // of the next one
	isOver  bool      // there is nothing to be found any more
}

func startOwners(finder Finder, isOwn func(bytestream.Opening) bool) *owners {
	o := &owners{
		finder: finder, own: programOf(sockets.Own()), isOwn: isOwn,
		asked: make(chan struct{}, 1), done: make(chan struct{}), byID: map[uint64]*sought{},
	}
	o.ended.Go(o.run)
	return o
}

// stop waits for a search that is under way.
func (o *owners) stop() {
	close(o.done)
	o.ended.Wait()
}

// ask has a connection's owner looked up. It does not wait.
func (o *owners) ask(id uint64, opening bytestream.Opening) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID[id] != nil || len(o.byID) >= askedAtMost || o.isOwn(opening) {
		return
	}
	o.byID[id] = &sought{opening: opening}
	select {
	case o.asked <- struct{}{}:
	default:
	}
}

// over tells that a connection ended: what is known of it stays.
func (o *owners) over(id uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if one := o.byID[id]; one != nil {
		one.isOver = true
	}
}

// program is whose a connection is; nil where that is not known.
func (o *owners) program(id uint64) *wire.FlowProgram {
	o.mu.Lock()
	defer o.mu.Unlock()
	if one := o.byID[id]; one != nil {
		return one.program
	}
	return nil
}

// keep forgets all connections but those that are named.
func (o *owners) keep(isKept func(id uint64) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.byID {
		if !isKept(id) {
			delete(o.byID, id)
		}
	}
}

func (o *owners) run() {
	again, checks := time.NewTicker(triesApart), time.NewTicker(checkedEvery)
	defer again.Stop()
	defer checks.Stop()
	for {
		var began time.Time
		select {
		case <-o.asked:
			began = time.Now()
			o.search(began)
		case began = <-again.C:
			o.search(began)
		case began = <-checks.C:
			o.check()
		case <-o.done:
			return
		}
		select {
		case <-time.After(max(restFor*time.Since(began), restLeast)):
		case <-o.done:
			return
		}
	}
}

// search looks for everybody who is due. A process that was found is not sought again.
func (o *owners) search(now time.Time) {
	o.mu.Lock()
	wanted, of := map[sockets.Pair]struct{}{}, map[sockets.Pair]*sought{}
	for _, one := range o.byID {
		isSettled := one.owner.PID != 0 || one.tries >= triesAtMost || one.isOver && one.tries > 0
		if !isSettled && !now.Before(one.due) {
			pair := sockets.Pair{Local: one.opening.Source, Remote: one.opening.Destination}
			wanted[pair], of[pair] = struct{}{}, one
			one.tries++
			one.due = now.Add(triesApart)
		}
	}
	o.mu.Unlock()
	if len(wanted) == 0 {
		return
	}
	found := o.finder.Find(wanted)
	o.mu.Lock()
	defer o.mu.Unlock()
	for pair, owner := range found {
		one := of[pair]
		one.owner, one.program = owner, programOf(owner)
	}
}

// check forgets processes that are gone while their connections live: another one holds them, and numbers are given away again.
func (o *owners) check() {
	o.mu.Lock()
	gone := map[sockets.Owner]struct{}{} // a process that runs another program has the same number and start
	for _, one := range o.byID {
		if !one.isOver && one.owner.PID != 0 {
			gone[one.owner] = struct{}{}
		}
	}
	o.mu.Unlock()
	for owner := range gone {
		if o.finder.Lives(&owner) {
			delete(gone, owner)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, one := range o.byID {
		if _, isGone := gone[one.owner]; isGone && !one.isOver {
			one.owner, one.program, one.tries = sockets.Owner{}, nil, 0
		}
	}
}

func programOf(owner sockets.Owner) *wire.FlowProgram {
	return &wire.FlowProgram{
		User: readable(owner.User), PID: owner.PID, Name: readable(owner.Name), Executable: readable(owner.Executable),
	}
}

// readable takes out what is no text, such as terminals' commands.
func readable(text string) string {
	return strings.Map(func(letter rune) rune {
		if unicode.IsControl(letter) || letter == unicode.ReplacementChar {
			return '?'
		}
		return letter
	}, strings.ToValidUTF8(text, "?"))
}
