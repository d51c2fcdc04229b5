package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/tunnel"
	"slipway/native/internal/wire"
)

// fakeOffice is a network with agents, or others, at some addresses.
type fakeOffice struct {
	mutex  sync.Mutex
	places map[netip.Addr]*fakePlace
	dials  map[netip.Addr]int
	before func(context.Context, netip.Addr) error // of a probe; nil: nothing
	lanes  atomic.Int32                            // dialled
	waits  atomic.Int32                            // questions without an answer
}

// fakePlace is what stands at an address.
type fakePlace struct {
	err       error         // of connecting
	roundTrip time.Duration // as it is measured
	largest   int           // segment in bytes that comes through; 0: any
	isSilent  bool
}

var errSilent = fmt.Errorf("nothing came: %w", context.DeadlineExceeded)

func (office *fakeOffice) change(address string, edit func(*fakePlace)) {
	office.mutex.Lock()
	defer office.mutex.Unlock()
	edit(office.places[netip.MustParseAddr(address)])
}

func (office *fakeOffice) at(address netip.Addr) fakePlace {
	office.mutex.Lock()
	defer office.mutex.Unlock()
	if place := office.places[address]; place != nil {
		return *place
	}
	return fakePlace{err: errSilent}
}

func (*fakeOffice) Name() string                           { return wire.PathDirect }
func (*fakeOffice) Packets(carrier.Stream) carrier.Packets { return nil }
func (office *fakeOffice) Dial(context.Context, carrier.DirectTarget, wire.AgentOpening) (carrier.Stream, error) {
	office.lanes.Add(1)
	return nil, errors.New("no lanes in this test")
}

func (office *fakeOffice) Probe(ctx context.Context, to carrier.DirectTarget) (carrier.Probe, error) {
	place := office.at(to.Address.Addr())
	office.mutex.Lock()
	office.dials[to.Address.Addr()]++
	before := office.before
	office.mutex.Unlock()
	if before != nil {
		if err := before(ctx, to.Address.Addr()); err != nil {
			return nil, err
		}
	}
	if place.isSilent {
		return nil, errSilent
	}
	if place.err != nil {
		return nil, place.err
	}
	return &fakeProbe{office: office, to: to}, nil
}

type fakeProbe struct {
	office *fakeOffice
	to     carrier.DirectTarget
}

func (probe *fakeProbe) MTU() int     { return 1500 }
func (probe *fakeProbe) Close() error { return nil }

