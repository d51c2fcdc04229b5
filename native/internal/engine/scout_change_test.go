package engine

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// A route that is taken while its candidate is looked at anew is judged by whoever attends it, not by that look.
func TestALookThatFailsDoesNotEndAPathThatWasTakenMeanwhile(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}, "10.1.0.2": {roundTrip: 3 * time.Millisecond}}, nil)
	first, second := node("10.1.0.1"), node("10.1.0.2")
	s.setCandidates([]wire.DirectCandidate{first, second})
	s.came(map[string]string{first.Host: wire.DirectWorks, second.Host: wire.DirectSlower})
	var hasCome atomic.Bool
	s.office.mutex.Lock()
	s.office.before = func(_ context.Context, to netip.Addr) error {
		if to.String() != second.Host || hasCome.Swap(true) {
			return nil
		}
		s.setCandidates([]wire.DirectCandidate{second}) // it is all that is left, by what is known of it
		return errSilent
	}
	s.office.mutex.Unlock()
	s.again()
	deadline := time.Now().Add(patience)
	for isOver := false; !isOver; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the second candidate is not looked at")
		}
		s.mutex.Lock()
		isOver = hasCome.Load() && !s.candidates[0].isTrying
		s.mutex.Unlock()
	}
	if event := s.state(); event.Path != wire.PathDirect || outcomeAt(event, second.Host) != wire.DirectWorks {
		t.Errorf("%+v", event)
	}
}

// The laptop's routes may change while a path is in use: what leads into the tunnel then is not dialled again.
func TestAPathThatComesToLeadIntoTheTunnelIsNotDialledAgain(t *testing.T) {
	var isInside atomic.Bool
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}}, func(context.Context, netip.AddrPort) (string, string) {
		if isInside.Load() {
			return wire.DirectInsideTunnel, ""
		}
		return "", ""
	})
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	s.came(map[string]string{"10.1.0.1": wire.DirectWorks})
	chosen, _ := s.set.routing.get()
	isInside.Store(true)
	s.office.mutex.Lock()
	s.office.before = func(context.Context, netip.Addr) error {
		t.Error("it is dialled")
		return errSilent
	}
	s.office.mutex.Unlock()
	if _, err := s.set.openDirect(t.Context(), chosen, wire.AgentOpening{}); err == nil || s.office.lanes.Load() > 0 {
		t.Errorf("a lane is dialled: %v", err)
	}
	s.office.change("10.1.0.1", func(place *fakePlace) { place.err = syscall.ECONNRESET }) // the probe ends at once
	if event := s.came(map[string]string{"10.1.0.1": wire.DirectInsideTunnel}); event.Path != wire.PathAPIServer {
		t.Errorf("%+v", event)
	}
}

// A question that went from an address of another network gets no answer, whatever the path is like from here.
func TestAQuestionFromAnotherNetworkIsAskedAnew(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {roundTrip: time.Millisecond}}, nil)
	s.timing.DirectSilence = patience // nothing is lost for its own silence here
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	s.came(map[string]string{"10.1.0.1": wire.DirectWorks})
	s.office.change("10.1.0.1", func(place *fakePlace) { place.isSilent = true })
	waitFor(t, "a question", func() bool { return s.office.waits.Load() > 0 })
	s.office.change("10.1.0.1", func(place *fakePlace) { place.isSilent = false })
	s.office.mutex.Lock()
	dialled := s.office.dials[netip.MustParseAddr("10.1.0.1")]
	s.office.mutex.Unlock()
	client := s.set.client
	client.mutex.Lock()
	client.beginEpochLocked()
	client.mutex.Unlock()
	waitFor(t, "another connection to ask over", func() bool {
		s.office.mutex.Lock()
		defer s.office.mutex.Unlock()
		return s.office.dials[netip.MustParseAddr("10.1.0.1")] > dialled
	})
	if event := s.state(); event.Path != wire.PathDirect || outcomeAt(event, "10.1.0.1") != wire.DirectWorks {
		t.Errorf("%+v", event)
	}
}

// A path that is lost now and then is soon tried again, and one that is lost all the time is not.
func TestHowSoonALostPathIsTriedAgain(t *testing.T) {
	const first, known = 2 * time.Second, 12 * time.Second
	for name, test := range map[string]struct {
		every time.Duration // between losses
		most  []time.Duration
	}{
		"now and then":      {2 * time.Minute, []time.Duration{first, first, first, first, first, first}},
		"each half minute":  {30 * time.Second, []time.Duration{first, first, first, first, first, first}},
		"each ten seconds":  {10 * time.Second, []time.Duration{first, first, 2 * first, 4 * first, known, known, known}},
		"as soon as it can": {time.Second, []time.Duration{first, first, 2 * first, 4 * first, known, known, known, known}},
	} {
		one := &candidate{wait: &backoff{first: first, last: known}}
		now := time.Now()
		for index, most := range test.most {
			if wait := one.lost(now); wait > most || wait < most/2 {
				t.Errorf("%s: after loss %d it waits %v instead of %v", name, index+1, wait, most)
			}
			for range 3 { // it is tried in vain meanwhile
				one.wait.next()
			}
			now = now.Add(test.every)
		}
	}
}

