package questions

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/turn"
)

var errBroken = errors.New("this is no frame of a question")

// patience is how long the agent waits for a nameserver: longer than any engine does.
const patience = 10 * time.Second

// Server serves one session's questions in the agent.
type Server struct {
	// Dial opens a connected UDP socket to a nameserver; an error where it may not be asked.
	Dial func(server netip.AddrPort) (*net.UDPConn, error)

	mutex sync.Mutex
	last  *served
}

// Accept takes a flow of the session. One is served: another one ends the one before, whose engine has forgotten it.
func (server *Server) Accept(flow *bytestream.Flow) bytestream.Events {
	made := &served{server: server, flow: flow, open: map[uint32]*exchange{}, frames: frames{atMost: numbered + addressed + largestAsked}}
	server.mutex.Lock()
	before := server.last
	server.last = made
	server.mutex.Unlock()
	go func() {
		if before != nil {
			before.flow.Reset(bytestream.Shed)
			before.close()
		}
		flow.Answer(bytestream.Connected)
		made.turn.Run(made.take)
	}()
	return made
}

// served is one flow's end in the agent.
type served struct {
	server *Server
	flow   *bytestream.Flow
	turn   turn.Turn
	frames frames // of take

	writing sync.Mutex
	mutex   sync.Mutex
	open    map[uint32]*exchange // nil after the end
}

// exchange is one question with its socket.
type exchange struct {
	server netip.AddrPort
	socket *net.UDPConn
}

// Answered implements bytestream.Events; it is the engine's.
func (s *served) Answered(bytestream.Verdict) {}

// Readable implements bytestream.Events.
func (s *served) Readable() { s.turn.Start(s.take) }

// Writable implements bytestream.Events. Nothing waits for it: an answer without room is lost, as datagrams are.
func (s *served) Writable() {}

// Reset implements bytestream.Events.
func (s *served) Reset(bytestream.Cause) { s.close() }

func (s *served) close() {
	s.mutex.Lock()
	open := s.open
	s.open = nil
	s.mutex.Unlock()
	for _, exchange := range open {
		exchange.socket.Close()
	}
}

func (s *served) take() {
	switch err := s.frames.read(s.flow, s.ask); {
	case errors.Is(err, bytestream.ErrWouldBlock):
	case errors.Is(err, io.EOF):
		s.flow.CloseWrite()
		s.close()
	default:
		s.flow.Reset(bytestream.Aborted)
		s.close()
	}
}

// ask sends a question, begins its exchange where it is new, and ends it where there is no question any more.
func (s *served) ask(number uint32, rest []byte) {
	s.mutex.Lock()
	known := s.open[number]
	if len(rest) == 0 {
		delete(s.open, number)
		s.mutex.Unlock()
		if known != nil {
			known.socket.Close()
		}
		return
	}
	isFull := s.open == nil || known == nil && len(s.open) >= atOnce
	s.mutex.Unlock()
	server, message, isSound := decodeServer(rest)
	switch {
	case !isSound || isFull:
		s.refuse(number)
		return
	case known == nil:
		if known = s.begin(number, server); known == nil {
			return
		}
	case known.server != server:
		s.refuse(number)
		return
	}
	if _, err := known.socket.Write(message); isRefusal(err) {
		s.refuse(number)
	}
}

func (s *served) begin(number uint32, server netip.AddrPort) *exchange {
	socket, err := s.server.Dial(server)
	if err != nil {
		s.refuse(number)
		return nil
	}
	made := &exchange{server: server, socket: socket}
	_ = socket.SetReadDeadline(time.Now().Add(patience))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open == nil {
		socket.Close()
		return nil
	}
	s.open[number] = made
	go s.listen(number, made)
	return made
}

// datagrams are buffers for what nameservers send.
var datagrams = sync.Pool{New: func() any { return new([largest - numbered]byte) }}

// listen passes on what a nameserver sends, until the engine has had enough.
func (s *served) listen(number uint32, from *exchange) {
	defer s.end(number, from)
	buffer := datagrams.Get().(*[largest - numbered]byte)
	defer datagrams.Put(buffer)
	for range answers {
		length, err := from.socket.Read(buffer[:])
		if isRefusal(err) {
			s.refuse(number)
		}
		if err != nil {
			return
		}
		if length > 0 {
			s.tell(frame(number, buffer[:length]))
		}
	}
}

func (s *served) end(number uint32, which *exchange) {
	which.socket.Close()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open[number] == which {
		delete(s.open, number)
	}
}

func (s *served) refuse(number uint32) { s.tell(frame(number)) }

// tell writes a whole frame or nothing.
func (s *served) tell(frame []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.flow.Room() >= len(frame) {
		_, _ = s.flow.Write(frame)
	}
}

// isRefusal tells whether an error is the network's word that nobody answers.
func isRefusal(err error) bool {
	for _, number := range []syscall.Errno{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}
