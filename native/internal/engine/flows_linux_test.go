package engine

import (
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"slipway/native/internal/wire"
)

// flowTo waits until a flow to a destination is told as it should be.
func (core *fakeCore) flowTo(destination string, fits func(wire.Flow) bool) (found wire.Flow) {
	core.t.Helper()
	core.awaitThat(wire.EventFlows, func(event wire.EngineEvent) bool {
		for _, flow := range event.Flows.Changed {
			if flow.Destination == destination && fits(flow) {
				found = flow
				return true
			}
		}
		return false
	})
	return found
}

// The test's own process is the program; the engine is another one.
func TestFlowsTellTheirProgramAndWhatBecameOfThem(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	if _, err := net.DialTimeout("tcp", "10.244.0.5:81", patience); err == nil {
		t.Fatal("a closed port is open")
	}
	held, err := net.Dial("tcp", "10.244.0.5:80")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	world.core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{Watched: true}})
	refused := world.core.flowTo("10.244.0.5:81", func(flow wire.Flow) bool { return flow.State == "refused" })
	if refused.EndedAt < refused.BeganAt || refused.AnswerMicroseconds <= 0 || refused.Program != nil {
		t.Errorf("what was refused before anybody watched is %+v", refused)
	}
	self, _ := os.Executable()
	open := world.core.flowTo("10.244.0.5:80", func(flow wire.Flow) bool { return flow.Program != nil })
	if open.State != "open" || open.Source != held.LocalAddr().String() || open.Program.PID != os.Getpid() || open.Program.Executable != self {
		t.Errorf("the one that is held is %+v of %+v", open, open.Program)
	}
	if _, err := held.Write([]byte("GET / HTTP/1.0\r\n")); err != nil {
		t.Fatal(err)
	}
	world.core.flowTo("10.244.0.5:80", func(flow wire.Flow) bool { return flow.BytesUp == 16 })
	time.Sleep(20 * time.Millisecond)
	if _, err := net.DialTimeout("tcp", "10.244.0.5:82", patience); err == nil {
		t.Fatal("a closed port is open")
	}
	seen := world.core.flowTo("10.244.0.5:82", func(flow wire.Flow) bool { return flow.State == "refused" })
	t.Logf("of a connection that lived for %d ms the program is %+v", seen.EndedAt-seen.BeganAt, seen.Program)
	held.Close()
	if closed := world.core.flowTo("10.244.0.5:80", func(flow wire.Flow) bool { return flow.EndedAt > 0 }); closed.Program == nil {
		t.Errorf("who it was is forgotten: %+v", closed)
	}
	world.core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{}})
	world.core.send(wire.EngineCommand{Command: wire.CommandCheckReach, CheckReach: &wire.CheckReachCommand{ID: 7}})
	world.core.awaitThat(wire.EventReach, func(event wire.EngineEvent) bool { return event.Reach.ID == 7 })
	for quiet := time.After(1500 * time.Millisecond); ; {
		select {
		case event := <-world.core.events:
			if event.Event == wire.EventFlows {
				t.Fatal("flows are told to nobody")
			}
			continue
		case <-quiet:
		}
		break
	}
}

// Who closes a socket while bytes come says so with a FIN, a reset or both, and resets may be of numbers that are too old to be
// taken. What is left of such a download would take its part of the memory for all of them.
func TestADownloadThatIsBrokenOffEnds(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	world.core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{Watched: true}})
	open := map[string]string{}
	for turn := range 24 {
		socket, err := net.Dial("tcp", "10.244.0.5:80")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(socket, "GET /bytes?count=%d HTTP/1.0\r\n\r\n", 1<<32)
		if _, err := io.CopyN(io.Discard, socket, 1<<20); err != nil {
			t.Fatal(err)
		}
		how := "in the midst of reading"
		if turn%3 == 0 {
			how = "behind a FIN"
			socket.(*net.TCPConn).CloseWrite()
			_, _ = io.CopyN(io.Discard, socket, 1<<20)
		} else {
			go io.Copy(io.Discard, socket)
			time.Sleep(time.Duration(turn) * time.Millisecond)
		}
		open[socket.LocalAddr().String()] = how
		socket.Close()
	}
	timeout := time.After(patience)
	for len(open) > 0 {
		select {
		case event := <-world.core.events:
			if event.Event == wire.EventFlows {
				for _, flow := range event.Flows.Changed {
					if flow.EndedAt > 0 {
						delete(open, flow.Source)
					}
				}
			}
		case <-timeout:
			t.Fatalf("%d downloads are not over: %v", len(open), open)
		}
	}
}
