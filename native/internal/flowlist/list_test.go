package flowlist

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/sockets"
	"slipway/native/internal/terminate"
	"slipway/native/internal/wire"
)

// kernel is a Finder over connections that a test says there are.
type kernel struct {
	mu      sync.Mutex
	holders map[sockets.Pair]sockets.Owner
	dead    map[int]bool
	asked   int
}

func (k *kernel) Find(wanted map[sockets.Pair]struct{}) map[sockets.Pair]sockets.Owner {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	found := map[sockets.Pair]sockets.Owner{}
	for pair := range wanted {
		if owner, ok := k.holders[pair]; ok {
			found[pair] = owner
		}
	}
	return found
}

func (k *kernel) Lives(owner *sockets.Owner) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.dead[owner.PID]
}

func (k *kernel) holds(account terminate.Account, owner sockets.Owner) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holders == nil {
		k.holders, k.dead = map[sockets.Pair]sockets.Owner{}, map[int]bool{}
	}
	k.holders[sockets.Pair{Local: account.Opening.Source, Remote: account.Opening.Destination}] = owner
}

func isOwn(opening bytestream.Opening) bool {
	return opening.Source.Addr() == netip.MustParseAddr("198.18.0.3")
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func account(id uint64, state terminate.State) terminate.Account {
	made := terminate.Account{
		ID: id, State: state, Began: noon.Add(-time.Minute), Answer: 3 * time.Millisecond, Tunnel: time.Millisecond,
		Opening: bytestream.Opening{
			Source:      netip.AddrPortFrom(netip.MustParseAddr("198.18.0.2"), uint16(id)),
			Destination: netip.MustParseAddrPort("10.96.0.10:5432"),
		},
	}
	if state.IsOver() {
		made.Over = noon
	}
	return made
}

// heard is what a core knows that takes every event.
type heard map[uint64]wire.Flow

func (h heard) take(event wire.FlowsEvent) {
	if event.All {
		clear(h)
	}
	for _, flow := range event.Changed {
		h[flow.ID] = flow
	}
	for _, id := range event.Gone {
		delete(h, id)
	}
}

func (h heard) ids() []uint64 { return slices.Sorted(maps.Keys(h)) }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestOnlyWhatDiffersIsTold(t *testing.T) {
	var list List
	watch := list.Watch(&kernel{}, isOwn)
	defer watch.Close()
	idle, busy := account(1, terminate.Open), account(2, terminate.Open)
	first := watch.Sample(noon, slices.Values([]terminate.Account{idle, busy, account(3, terminate.Opening)}))
	if !first.All || len(first.Changed) != 3 || first.Live != 3 || first.Opening != 1 || !first.ProgramsKnown == sockets.Supported {
		t.Fatalf("first %+v", first)
	}
	busy.Up, busy.Down = 500, 2000
	second := watch.Sample(noon.Add(2*time.Second), slices.Values([]terminate.Account{idle, busy}))
	if second.All || len(second.Changed) != 1 || second.Changed[0].RateUp != 250 || second.Changed[0].RateDown != 1000 ||
		!slices.Equal(second.Gone, []uint64{3}) {
		t.Errorf("second %+v", second)
	}
	third := watch.Sample(noon.Add(3*time.Second), slices.Values([]terminate.Account{idle, busy}))
	if len(third.Changed) != 1 || third.Changed[0].RateDown != 0 { // it rests now
		t.Errorf("third %+v", third)
	}
	if fourth := watch.Sample(noon.Add(4*time.Second), slices.Values([]terminate.Account{idle, busy})); len(fourth.Changed)+len(fourth.Gone) > 0 {
		t.Errorf("fourth %+v", fourth)
	}
	watch.Void()
	if again := watch.Sample(noon.Add(5*time.Second), slices.Values([]terminate.Account{idle})); !again.All || len(again.Changed) != 1 {
		t.Errorf("after a loss %+v", again)
	}
}

func TestEndsAreKeptWithoutAWatchAndGoInTime(t *testing.T) {
	var list List
	for id := uint64(1); id <= 3*endsKept; id++ {
		list.Ended(account(id, terminate.Closed))
	}
	refused := account(1000, terminate.Refused)
	list.Ended(refused)
	watch := list.Watch(&kernel{}, isOwn)
	defer watch.Close()
	known := heard{}
	none := slices.Values([]terminate.Account(nil))
	known.take(watch.Sample(noon.Add(time.Second), none))
	if len(known) != endsKept+1 || known[1000].State != "refused" || known[1000].EndedAt != noon.UnixMilli() {
		t.Errorf("%d are told, %+v", len(known), known[1000])
	}
	known.take(watch.Sample(noon.Add(closedTold+time.Second), none))
	if !slices.Equal(known.ids(), []uint64{1000}) {
		t.Errorf("%v are told after %s", known.ids(), closedTold)
	}
	known.take(watch.Sample(noon.Add(failedTold+time.Second), none))
	if len(known) > 0 {
		t.Errorf("%v are told after %s", known.ids(), failedTold)
	}
}

// Linux sends a SYN again after 1, 3, 7 … seconds, and each that meets silence asks the cluster anew.
func TestAttemptsThatMeetSilenceAreOne(t *testing.T) {
	var list List
	again := func(id uint64, state terminate.State, after time.Duration) terminate.Account {
		made := account(id, state)
		made.Opening = account(1, terminate.Silent).Opening
		made.Began = made.Began.Add(after)
		return made
	}
	list.Ended(again(1, terminate.Silent, 0))
	list.Ended(again(2, terminate.Silent, 30*time.Second))
	watch := list.Watch(&kernel{}, isOwn)
	defer watch.Close()
	known := heard{}
	known.take(watch.Sample(noon, slices.Values([]terminate.Account(nil))))
	if !slices.Equal(known.ids(), []uint64{2}) || known[2].BeganAt != noon.Add(-time.Minute).UnixMilli() {
		t.Errorf("told are %+v", known)
	}
	known.take(watch.Sample(noon, slices.Values([]terminate.Account{again(3, terminate.Opening, time.Minute)})))
	if !slices.Equal(known.ids(), []uint64{3}) {
		t.Errorf("while it is tried again, told are %+v", known)
	}
}

func TestOfTooManyTheBusiestAreToldAndAllFitIntoAFrame(t *testing.T) {
	var list List
	machine := &kernel{}
	hostile := strings.Repeat("\u202e<&>\x1b\u2028", 100)
	var live []terminate.Account
	for id := uint64(1); id <= 20_000; id++ {
		live = append(live, account(id, terminate.Open))
		machine.holds(live[id-1], sockets.Owner{User: hostile[:64], PID: int(id), Name: hostile[:64], Executable: hostile[:256]})
	}
	for id := uint64(30_000); id < 31_000; id++ {
		list.Ended(account(id, terminate.Refused))
		list.Ended(account(id, terminate.Closed))
	}
	watch := list.Watch(machine, isOwn)
	defer watch.Close()
	known := heard{}
	known.take(watch.Sample(noon, slices.Values(live)))
	eventually(t, "no program is found", func() bool { return watch.owners.program(20_000) != nil })
	if len(known) != wire.FlowsAtMost+2*endsKept-endsKept { // the ends of both kinds have the same ids here
		t.Errorf("%d are told", len(known))
	}
	live[0].Up, live[1].Down = 1<<20, 1<<30
	watch.Void()
	event := watch.Sample(noon.Add(time.Second), slices.Values(slices.Clone(live)))
	known.take(event)
	if event.Live != 20_000 || known[1].RateUp != 1<<20 || known[2].RateDown != 1<<30 {
		t.Errorf("of %d, told are %+v and %+v", event.Live, known[1], known[2])
	}
	if known[20_000].Program == nil || strings.ContainsAny(known[20_000].Program.Name, "\x1b") {
		t.Errorf("the program is %+v", known[20_000].Program)
	}
	told := known.ids()
	for range 3 {
		if known.take(watch.Sample(noon.Add(2*time.Second), slices.Values(slices.Clone(live)))); !slices.Equal(known.ids(), told) {
			t.Error("what is quiet comes and goes")
		}
	}
	watch.Void()
	event = watch.Sample(noon.Add(3*time.Second), slices.Values(live))
	var written bytes.Buffer
	if err := wire.WriteFrame(&written, wire.EngineEvent{Event: wire.EventFlows, Flows: &event}, wire.MaxEngineFrame); err != nil {
		t.Errorf("%d bytes: %v", written.Len(), err)
	}
}

func TestAProgramIsToldAsFarAsItIsKnown(t *testing.T) {
	var list List
	machine := &kernel{}
	curl, stranger, own := account(1, terminate.Opening), account(2, terminate.Open), account(3, terminate.Open)
	own.Opening.Source = netip.MustParseAddrPort("198.18.0.3:53")
	machine.holds(curl, sockets.Owner{User: "ada", PID: 70, Name: "curl", Executable: "/usr/bin/curl"})
	machine.holds(stranger, sockets.Owner{User: "root"})
	watch := list.Watch(machine, isOwn)
	defer watch.Close()
	list.Began(curl)
	eventually(t, "who has just begun is not sought at once", func() bool { return watch.owners.program(1) != nil })
	curl.State, curl.Over = terminate.Refused, noon
	list.Ended(curl)
	known := heard{}
	live := slices.Values([]terminate.Account{stranger, own, account(4, terminate.Open)})
	watch.Sample(noon, live)
	eventually(t, "the stranger is not found", func() bool { return watch.owners.program(2) != nil })
	watch.Void()
	known.take(watch.Sample(noon, live))
	if program := known[1].Program; program == nil || *program != (wire.FlowProgram{User: "ada", PID: 70, Name: "curl", Executable: "/usr/bin/curl"}) {
		t.Errorf("who was refused is %+v", program)
	}
	if program := known[2].Program; program == nil || *program != (wire.FlowProgram{User: "root"}) {
		t.Errorf("the stranger is %+v", program)
	}
	if program := known[3].Program; program == nil || program.PID == 0 {
		t.Errorf("the engine's own is %+v", program)
	}
	if known[4].Program != nil {
		t.Errorf("nobody is %+v", known[4].Program)
	}
}

// Slipway looks every few seconds whether the cluster answers: that is not what anybody looks for, unless it failed.
func TestTheEnginesOwnChecksAreToldOnlyWhileTheyLiveOrWhenTheyFailed(t *testing.T) {
	var list List
	for index, state := range []terminate.State{terminate.Closed, terminate.Refused} {
		check, program := account(uint64(index), state), account(uint64(10+index), state)
		check.Opening.Source = netip.MustParseAddrPort(fmt.Sprintf("198.18.0.3:%d", 100+index))
		list.Ended(check)
		list.Ended(program)
	}
	live := account(20, terminate.Open)
	live.Opening.Source = netip.MustParseAddrPort("198.18.0.3:200")
	watch := list.Watch(&kernel{}, isOwn)
	defer watch.Close()
	known := heard{}
	known.take(watch.Sample(noon, slices.Values([]terminate.Account{live})))
	if ids := known.ids(); !slices.Equal(ids, []uint64{1, 10, 11, 20}) {
		t.Fatalf("told are %v", ids)
	}
	for _, id := range []uint64{1, 20} {
		if program := known[id].Program; program == nil || program.PID == 0 {
			t.Errorf("whose %d is: %+v", id, program)
		}
	}
}

func TestAProcessThatIsGoneIsSoughtAgain(t *testing.T) {
	machine := &kernel{}
	one, ended, renamed := account(1, terminate.Open), account(2, terminate.Open), account(3, terminate.Open)
	machine.holds(one, sockets.Owner{User: "ada", PID: 70, Name: "parent"})
	machine.holds(renamed, sockets.Owner{User: "ada", PID: 70, Name: "shell"}) // before it ran another program
	machine.holds(ended, sockets.Owner{User: "ada", PID: 70, Name: "parent"})
	o := startOwners(machine, isOwn)
	o.stop() // the test does what its goroutine would
	o.ask(1, one.Opening)
	o.ask(2, ended.Opening)
	o.ask(3, renamed.Opening)
	o.search(noon)
	o.over(2)
	machine.dead[70] = true
	machine.holds(one, sockets.Owner{User: "ada", PID: 71, Name: "child"})
	o.check()
	for _, id := range []uint64{1, 3} {
		if o.program(id) != nil {
			t.Errorf("%d is still %+v", id, o.program(id))
		}
	}
	o.search(noon.Add(time.Minute))
	if program := o.program(1); program == nil || program.PID != 71 {
		t.Errorf("it is %+v", program)
	}
	if program := o.program(2); program == nil || program.PID != 70 {
		t.Errorf("what ended was %+v", program)
	}
}

func TestWhoIsNotFoundIsNotSoughtForEver(t *testing.T) {
	machine := &kernel{}
	o := startOwners(machine, isOwn)
	o.stop()
	o.ask(1, account(1, terminate.Open).Opening)
	for second := range 10 {
		o.search(noon.Add(time.Duration(second) * time.Second))
	}
	if machine.asked != triesAtMost {
		t.Errorf("sought %d times", machine.asked)
	}
	for id := uint64(2); id < askedAtMost+100; id++ {
		o.ask(id, account(id, terminate.Open).Opening)
	}
	if len(o.byID) > askedAtMost {
		t.Errorf("%d are kept", len(o.byID))
	}
	o.keep(func(id uint64) bool { return id == 1 })
	if len(o.byID) != 1 {
		t.Errorf("%d are kept of one", len(o.byID))
	}
}

func BenchmarkSample(b *testing.B) {
	for _, count := range []int{100, 20_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			var list List
			watch := list.Watch(&kernel{}, isOwn)
			defer watch.Close()
			live := make([]terminate.Account, count)
			for id := range live {
				live[id] = account(uint64(id+1), terminate.Open)
			}
			for b.Loop() {
				for id := range live {
					live[id].Down += uint64(id % 7)
				}
				watch.Sample(noon, slices.Values(live))
			}
		})
	}
}