func (probe *fakeProbe) Ask(ctx context.Context, bytes int) (time.Duration, error) {
	place := probe.office.at(probe.to.Address.Addr())
	isTooLarge := place.largest > 0 && bytes > askBytes && (probe.to.Segment == 0 || probe.to.Segment > place.largest)
	if place.isSilent || isTooLarge {
		probe.office.waits.Add(1)
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return place.roundTrip, place.err
}

// scouting is a scout of its own, and what it told.
type scouting struct {
	*scout
	t      *testing.T
	office *fakeOffice
	told   chan *wire.PathEvent
}

func startScout(t *testing.T, places map[string]*fakePlace, refuses refuser) *scouting {
	t.Helper()
	return startScoutWith(t, places, refuses, "")
}

// startScoutWith is startScout with an agent that does not listen, for a reason.
func startScoutWith(t *testing.T, places map[string]*fakePlace, refuses refuser, because string) *scouting {
	t.Helper()
	office := &fakeOffice{places: map[netip.Addr]*fakePlace{}, dials: map[netip.Addr]int{}}
	for address, place := range places {
		office.places[netip.MustParseAddr(address)] = place
	}
	if refuses == nil {
		refuses = func(context.Context, netip.AddrPort) (string, string) { return "", "" }
	}
	timing := Timing{
		DirectTry: 5 * time.Second, DirectAnswer: 2 * time.Second, DirectAsk: 10 * time.Millisecond, DirectSilence: 400 * time.Millisecond,
		DirectRetryFirst: 10 * time.Millisecond, DirectRetryLast: 100 * time.Millisecond, DirectRetryKnown: 50 * time.Millisecond,
	}.withDefaults()
	told := make(chan *wire.PathEvent, 1024)
	epoch, endEpoch := context.WithCancel(t.Context())
	client := &agentClient{
		epoch: epoch, endEpoch: endEpoch,
		timing: timing, log: slog.New(slog.DiscardHandler), refuses: refuses,
		renewNow: make(chan struct{}, 1),
		direct:   func(carrier.SessionKeys) carrier.Direct { return office },
		observer: agentObserver{path: func(event *wire.PathEvent) { told <- event }},
	}
	lanes, err := tunnel.New(tunnel.Config{LaneCount: 1, MTU: 1500, Receive: func(int, [][]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lanes.Close)
	set := &laneSet{client: client, lanes: lanes, routing: newRouting(), health: newHealth(timing, 1, sessionAddresses{})}
	client.lanes = set
	set.scout = newScout(set, carrier.SessionKeys{})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { set.scout.run(ctx); close(over) }()
	t.Cleanup(func() { cancel(); <-over })
	go func() { // the control stream, to an agent that listens at once
		for {
			select {
			case <-client.renewNow:
				set.scout.setListening(set.scout.wants() && because == "", because)
			case <-ctx.Done():
				return
			}
		}
	}()
	return &scouting{scout: set.scout, t: t, office: office, told: told}
}

func node(host string) wire.DirectCandidate {
	return wire.DirectCandidate{Kind: "node", Host: host, Port: 31820}
}

// await returns the first event that fits.
func (s *scouting) await(what string, fits func(*wire.PathEvent) bool) *wire.PathEvent {
	s.t.Helper()
	deadline := time.After(patience)
	var last *wire.PathEvent
	for {
		select {
		case event := <-s.told:
			if last = event; fits(event) {
				return event
			}
		case <-deadline:
			s.t.Fatalf("no event with %s; the last is %+v", what, last)
		}
	}
}

// came waits until what came of candidates is as wanted.
func (s *scouting) came(wanted map[string]string) *wire.PathEvent {
	s.t.Helper()
	return s.await(fmt.Sprint(wanted), func(event *wire.PathEvent) bool {
		for host, outcome := range wanted {
			if outcomeAt(event, host) != outcome {
				return false
			}
		}
		return true
	})
}

func outcomeAt(event *wire.PathEvent, host string) string {
	for _, tried := range event.Tried {
		if tried.Host == host {
			return tried.Outcome
		}
	}
	return ""
}

func TestEveryCandidateIsToldWithWhatCameOfIt(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{
		"10.1.0.1": {roundTrip: time.Millisecond},
		"10.1.0.2": {roundTrip: 3 * time.Millisecond},
		"10.1.0.3": {err: syscall.ECONNREFUSED},
		"10.1.0.4": {err: syscall.EHOSTUNREACH},
		"10.1.0.5": {err: fmt.Errorf("%w: it closes", carrier.ErrNotOurs)},
		"10.1.0.6": {isSilent: true},
	}, func(_ context.Context, address netip.AddrPort) (string, string) {
		if address.Addr() == netip.MustParseAddr("10.1.0.7") {
			return wire.DirectInsideTunnel, ""
		}
		return refusal(address.Addr(), []netip.Addr{netip.MustParseAddr("10.1.0.8")}), ""
	})
	wanted := map[string]string{
		"10.1.0.1": wire.DirectWorks, "10.1.0.2": wire.DirectSlower, "10.1.0.3": wire.DirectRefused, "10.1.0.4": wire.DirectUnreachable,
		"10.1.0.5": wire.DirectNotOurs, "10.1.0.6": wire.DirectSilent, "10.1.0.7": wire.DirectInsideTunnel, "10.1.0.8": wire.DirectForbidden,
		"localhost": wire.DirectForbidden, // a name
	}
	var candidates []wire.DirectCandidate
	for host := range wanted {
		candidates = append(candidates, node(host))
	}
	s.setCandidates(append(candidates, candidates...)) // named twice, they are tried once
	event := s.came(wanted)
	if event.Path != wire.PathDirect || event.Candidate == nil || event.Candidate.Host != "10.1.0.1" || event.RoundTripMicroseconds != 1000 || event.MTU != 1500 {
		t.Errorf("%+v of %+v", event, event.Candidate)
	}
	if len(event.Tried) != len(wanted) {
		t.Errorf("%d are told", len(event.Tried))
	}
}

func TestADeadPathIsLeftAndTakenAgain(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}, "10.1.0.2": {roundTrip: 3 * time.Millisecond}}, nil)
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1"), node("10.1.0.2")})
	s.came(map[string]string{"10.1.0.1": wire.DirectWorks, "10.1.0.2": wire.DirectSlower})
	s.office.change("10.1.0.1", func(place *fakePlace) { place.isSilent = true })
	if event := s.came(map[string]string{"10.1.0.1": wire.DirectLost}); event.Path != wire.PathDirect || event.Candidate.Host != "10.1.0.2" {
		t.Errorf("the other one is not taken: %+v", event)
	}
	s.office.change("10.1.0.2", func(place *fakePlace) { place.isSilent = true })
	s.await("the API server", func(event *wire.PathEvent) bool { return event.Path == wire.PathAPIServer })
	s.office.change("10.1.0.1", func(place *fakePlace) { place.isSilent = false })
	s.came(map[string]string{"10.1.0.1": wire.DirectWorks})
	s.setCandidates(nil)
	if event := s.await("no candidates", func(event *wire.PathEvent) bool { return len(event.Tried) == 0 }); event.Path != wire.PathAPIServer {
		t.Errorf("without candidates: %+v", event)
	}
}

