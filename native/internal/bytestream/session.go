package bytestream

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Config describes a Session.
type Config struct {
	// Accept is told of every opening, in the agent, and returns what is told of the flow from then on. It is nil in the
	// engine. It is called like Events.
	Accept func(*Flow, Opening) Events

	Keys  Keys
	Lanes int // how many there may be

	// UnreadAtMost is how many bytes that nobody read the session holds; above it the flows that hold most are reset.
	// Windows are at most four times that, as few of all flows stand still at once. 0 is the constant.
	UnreadAtMost int64

	// Changed is told that a lane began or ceased to live. May be nil; called like Events.
	Changed func()

	Timing Timing
	Log    *slog.Logger // no addresses above debug
}

// Timing of lanes; zero fields take the defaults.
type Timing struct {
	PingAfter    time.Duration // of silence until a lane is asked
	SilentAfter  time.Duration // of silence until one that was asked is ended
	SuspectAfter time.Duration // that after Revalidate
	StalledAfter time.Duration // without a report until what is under way goes over another lane too
	Handshake    time.Duration // for both of its messages and the first record
}

// UnreadAtMost is how many bytes a session holds unread where nothing else is said.
const UnreadAtMost = 64 << 20

// Session is one end of all flows between an engine and an agent. It is safe for concurrent use.
type Session struct {
	config Config

	mu          sync.Mutex
	isClosed    bool
	lanes       []*lane // live ones by number; nil where there is none
	flows       map[uint64]*Flow
	unopened    map[*Flow]struct{} // whose opening was not written yet
	lastID      uint64             // engine: of the last opening
	opened      numbers            // agent: of all openings that came
	owed        int                // agent: answers that were not reported
	arriving    []*lane            // shake hands, in the order in which they came
	attachments []uint64           // engine: how many; agent: the last of each lane
	isWatching  bool
	born        time.Time
	done        chan struct{}
	running     sync.WaitGroup

	control  controlQueue
	small    flowQueue
	homeless flowQueue // bulk, while there is no lane
	isDirty  bool      // something is to be sent
	telling  []*Flow
	changed  bool

	kept    int64 // bytes written and not delivered
	unread  int64 // bytes received and not read
	granted int64 // by which windows are larger than at first
	sent    uint64
	taken   uint64
}

// Stats counts what a session holds and has carried.
type Stats struct {
	Flows          int
	Kept, Unread   int64  // bytes: written and not delivered; received and not read
	Sent, Received uint64 // bytes of flows, without repetitions
	Lanes          []LaneStats
}

