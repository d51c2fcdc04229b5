package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// Many users of one agent, which is a process of its own here, with the limits that it has in a pod of 128 MiB.

// join is one user more, whose tunnel carries.
func (agent *agentOf) join(t testing.TB) *engine {
	t.Helper()
	user := newEngineOver(t, agent.connect)
	user.carry()
	return user
}

// rounds is how often a user does something: SLIPWAY_TEST_ROUNDS, as the soak sets it, or a few.
func rounds() int {
	if given, err := strconv.Atoi(os.Getenv("SLIPWAY_TEST_ROUNDS")); err == nil {
		return given
	}
	return 3
}

// Honest users come, use it, and go, while one of them does whatever it can. Nobody notices, and it reaches nobody.
func TestUsersComeAndGoBesideAHostileOne(t *testing.T) {
	for _, count := range []int{2, 10} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			agent := startAgent(t, podBytes)
			steady := agent.join(t)
			victim := agent.join(t)
			held := victim.open(20 * time.Second)
			if held == nil {
				t.Fatal("the victim's connection is not taken")
			}
			before := agent.cost(t)
			ctx, stop := context.WithCancel(t.Context())
			var attack sync.WaitGroup
			hostile := agent.join(t)
			reached := hostile.attack(ctx, agent, victim, &attack)
			var using sync.WaitGroup
			for range count - 1 {
				using.Go(func() {
					for range rounds() {
						user := newEngineOver(t, agent.connect)
						if reply := user.register(nil); reply.Registered == nil {
							t.Errorf("who comes is not taken: %+v", reply.Problem)
							return
						}
						user.join(user.laptop())
						if err := errors.Join(user.echo("10.0.0.1:80"), steady.echo("10.0.0.2:80")); err != nil {
							t.Errorf("disturbed: %v", err)
						}
						user.leave()
					}
				})
			}
			using.Wait()
			stop()
			attack.Wait()
			if count := reached.Load(); count > 0 {
				t.Errorf("the hostile one reached the others %d times", count)
			}
			if _, err := held.Write([]byte("still")); err != nil {
				t.Errorf("the victim's connection: %v", err)
			}
			held.SetReadDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.ReadFull(held, make([]byte, len("still"))); err != nil {
				t.Errorf("the victim's connection: %v", err)
			}
			hostile.leave()
			eventually(t, "sessions stay", func() bool { return agent.cost(t).Sessions <= before.Sessions })
			after := agent.cost(t)
			t.Logf("before %+v, after %+v", before, after)
			// Streams that said nothing are closed after five seconds.
			eventually(t, fmt.Sprintf("it grew: before %+v, after %+v", before, after), func() bool {
				after = agent.cost(t)
				return after.Goroutines <= before.Goroutines+20 && after.Files <= before.Files+20 && after.Heap <= before.Heap+2<<20
			})
		})
	}
}

// BenchmarkUsers is what the agent holds and uses for each of its users: at rest, and for each request of one.
func BenchmarkUsers(b *testing.B) {
	for _, count := range []int{1, 10, 100} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			agent := startAgent(b, 0)
			empty := agent.cost(b)
			users := make([]*engine, count)
			for index := range users {
				users[index] = agent.join(b)
			}
			time.Sleep(time.Second) // connections that ended are forgotten
			rest := agent.cost(b)
			time.Sleep(5 * time.Second)
			idle := agent.cost(b)
			requests := 0
			for b.Loop() {
				if err := users[requests%count].echo("10.0.0.1:80"); err != nil {
					b.Fatal(err)
				}
				requests++
			}
			used := agent.cost(b)
			each := func(value int64) float64 { return float64(value) / float64(count) }
			b.ReportMetric(each(rest.Heap-empty.Heap)/1024, "KiB-heap/user")
			b.ReportMetric(each(rest.Resident-empty.Resident)/1024, "KiB-resident/user")
			b.ReportMetric(each(int64(rest.Goroutines-empty.Goroutines)), "goroutines/user")
			b.ReportMetric(each(int64(rest.Files-empty.Files)), "descriptors/user")
			b.ReportMetric(each((idle.Processor-rest.Processor).Microseconds())/5, "idle-us/user/s")
			b.ReportMetric(float64((used.Processor-idle.Processor).Microseconds())/float64(requests), "us/request")
		})
	}
}

