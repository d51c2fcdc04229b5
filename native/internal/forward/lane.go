package forward

import "slipway/native/internal/packet"

// repliesQueued bounds the ICMP answers of one lane that wait for Send.
const repliesQueued = 2048

// lane is one lane's part of the session.
type lane struct {
	number  int
	replies chan []byte
}

func newLane(forwarder *Forwarder, number int) *lane {
	result := &lane{number: number, replies: make(chan []byte, repliesQueued)}
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
