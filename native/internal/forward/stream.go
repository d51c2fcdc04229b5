package forward

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/nonblocking"
	"slipway/native/internal/packet"
	"slipway/native/internal/readiness"
	"slipway/native/internal/turn"
)

// copySize is how many bytes one turn of a copy moves at most.
const copySize = 256 << 10

// copiesAtOnce is how many of them a goroutine does that has other work.
const copiesAtOnce = 4

// stream joins a flow of the laptop with a socket of the pod. While nothing moves it holds neither a goroutine nor a
// buffer. Ends and resets of one side become ends and resets of the other.
type stream struct {
	forwarder *Forwarder
	flow      *bytestream.Flow

	mu     sync.Mutex
	tried  *attempt // while its destination is dialled
	socket *socket  // from then on
	over   bool

	toClusterTurn, toLaptopTurn   turn.Turn
	toClusterEnded, toLaptopEnded atomic.Bool
	broken                        atomic.Pointer[bytestream.Cause] // what writing to the socket met; it may hold an answer yet
	blocked                       atomic.Bool                      // the socket took less than there was
}

// Accept takes a flow that the laptop opens: it is dialled, and answered by what comes of that.
func (f *Forwarder) Accept(flow *bytestream.Flow, opening bytestream.Opening) bytestream.Events {
	if !f.enter() {
		return Ignore(flow)
	}
	opened := &stream{forwarder: f, flow: flow}
	go func() {
		defer f.running.Done()
		opened.connect(opening)
	}()
	return opened
}

// Ignore answers a flow by silence.
func Ignore(flow *bytestream.Flow) bytestream.Events {
	go flow.Answer(bytestream.Silent)
	return ignored{}
}

// ignored is a flow that nothing comes of.
type ignored struct{}

// Answered implements bytestream.Events.
func (ignored) Answered(bytestream.Verdict) {}

// Readable implements bytestream.Events.
func (ignored) Readable() {}

// Writable implements bytestream.Events.
func (ignored) Writable() {}

// Reset implements bytestream.Events.
func (ignored) Reset(bytestream.Cause) {}

// connect answers the opening. What there is no room for is refused at once: a program that waits for a SYN that nobody
// will answer waits for two minutes.
func (s *stream) connect(opening bytestream.Opening) {
	f, destination := s.forwarder, opening.Destination
	if !f.config.Policy.Allows(packet.TCP, destination.Addr(), destination.Port()) {
		s.flow.Answer(bytestream.Prohibited)
		return
	}
	if short := f.shortOf(int(f.tcpFlows.Load()), f.config.Limits.TCPFlows); short != "" {
		f.refused.count(short)
		s.flow.Answer(bytestream.Refused)
		return
	}
	tried, admission := f.attempts.begin(f.ctx, destination, f.config.Limits)
	switch admission {
	case postponed:
		s.flow.Answer(bytestream.Silent)
		return
	case refused:
		f.refused.count(ShortOfPatience)
		s.flow.Answer(bytestream.HostUnreachable)
		return
	}
	f.tcpFlows.Add(1)
	s.mu.Lock()
	s.tried = tried
	if s.over {
		tried.cancel()
	}
	s.mu.Unlock()
	connection, err := f.config.Dialer.DialTCP(tried.ctx, destination)
	if err == nil {
		f.attempts.end(tried, true)
		s.join(connection)
		return
	}
	defer f.tcpFlows.Add(-1)
	told, _ := verdictOf(err)
	f.config.Log.Debug("dial", "destination", destination, "told", told, "error", err)
	short := shortageOf(err)
	if f.attempts.end(tried, told == bytestream.Refused) {
		short, told = ShortOfPatience, bytestream.HostUnreachable
	}
	f.refused.count(short)
	if short != "" && told == bytestream.Silent {
		told = bytestream.Refused
	}
	s.flow.Answer(told)
}

// join takes the socket of a dial that succeeded.
func (s *stream) join(connection *net.TCPConn) {
	f := s.forwarder
	taken, err := takeSocket(connection)
	if err != nil {
		f.tcpFlows.Add(-1)
		f.config.Log.Debug("take socket", "error", err)
		f.refused.count(shortageOf(err))
		s.flow.Answer(bytestream.Refused)
		return
	}
	taken.hold() // a reset may come as soon as the flow is answered, and another socket have the number then
	defer taken.release()
	s.mu.Lock()
	isOver := s.over
	s.socket, s.tried = taken, nil
	if !isOver {
		isOver = !f.streams.add(s)
	}
	s.over = isOver
	s.mu.Unlock()
	if isOver {
		f.tcpFlows.Add(-1)
		taken.close(true)
		return
	}
	s.flow.Answer(bytestream.Connected)
	if err := f.poller.Add(taken.descriptor, s); err != nil {
		s.reset(bytestream.Aborted)
		return
	}
	s.mu.Lock()
	isOver = s.over
	s.mu.Unlock()
	if isOver {
		f.poller.Remove(taken.descriptor)
		return
	}
	s.toClusterTurn.Run(s.toCluster)
}

// Answered implements bytestream.Events; it is the engine's.
func (s *stream) Answered(bytestream.Verdict) {}

// Readable implements bytestream.Events. The lane's own goroutine moves a piece; what other lanes bring meanwhile must not keep it.
func (s *stream) Readable() { s.toClusterTurn.Begin(s.pieceToCluster, s.toCluster) }

// Writable implements bytestream.Events. What writes to a lane may wait for it, so that the lane's own goroutine must not.
func (s *stream) Writable() { s.toLaptopTurn.Start(s.toLaptop) }

