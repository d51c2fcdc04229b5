package forward

import (
	"sync"
	"sync/atomic"

	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

const (
	// repliesQueued bounds the ICMP answers of one lane that wait for Send.
	repliesQueued = 2048

	// connectionStacks is how many network stacks share the TCP connections of one lane. When a lane is full, Send
	// holds the goroutine of gVisor that came with a packet, and all connections that this goroutine serves. With
	// 16 stacks a busy connection seldom holds up an idle one; a stack costs about 48 KiB and is made when needed.
	connectionStacks = 16
)

// lane is one lane's part of the session. Its network stacks are its own, so that a carrier that is slow holds up
// the connections of its lane alone.
type lane struct {
	forwarder *Forwarder
	number    int
	replies   chan []byte
	busy      atomic.Int64 // connections that have more to send than room

	mu     sync.Mutex
	stacks [connectionStacks]*netstack.Stack
	closed bool
}

func newLane(forwarder *Forwarder, number int) *lane {
	result := &lane{forwarder: forwarder, number: number, replies: make(chan []byte, repliesQueued)}
	forwarder.running.Go(func() {
		for {
			select {
			case raw := <-result.replies:
				if parsed, ok := packet.Parse(raw); ok {
					forwarder.config.Send(number, parsed)
				}
			case <-forwarder.ctx.Done():
				return
			}
		}
	})
	return result
}

// reply sends an ICMP message without ever waiting; when too many wait it is dropped, as a router would.
func (l *lane) reply(raw []byte) {
	if raw == nil {
		return
	}
	select {
	case l.replies <- raw:
	default:
	}
}

// connections gives the stack that a TCP packet belongs to; nil when there is none.
func (l *lane) connections(parsed *packet.Packet) *netstack.Stack {
	// Fragments of one connection could not be told apart from another's. No system sends them: TCP cuts its
	// segments to the MTU.
	if parsed.Kind != packet.Segment || parsed.IsFragment() {
		return nil
	}
	number := connectionStack(parsed)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stacks[number] == nil && !l.closed {
		l.stacks[number] = l.forwarder.makeStack(func(parsed packet.Packet) { l.forwarder.config.Send(l.number, parsed) })
		if l.stacks[number] != nil {
			l.forwarder.serveTCP(l, l.stacks[number].Inner())
		}
	}
	return l.stacks[number]
}

// connectionStack spreads connections by a hash of what differs between them: ports and the cluster's address.
func connectionStack(parsed *packet.Packet) int {
	ports := uint64(parsed.SourcePort)<<16 | uint64(parsed.DestinationPort)
	mixed := (packet.Folded(parsed.Destination)<<32 ^ ports) * 0x9e3779b97f4a7c15 // Fibonacci hashing
	return int(mixed>>40) % connectionStacks
}

func (l *lane) close() {
	l.mu.Lock()
	stacks := l.stacks
	clear(l.stacks[:])
	l.closed = true
	l.mu.Unlock()
	for _, stack := range stacks {
		if stack != nil {
			stack.Close()
		}
	}
}