// A path whose largest packets get lost without a word (RFC 2923) is used with smaller ones.
func TestTheSizeOfPacketsIsFound(t *testing.T) {
	for largest, mtu := range map[int]int{0: 1500, 1400: 1380, 1300: 1260, 600: 556} {
		s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond, largest: largest}}, nil)
		s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
		if event := s.came(map[string]string{"10.1.0.1": wire.DirectWorks}); event.MTU != mtu {
			t.Errorf("where segments of %d bytes come through, the MTU is %d", largest, event.MTU)
		}
	}
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond, largest: 100}}, nil)
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	s.came(map[string]string{"10.1.0.1": wire.DirectSmallOnly})
}

// What the system says is told in its own words only where no outcome says it.
func TestWhyAPlaceIsNotReachedIsSaidByItsOutcome(t *testing.T) {
	for _, one := range []struct {
		told            found
		outcome, detail string
	}{
		{outcomeOf(&net.OpError{Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}), wire.DirectUnreachable, ""},
		{outcomeOf(&net.OpError{Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}), wire.DirectUnreachable, ""},
		{outcomeOf(&net.OpError{Err: os.NewSyscallError("connect", syscall.EPERM)}), wire.DirectBlocked, ""},
		{outcomeOf(&net.OpError{Err: os.NewSyscallError("connect", syscall.EACCES)}), wire.DirectBlocked, ""},
		{outcomeOf(&net.OpError{Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}), wire.DirectUnreachable, syscall.EADDRNOTAVAIL.Error()},
		{unresolved(&net.DNSError{IsNotFound: true}), wire.DirectNoName, ""},
		{unresolved(&net.DNSError{Err: "server misbehaving", Name: "office"}), wire.DirectUnreachable, "lookup office: server misbehaving"},
	} {
		if one.told.outcome != one.outcome || one.told.detail != one.detail {
			t.Errorf("%+v instead of %s %q", one.told, one.outcome, one.detail)
		}
	}
}

func TestADetourIsNoDirectPath(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: 80 * time.Millisecond}}, nil)
	s.mutex.Lock()
	s.detour = 40 * time.Millisecond
	s.mutex.Unlock()
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	if event := s.came(map[string]string{"10.1.0.1": wire.DirectSlower}); event.Path != wire.PathAPIServer {
		t.Errorf("%+v", event)
	}
}

func TestNothingIsTriedWhileTheAgentDoesNotListen(t *testing.T) {
	s := startScoutWith(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}}, nil, "the pod has no address")
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	event := s.came(map[string]string{"10.1.0.1": wire.DirectUnreachable})
	if event.Path != wire.PathAPIServer || event.Tried[0].Detail != "the pod has no address" {
		t.Errorf("%+v", event)
	}
	s.office.mutex.Lock()
	defer s.office.mutex.Unlock()
	if len(s.office.dials) > 0 {
		t.Errorf("dialled: %v", s.office.dials)
	}
}

// An open port that nobody can use is a risk for nothing: the pod's address lies inside the tunnel nearly everywhere.
func TestTheAgentListensForCandidatesThatMayBeTriedOnly(t *testing.T) {
	var isInside atomic.Bool
	isInside.Store(true)
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}}, func(context.Context, netip.AddrPort) (string, string) {
		if isInside.Load() {
			return wire.DirectInsideTunnel, ""
		}
		return "", ""
	})
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	s.came(map[string]string{"10.1.0.1": wire.DirectInsideTunnel})
	if s.wants() || s.listens() {
		t.Error("the agent listens for nothing")
	}
	isInside.Store(false)
	s.again()
	s.came(map[string]string{"10.1.0.1": wire.DirectWorks})
	s.setCandidates(nil)
	if s.wants() {
		t.Error("the agent listens for candidates that are gone")
	}
}

func TestWhatNoCandidateMayBe(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("2001:db8::20")}
	for address, want := range map[string]string{
		"127.0.0.1": wire.DirectForbidden, "127.9.9.9": wire.DirectForbidden, "::1": wire.DirectForbidden, "0.0.0.0": wire.DirectForbidden,
		"::": wire.DirectForbidden, "224.0.0.1": wire.DirectForbidden, "ff02::1": wire.DirectForbidden, "255.255.255.255": wire.DirectForbidden,
		"169.254.169.254": wire.DirectForbidden, "fe80::1": wire.DirectForbidden, "192.168.1.20": wire.DirectForbidden, "2001:db8::20": wire.DirectForbidden,
		wire.AgentAddress.String(): wire.DirectInsideTunnel,
		"2001:db8::20%lo":          wire.DirectForbidden, "2001:db8::21%eth0": wire.DirectForbidden, "::1%lo": wire.DirectForbidden, // Node takes these for addresses
		"::ffff:127.0.0.1": wire.DirectForbidden, "::ffff:192.168.1.20": wire.DirectForbidden,
		"192.168.1.21": "", "10.244.1.7": "", "203.0.113.9": "", "2001:db8::21": "", "fd00::7": "",
	} {
		if got := refusal(netip.MustParseAddr(address).Unmap(), own); got != want {
			t.Errorf("%s: %q instead of %q", address, got, want)
		}
	}
	if got := refusal(netip.Addr{}, own); got != wire.DirectForbidden {
		t.Errorf("no address: %q", got)
	}
}
