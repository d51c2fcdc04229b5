// Package readiness tells when sockets may be read and written, for any number of them with one goroutine: a
// connection that waits costs an entry of a map and nothing else. It knows nothing of what the sockets are for.
package readiness

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Events tell what became of a descriptor (epoll_ctl(2)).
type Events uint32

// Readable tells that a read may not block: bytes, an end, or an error.
func (e Events) Readable() bool {
	return e&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
}

// Writable tells that a write may not block.
func (e Events) Writable() bool { return e&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 }

// Handler is told of events, on the Poller's goroutine: it must not block.
type Handler interface{ Ready(Events) }

// Poller is an epoll(7) of its own. Its descriptor is itself polled by Go's scheduler, so that no thread waits in it.
type Poller struct {
	epoll    *os.File
	number   int
	mu       sync.Mutex
	handlers map[int]Handler
	running  sync.WaitGroup
}

// New makes a Poller without descriptors. The caller closes it.
func New() (*Poller, error) {
	number, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(number, true); err != nil { // so that os.NewFile has it polled
		unix.Close(number)
		return nil, os.NewSyscallError("fcntl", err)
	}
	poller := &Poller{epoll: os.NewFile(uintptr(number), "epoll"), number: number, handlers: map[int]Handler{}}
	raw, err := poller.epoll.SyscallConn()
	if err != nil {
		poller.epoll.Close()
		return nil, err
	}
	poller.running.Go(func() {
		events := make([]unix.EpollEvent, 256)
		for {
			var count int
			var failed error
			err := raw.Read(func(descriptor uintptr) bool {
				count, failed = unix.EpollWait(int(descriptor), events, 0)
				return count > 0 || failed != nil && failed != unix.EINTR
			})
			if err != nil || failed != nil {
				return // closed
			}
			poller.tell(events[:count])
		}
	})
	return poller, nil
}

// Add has handler told of every change of a descriptor that does not block, from what it is now on, until Remove.
// Changes are told once (EPOLLET): a handler reads or writes until there is nothing left to do.
func (p *Poller) Add(descriptor int, handler Handler) error {
	p.mu.Lock()
	p.handlers[descriptor] = handler
	p.mu.Unlock()
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: int32(descriptor),
	}
	if err := unix.EpollCtl(p.number, unix.EPOLL_CTL_ADD, descriptor, &event); err != nil {
		p.Remove(descriptor)
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// Remove forgets a descriptor, which is about to be closed. Its handler may be told once more.
func (p *Poller) Remove(descriptor int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handlers, descriptor)
}

// Close ends the Poller's goroutine. No descriptor may be added any more.
func (p *Poller) Close() {
	p.epoll.Close()
	p.running.Wait()
}

func (p *Poller) tell(events []unix.EpollEvent) {
	for _, event := range events {
		p.mu.Lock()
		handler := p.handlers[int(event.Fd)]
		p.mu.Unlock()
		if handler != nil {
			handler.Ready(Events(event.Events))
		}
	}
}