// New makes a Session without lanes. The caller closes it.
func New(config Config) (*Session, error) {
	if config.Lanes < 1 || config.Lanes > 256 {
		return nil, errors.New("make session: lanes are 1 to 256")
	}
	if config.UnreadAtMost <= 0 {
		config.UnreadAtMost = UnreadAtMost
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.Timing = config.Timing.withDefaults()
	return &Session{
		config: config, lanes: make([]*lane, config.Lanes), flows: map[uint64]*Flow{}, unopened: map[*Flow]struct{}{},
		born: time.Now(), attachments: make([]uint64, config.Lanes), done: make(chan struct{}),
	}, nil
}

// Open makes a flow and asks the far end to open it, now or as soon as there is a lane. Engine only.
func (s *Session) Open(opening Opening, events Events) (*Flow, error) {
	if s.config.Accept != nil {
		return nil, errors.New("open flow: the agent opens none")
	}
	s.mu.Lock()
	if s.isClosed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	f := newFlow(s, opening)
	f.events = events
	s.unopened[f] = struct{}{}
	s.dueLocked(f, frameOpen)
	s.finish()
	return f, nil
}

func newFlow(s *Session, opening Opening) *Flow {
	f := &Flow{session: s, opening: opening, times: times{opened: time.Since(s.born)}}
	f.out.limit, f.in.limit, f.in.window = windowAtFirst, windowAtFirst, windowAtFirst
	f.in.asked = true
	return f
}

// Attach makes a stream the carrier of a lane, and owns it. Once the far end has proved itself the stream takes the place
// of the one before; what was under way there goes again. The channel delivers once why it ended.
func (s *Session) Attach(number int, stream io.ReadWriteCloser) (lost <-chan error) {
	ended := make(chan error, 1)
	s.mu.Lock()
	if s.isClosed || number < 0 || number >= len(s.lanes) {
		s.mu.Unlock()
		go func() { _ = stream.Close() }()
		ended <- ErrClosed
		close(ended)
		return ended
	}
	if !s.isWatching {
		s.isWatching = true
		s.running.Go(s.watch)
	}
	l := newLane(s, number, stream)
	s.arriveLocked(l)
	s.running.Add(1)
	s.finish()
	go func() {
		defer s.running.Done()
		l.serve()
		ended <- l.ended
		close(ended)
	}()
	return ended
}

// arriveLocked notes a stream that has to prove itself. Each holds memory, and whoever brings them need not have the
// session's keys: where a lane has too many of them, the one that has been there longest makes way.
func (s *Session) arriveLocked(arriving *lane) {
	var oldest *lane
	count := 0
	for _, l := range s.arriving {
		if l.number == arriving.number {
			if oldest == nil {
				oldest = l
			}
			count++
		}
	}
	if count >= arrivingAtMost {
		oldest.endLocked(ErrReplaced)
	}
	s.arriving = append(s.arriving, arriving)
}

// hasArrivedLocked is called when a stream has proved itself, or ended.
func (s *Session) hasArrivedLocked(l *lane) {
	if place := slices.Index(s.arriving, l); place >= 0 {
		s.arriving = slices.Delete(s.arriving, place, place+1)
	}
}

// Close resets every flow for a cause, ends all lanes, and waits for their goroutines. It must not be called by Events.
func (s *Session) Close(cause Cause) {
	s.mu.Lock()
	if !s.isClosed {
		s.isClosed = true
		close(s.done)
		for _, f := range s.flows {
			f.resetLocked(cause, false)
		}
		for f := range s.unopened {
			f.resetLocked(cause, false)
		}
		for _, l := range s.lanes {
			if l != nil {
				l.endLocked(ErrClosed)
			}
		}
		for len(s.arriving) > 0 {
			s.arriving[0].endLocked(ErrClosed)
		}
	}
	s.finish()
	s.running.Wait()
}

// Revalidate tells that time or the network jumped: every lane must answer soon.
func (s *Session) Revalidate() {
	s.mu.Lock()
	for _, l := range s.lanes {
		if l != nil {
			l.suspectLocked(time.Now())
		}
	}
	s.isDirty = true
	s.finish()
}

// Detach ends the carrier of a lane, if it has one.
func (s *Session) Detach(number int, reason error) {
	s.mu.Lock()
	if number >= 0 && number < len(s.lanes) && s.lanes[number] != nil {
		s.lanes[number].endLocked(reason)
	}
	s.finish()
}

// Flows are those that live, in no order.
func (s *Session) Flows() []*Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Flow, 0, len(s.flows)+len(s.unopened))
	for _, f := range s.flows {
		all = append(all, f)
	}
	for f := range s.unopened {
		all = append(all, f)
	}
	return all
}

// Stats returns a snapshot.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Flows: len(s.flows) + len(s.unopened), Kept: s.kept, Unread: s.unread, Sent: s.sent, Received: s.taken}
	for _, l := range s.lanes {
		if l != nil {
			stats.Lanes = append(stats.Lanes, l.statsLocked())
		}
	}
	return stats
}

// dueLocked notes control frames of a flow.
func (s *Session) dueLocked(f *Flow, kinds frameKinds) {
	f.due |= kinds
	s.isDirty = true
	if !f.isControl {
		s.control.push(f)
	}
}

// readyLocked queues a flow that has something to send.
func (s *Session) readyLocked(f *Flow) {
	if f.queued != nil || f.isOver || !f.out.sendable() {
		return
	}
	s.isDirty = true
	now := time.Now()
	if now.Sub(f.out.busyAt) > quietAfter {
		f.out.burst = 0
	}
	if f.out.burst < smallBurst {
		s.small.push(f)
		return
	}
	f.out.turn = bulkTurn
	if home := s.homeLocked(f); home != nil {
		home.bulk.push(f)
	} else {
		s.homeless.push(f)
	}
}