// Who switches the direct path off means what is under way, too.
func TestACandidateThatIsGoneIsTriedNoLonger(t *testing.T) {
	s := startScout(t, map[string]*fakePlace{"10.1.0.1": {}}, nil)
	begun, ended := make(chan struct{}, 8), make(chan error, 8)
	s.office.mutex.Lock()
	s.office.before = func(ctx context.Context, _ netip.Addr) error {
		begun <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}
	s.office.mutex.Unlock()
	s.setCandidates([]wire.DirectCandidate{node("10.1.0.1")})
	<-begun
	s.setCandidates(nil)
	if err := <-ended; !errors.Is(err, context.Canceled) { // else its time was up
		t.Errorf("the try ends with %v", err)
	}
}

// Of a name's addresses, one that the laptop cannot use says nothing of the others.
func TestOneAddressThatMayNotBeTriedDoesNotSpeakForTheOthers(t *testing.T) {
	const silent, forbidden = "127.0.0.1", "::1"
	for _, order := range [][]string{{silent, forbidden}, {forbidden, silent}} {
		s := startScout(t, map[string]*fakePlace{silent: {isSilent: true}}, func(_ context.Context, address netip.AddrPort) (string, string) {
			if address.Addr() == netip.MustParseAddr(forbidden) {
				return wire.DirectUnreachable, "network is unreachable"
			}
			return "", ""
		})
		s.setListening(true, "")
		var addresses []netip.Addr
		for _, one := range order {
			addresses = append(addresses, netip.MustParseAddr(one))
		}
		came := s.tryAll(t.Context(), node("agent.example"), addresses)
		if came.outcome != wire.DirectSilent || came.isRefused {
			t.Errorf("of %v came %+v", order, came)
		}
	}
}

// An agent that was asked to listen by a control stream that is gone is asked to stop by the next one.
func TestAPortThatNobodyWantsAnyMoreIsClosedByTheNextControlStream(t *testing.T) {
	for name, control := range map[string]struct {
		wanted, leftOpen bool
		asked            []bool
	}{
		"nothing was asked":        {false, false, nil},
		"off while it was away":    {false, true, []bool{false}},
		"wanted, a new stream":     {true, true, []bool{true}},
		"wanted for the first one": {true, false, []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			epoch, end := context.WithCancel(t.Context())
			client := &agentClient{
				timing: Timing{Renew: time.Millisecond}.withDefaults(), log: slog.New(slog.DiscardHandler), epoch: epoch, endEpoch: end,
				direct:   func(carrier.SessionKeys) carrier.Direct { return &fakeOffice{} },
				renewNow: make(chan struct{}, 1), leaving: make(chan struct{}),
				observer: agentObserver{path: func(*wire.PathEvent) {}},
			}
			set := &laneSet{client: client, routing: newRouting(), health: newHealth(client.timing, 1, sessionAddresses{})}
			set.scout = newScout(set, carrier.SessionKeys{})
			set.scout.isWanted, set.scout.isLeftOpen = control.wanted, control.leftOpen
			client.lanes = set
			near, far := net.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- client.renew(t.Context(), &carriedStream{Stream: near}, client.target, client.keys) }()
			var asked []bool
			for renewals := 0; renewals < 2; {
				_ = far.SetDeadline(time.Now().Add(patience))
				body, err := wire.ReadFrame(far, wire.MaxFrame)
				if err != nil {
					t.Fatal(err)
				}
				var request wire.AgentRequest
				if err := json.Unmarshal(body, &request); err != nil {
					t.Fatal(err)
				}
				reply := wire.AgentReply{Renewed: &wire.Renewed{ExpiresSeconds: 60}}
				if request.Request == "direct" {
					asked = append(asked, request.Direct.Wanted)
					reply = wire.AgentReply{Direct: &wire.DirectListening{Addresses: []string{}}}
					if request.Direct.Wanted {
						reply.Direct.Port = wire.AgentDirectPort
					}
				} else {
					renewals++
				}
				if err := wire.WriteFrame(far, reply, wire.MaxFrame); err != nil {
					t.Fatal(err)
				}
			}
			_ = far.Close()
			<-ended
			if len(asked) != len(control.asked) || len(asked) > 0 && asked[0] != control.asked[0] {
				t.Errorf("asked to listen: %v instead of %v", asked, control.asked)
			}
		})
	}
}