// leave ends the session as an engine does, and the user's own side.
func (e *engine) leave() {
	e.ask(wire.AgentRequest{Request: "leave"})
	e.control.Close()
	e.lanes.Close()
	e.flows.Close(bytestream.Ended)
}

// attack goes on until ctx ends. It counts what it got of the victim.
func (e *engine) attack(ctx context.Context, agent *agentOf, victim *engine, running *sync.WaitGroup) *atomic.Int64 {
	reached := &atomic.Int64{}
	noise := func(size int) []byte {
		bytes := make([]byte, size)
		for index := range bytes {
			bytes[index] = byte(rand.Uint32())
		}
		return bytes
	}
	dial := func() net.Conn {
		connection, err := net.Dial("tcp4", agent.address)
		if err != nil {
			return nil
		}
		connection.SetDeadline(time.Now().Add(2 * time.Second))
		return connection
	}
	open := func(message any) net.Conn {
		connection := dial()
		if connection != nil {
			_ = wire.WriteFrame(connection, message, wire.MaxFrame)
		}
		return connection
	}
	for _, try := range []func(){
		func() { // silent and noisy streams
			if connection := dial(); connection != nil {
				_, _ = connection.Write(noise(rand.IntN(200)))
			}
		},
		func() { // the victim's lanes, with a ticket of one's own
			for _, kind := range []string{"lane", "flows"} {
				if connection := open(wire.AgentOpening{Kind: kind, Session: victim.registered.Session, Ticket: e.registered.Ticket}); connection != nil {
					if count, _ := connection.Read(make([]byte, 1)); count > 0 {
						reached.Add(1)
					}
					connection.Close()
				}
			}
		},
		func() { // the victim's registration, by its public key
			connection := open(wire.AgentOpening{Kind: "control", Hello: &wire.Hello{Protocol: wire.Protocol, Role: "engine"}})
			if connection == nil {
				return
			}
			defer connection.Close()
			_, _ = wire.ReadFrame(connection, wire.MaxFrame)
			register := &wire.Register{PublicKey: victim.public, PresharedKey: wire.Secret(randomText(32))}
			_ = wire.WriteFrame(connection, wire.AgentRequest{Request: "register", Register: register}, wire.MaxFrame)
			var reply wire.AgentReply
			if body, err := wire.ReadFrame(connection, wire.MaxFrame); err == nil && json.Unmarshal(body, &reply) == nil && reply.Registered != nil {
				reached.Add(1)
			}
		},
		func() { // noise on a lane of one's own
			if connection := open(wire.AgentOpening{Kind: "flows", Session: e.registered.Session, Ticket: e.registered.Ticket, Lane: 0}); connection != nil {
				_, _ = connection.Write(noise(4000))
				connection.Close()
			}
		},
		func() { // connections to the victim, and from it
			if flow, err := e.flows.Open(bytestream.Opening{
				Source:      netip.MustParseAddrPort(e.laptop() + ":4000"),
				Destination: netip.MustParseAddrPort(victim.laptop() + ":22"),
			}, answered{reached}); err == nil {
				time.Sleep(5 * time.Millisecond)
				flow.Reset(bytestream.Aborted)
			}
			if flow, err := e.flows.Open(bytestream.Opening{
				Source:      netip.MustParseAddrPort(victim.laptop() + ":4000"),
				Destination: netip.MustParseAddrPort("10.0.0.1:80"),
			}, answered{reached}); err == nil {
				time.Sleep(5 * time.Millisecond)
				flow.Reset(bytestream.Aborted)
			}
		},
		func() { // packets that claim to be the victim's, and to it
			for _, ends := range [][2]string{{victim.laptop(), "10.0.0.1"}, {e.laptop(), victim.laptop()}} {
				raw := packet.Echo(netip.MustParseAddr(ends[0]), netip.MustParseAddr(ends[1]), 7, 1, noise(20))
				if parsed, ok := packet.Parse(raw); ok {
					e.lanes.Send(0, &parsed)
				}
			}
		},
		func() { // connections without end
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			for range 50 {
				if _, err := e.stack.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:80")); err != nil {
					return
				}
			}
		},
	} {
		running.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
				try()
			}
		})
	}
	return reached
}

// answered counts flows that were connected and should not have been.
type answered struct{ count *atomic.Int64 }

func (a answered) Answered(verdict bytestream.Verdict) {
	if verdict == bytestream.Connected {
		a.count.Add(1)
	}
}
func (answered) Writable()              {}
func (answered) Readable()              {}
func (answered) Reset(bytestream.Cause) {}
