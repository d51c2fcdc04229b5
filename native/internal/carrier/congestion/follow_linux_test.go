package congestion

import (
	"net"
	"testing"
	"time"
)

const deadline = 20 * time.Second

func connected(t *testing.T) *net.TCPConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func TestFollowingEndsWithTheConnections(t *testing.T) {
	f := &follower{every: time.Millisecond}
	first, second := connected(t), connected(t)
	f.follow(first)
	f.follow(second)
	isLeft := func(want int) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.followed) == want && f.isLooking == (want > 0)
	}
	await := func(want int) {
		t.Helper()
		for end := time.Now().Add(deadline); !isLeft(want); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not %d are followed", want)
			}
		}
	}
	await(2)
	first.Close()
	await(1)
	second.Close()
	await(0)
	// And begins again.
	third := connected(t)
	f.follow(third)
	await(1)
	third.Close()
	await(0)
}