// homeLocked chooses the lane of a flow's bulk: that of before, unless another has less to do.
func (s *Session) homeLocked(f *Flow) *lane {
	best, express := f.out.home, s.expressLocked()
	if best != nil && (best.ended != nil || best == express) {
		best = nil
	}
	for _, l := range s.lanes {
		switch {
		case l == nil || l == express || best != nil && l.isStalled:
		case best == nil || best.isStalled || l.bulk.count < best.bulk.count:
			best = l
		}
	}
	f.out.home = best
	return best
}

// settleLocked notes that the far end waits for no answer any more.
func (s *Session) settleLocked(f *Flow) {
	if f.isOwed {
		f.isOwed = false
		s.owed--
	}
}

// removeLocked forgets a flow that is over, and its bytes.
func (s *Session) removeLocked(f *Flow) {
	delete(s.unopened, f)
	if f.id != 0 && s.flows[f.id] == f {
		delete(s.flows, f.id)
	}
	s.granted -= int64(f.in.window - windowAtFirst)
	f.in.window = windowAtFirst
	if f.isReset() || f.verdict > Connected {
		s.kept -= int64(f.out.kept.end - f.out.kept.start)
		s.unread -= int64(f.in.kept.end - f.in.kept.start)
		f.out.kept.drop()
		f.in.kept.drop()
		f.in.ready, f.out.sent = f.in.kept.end, f.out.kept.end
		f.out.lost, f.out.delivered, f.in.ahead = nil, nil, nil
	}
}

// unsentShare is how much of one flow may wait to be sent.
func (s *Session) unsentShare() uint64 {
	busy := s.small.count + s.homeless.count
	for _, l := range s.lanes {
		if l != nil {
			busy += l.bulk.count
		}
	}
	return uint64(max(min(unsentAlone, unsentShared/max(busy, 1)), unsentAtLeast))
}

// mayGrow tells whether a flow's window may become twice as large. Few of all flows stand still at once, so that
// windows may be more than memory; relieveLocked looks after that. Where much is unread, a few paused downloads say, there has to be
// room for four such windows: others must not be slow for their sake, and what is paused not be reset for the others'.
func (s *Session) mayGrow(window int) bool {
	room := s.config.UnreadAtMost - s.unread
	return s.granted+int64(window) <= 4*s.config.UnreadAtMost && (s.unread < s.config.UnreadAtMost/2 || 4*2*int64(window) <= room)
}

// roundTripLocked is the least that a lane has shown; 0 before. Whoever only receives knows it by the lanes' pings.
func (s *Session) roundTripLocked() (least time.Duration) {
	for _, l := range s.lanes {
		if l == nil {
			continue
		}
		for _, shown := range [...]time.Duration{l.window.RoundTrip(), l.roundTrip} {
			if shown > 0 && (least == 0 || shown < least) {
				least = shown
			}
		}
	}
	return least
}

// relieveLocked resets the flows that hold most unread, where all hold too much.
func (s *Session) relieveLocked() {
	for s.unread > s.config.UnreadAtMost {
		var most *Flow
		for _, f := range s.flows {
			if most == nil || f.in.kept.end-f.in.kept.start > most.in.kept.end-most.in.kept.start {
				most = f
			}
		}
		if most == nil {
			return
		}
		most.resetLocked(Shed, true)
	}
}

func (t Timing) withDefaults() Timing {
	choose := func(value *time.Duration, fallback time.Duration) {
		if *value <= 0 {
			*value = fallback
		}
	}
	choose(&t.PingAfter, pingAfter)
	choose(&t.SilentAfter, silentAfter)
	choose(&t.SuspectAfter, suspectAfter)
	choose(&t.StalledAfter, stalledAfter)
	choose(&t.Handshake, handshakeTimeout)
	return t
}
