package congestion

import (
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lookEvery is how often the losses of lanes are looked at.
const lookEvery = 500 * time.Millisecond

// Follow looks after a connection until its end. It changes the congestion control to BBR, where this kernel has it for everybody, once
// the connection loses packets although there is no queue: cubic takes every loss for a full path, and stands still on a
// radio link that loses one packet in two hundred (docs/adr/0037). The far end chooses for what it sends itself.
func Follow(conn *net.TCPConn) { process.follow(conn) }

var process = follower{every: lookEvery}

// follower looks after all connections of a process on one goroutine, which is there as long as any of them is.
type follower struct {
	every time.Duration

	mu        sync.Mutex
	followed  map[*net.TCPConn]*losses
	isLooking bool
}

func (f *follower) follow(conn *net.TCPConn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followed == nil {
		f.followed = map[*net.TCPConn]*losses{}
	}
	f.followed[conn] = &losses{}
	if !f.isLooking {
		f.isLooking = true
		go f.run()
	}
}

func (f *follower) run() {
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	for range ticker.C {
		if !f.lookAtAll() {
			return
		}
	}
}

// lookAtAll is false where there is nothing left to look at.
func (f *follower) lookAtAll() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn, seen := range f.followed {
		if isOver(conn, seen) {
			delete(f.followed, conn)
		}
	}
	f.isLooking = len(f.followed) > 0
	return f.isLooking
}

// isOver looks once, and is true where there is nothing more to find out: the connection is closed, or has BBR.
func isOver(conn *net.TCPConn, seen *losses) (over bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(descriptor uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(descriptor), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			over = true
		} else if seen.look(info) {
			_ = unix.SetsockoptString(int(descriptor), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "bbr")
			over = true
		}
	})
	return over || err != nil
}