// Reset implements bytestream.Events.
func (s *stream) Reset(bytestream.Cause) { s.end(true) }

// Ready implements readiness.Handler.
func (s *stream) Ready(events readiness.Events) {
	if events.Readable() {
		s.toLaptopTurn.Start(s.toLaptop)
	}
	if events.Writable() && s.blocked.Load() {
		s.toClusterTurn.Start(s.toCluster)
	}
}

// reset passes a reset, or any end that is not orderly, to both sides.
func (s *stream) reset(cause bytestream.Cause) {
	s.flow.Reset(cause)
	s.end(true)
}

// end lets go of the socket, or of the dial.
func (s *stream) end(withReset bool) {
	s.mu.Lock()
	wasOver, taken := s.over, s.socket
	s.over = true
	if s.tried != nil {
		s.tried.cancel()
	}
	s.mu.Unlock()
	if wasOver || taken == nil {
		return
	}
	s.forwarder.poller.Remove(taken.descriptor)
	taken.close(withReset)
	s.forwarder.streams.remove(s)
	s.forwarder.tcpFlows.Add(-1)
}

// hold gives the socket for as long as release is not called; nil where there is none any more.
func (s *stream) hold() *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.socket == nil || !s.socket.hold() {
		return nil
	}
	return s.socket
}

// toLaptop moves what the socket holds, until it is empty or the flow has no room: the rest waits in the kernel, whose
// window tells the sender.
func (s *stream) toLaptop() {
	taken := s.hold()
	if taken == nil {
		return
	}
	defer taken.release()
	if s.toLaptopEnded.Load() { // a reset may follow the cluster's FIN
		if cause, isBroken := s.whyBroken(taken); isBroken {
			s.flow.ResetBehind(cause)
		} else if err := taken.failure(); err != nil {
			s.flow.ResetBehind(causeOf(err))
		}
		return
	}
	for {
		_, err := s.flow.Fill(copySize, taken.read)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			if cause, isBroken := s.whyBroken(taken); isBroken {
				s.flow.ResetBehind(cause)
				return
			}
			s.toLaptopEnded.Store(true)
			s.flow.CloseWrite()
			s.endIfBoth()
			return
		case errors.Is(err, bytestream.ErrWouldBlock), errors.Is(err, syscall.EAGAIN):
			return
		case errors.Is(err, bytestream.ErrReset), errors.Is(err, bytestream.ErrFinished):
			return // its Reset says the rest
		default:
			s.flow.ResetBehind(causeOf(err)) // behind what the socket held
			return
		}
	}
}

// whyBroken tells apart the far end's FIN from the end that a reset leaves behind: an error is told once, and who writes
// may have been told.
func (s *stream) whyBroken(taken *socket) (cause bytestream.Cause, isBroken bool) {
	isEnded := s.toClusterEnded.Load()
	if cause := s.broken.Load(); cause != nil {
		return *cause, true
	}
	return bytestream.Aborted, !isEnded && taken.isClosed()
}

// toCluster moves what came from the laptop, until there is no more or the socket has no room.
func (s *stream) toCluster() {
	for !s.pieceToCluster() {
	}
}

// pieceToCluster is toCluster for a few turns of copying; it is false where there may be more.
func (s *stream) pieceToCluster() (isAll bool) {
	taken := s.hold()
	if taken == nil {
		return true
	}
	defer taken.release()
	if s.toClusterEnded.Load() {
		s.resetIfLeft()
		return true
	}
	s.blocked.Store(false)
	var pieces [16][]byte
	for range copiesAtOnce {
		count, err := s.flow.Peek(pieces[:])
		switch {
		case errors.Is(err, io.EOF):
			s.toClusterEnded.Store(true)
			if err := unix.Shutdown(taken.descriptor, unix.SHUT_WR); err != nil && !errors.Is(err, unix.ENOTCONN) {
				s.reset(causeOf(err))
				return true
			}
			s.endIfBoth()
			return true
		case err != nil:
			return true // nothing is there, or a Reset says the rest
		}
		written, err := nonblocking.WriteVectored(taken.descriptor, pieces[:count])
		switch {
		case err == nil:
			s.flow.Discard(written)
		case errors.Is(err, syscall.EAGAIN):
			if s.flow.IsResetBehind() { // a server that takes nothing must not keep what is left of a program that is gone
				s.reset(bytestream.Aborted)
				return true
			}
			if s.blocked.Swap(true) {
				return true
			} // else there may be room since
		default:
			cause := causeOf(err)
			s.broken.Store(&cause)
			s.toClusterEnded.Store(true)
			s.resetIfLeft()
			s.toLaptopTurn.Start(s.toLaptop)
			return true
		}
	}
	return false
}

// resetIfLeft ends a stream whose laptop's end has reset it, and left what the socket does not take any more. Nobody would read
// that, and the reset behind it would never come.
func (s *stream) resetIfLeft() {
	if s.flow.IsResetBehind() {
		s.reset(bytestream.Aborted)
	}
}

// endIfBoth closes the socket in good order once both directions have ended.
func (s *stream) endIfBoth() {
	if s.toClusterEnded.Load() && s.toLaptopEnded.Load() && s.broken.Load() == nil {
		s.end(false)
	}
}

// causeOf tells the laptop's side why a socket ended.
func causeOf(err error) bytestream.Cause {
	switch {
	case errors.Is(err, syscall.ETIMEDOUT):
		return bytestream.TimedOut
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return bytestream.NoRoute
	}
	return bytestream.Aborted
}
