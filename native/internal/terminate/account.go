package terminate

import (
	"iter"
	"net/netip"
	"time"

	"slipway/native/internal/bytestream"
)

// State is how a connection is, or how it ended. From Closed on it is over.
type State byte

// States.
const (
	Opening      State = iota // the laptop has no answer yet
	Open                      // both directions
	LaptopEnded               // half closed: the laptop has sent its FIN (RFC 9293 section 3.6)
	ClusterEnded              // half closed: the cluster's end has

	Closed             // in good order
	Refused            // by a RST in the cluster
	HostUnreachable    // ICMP
	NetworkUnreachable // ICMP
	Prohibited         // by the agent's policy, or by a rule on the way
	Silent             // nothing answered the agent
	Abandoned          // the laptop stopped asking before there was an answer
	ResetByLaptop
	ResetByCluster
	TimedOut     // the agent's socket gave up (ETIMEDOUT)
	LostWay      // the agent's socket lost its way (EHOSTUNREACH, ENETUNREACH)
	Shed         // an end had to take memory or sockets back
	SessionEnded // the agent is gone, or the session with it
	Withdrawn    // its destination is no longer routed
	stateEnd
)

var stateNames = [...]string{
	"opening", "open", "laptopEnded", "clusterEnded",
	"closed", "refused", "hostUnreachable", "networkUnreachable", "prohibited", "silent", "abandoned",
	"resetByLaptop", "resetByCluster", "timedOut", "lostWay", "shed", "sessionEnded", "withdrawn",
}

func (s State) String() string {
	if s < stateEnd {
		return stateNames[s]
	}
	return "unknown"
}

// IsOver tells an end.
func (s State) IsOver() bool { return s >= Closed }

// States are all of them, in order.
func States() (all []State) {
	for state := Opening; state < stateEnd; state++ {
		all = append(all, state)
	}
	return all
}

// statesOf are the ends that come of verdicts.
var statesOf = map[bytestream.Verdict]State{
	bytestream.Refused:            Refused,
	bytestream.HostUnreachable:    HostUnreachable,
	bytestream.NetworkUnreachable: NetworkUnreachable,
	bytestream.Prohibited:         Prohibited,
	bytestream.Silent:             Silent,
}

// statesAfter are the ends that come of resets which the far end or the session made.
var statesAfter = map[bytestream.Cause]State{
	bytestream.Aborted:  ResetByCluster,
	bytestream.TimedOut: TimedOut,
	bytestream.NoRoute:  LostWay,
	bytestream.Shed:     Shed,
	bytestream.Ended:    SessionEnded,
}

// Account tells of one connection.
type Account struct {
	ID      uint64 // no other connection of this Terminator has it
	Opening bytestream.Opening
	Real    netip.AddrPort // where the stream goes to in the cluster; not valid before it is begun
	State   State

	Began, Over time.Time     // Over is zero while it lives
	Answer      time.Duration // from the first SYN to what came of it; 0 before
	Tunnel      time.Duration // the round trip of the tunnel then; 0 where it is not known
	Up, Down    uint64        // bytes taken from the laptop, and given to it
}

// Accounts tells of all connections that live, in no order. Each is asked when its turn comes, and no lock is held between.
func (t *Terminator) Accounts() iter.Seq[Account] {
	return func(yield func(Account) bool) {
		for _, all := range [...][]*connection{t.attempts.list(), t.list()} {
			for _, one := range all {
				if state := one.state(); !state.IsOver() && !yield(one.account(state)) {
					return
				}
			}
		}
	}
}

func (c *connection) state() State {
	switch ending := State(c.ending.Load()); {
	case ending != Opening:
		return ending
	case c.answered.Load() == 0:
		return Opening
	case c.up.ended.Load():
		return LaptopEnded
	case c.down.ended.Load():
		return ClusterEnded
	}
	return Open
}

func (c *connection) account(state State) Account {
	c.mu.Lock()
	flow := c.flow
	c.mu.Unlock()
	account := Account{
		ID: c.number, Opening: c.opening, State: state, Began: c.asking.first,
		Answer: time.Duration(c.answered.Load()), Tunnel: time.Duration(c.tunnel.Load()),
	}
	if flow != nil {
		info := flow.Info()
		account.Real, account.Up, account.Down = info.Opening.Destination, info.Sent, info.Received
	}
	return account
}

// noteAnswer keeps how long the answer took.
func (c *connection) noteAnswer() {
	if flow := c.flow; flow != nil {
		c.tunnel.Store(int64(flow.Info().RoundTrip))
	}
	c.answered.Store(max(int64(time.Since(c.asking.first)), 1))
}

// endsAs notes how the connection ended; only the first call counts. No lock is held.
func (c *connection) endsAs(end State) {
	ended := c.terminator.config.Ended
	if !c.ending.CompareAndSwap(uint32(Opening), uint32(end)) || ended == nil {
		return
	}
	account := c.account(end)
	account.Over = time.Now()
	ended(account)
}
