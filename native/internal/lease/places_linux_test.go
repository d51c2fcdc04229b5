package lease

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"testing"
	"time"

	"slipway/native/internal/hostnet"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/peer"
	"slipway/native/internal/wire"
)

// crowd opens links that say hello and then nothing, or not even that.
func crowd(t *testing.T, count int, isPolite bool) (links []net.Conn) {
	t.Helper()
	for range count {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if isPolite {
			say(t, conn, 1, wire.HelperHello, hello)
		}
		links = append(links, conn)
	}
	return links
}

func say(t *testing.T, conn net.Conn, id uint64, operation string, input any) {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var frame bytes.Buffer
	if err := wire.WriteFrame(&frame, wire.HelperRequest{ID: id, Operation: operation, Input: body}, wire.MaxFrame); err != nil {
		t.Fatal(err)
	}
	conn.Write(frame.Bytes()) // one that is dropped meanwhile is what is tried
}

// Programs of the user that only connect, or say hello and fall silent, must not keep the engine from its lease.
func TestACrowdOfSilentLinksDoesNotKeepTheEngineOut(t *testing.T) {
	for name, isPolite := range map[string]bool{"after a hello": true, "before a hello": false} {
		t.Run(name, func(t *testing.T) {
			startServer(t, time.Minute)
			crowd(t, 5*maxAlike, isPolite)
			engine := dial(t)
			if _, err := engine.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
				t.Fatal(err)
			}
			crowd(t, 5*maxAlike, isPolite)
			doctor := dial(t)
			if inspection, err := doctor.Inspect(t.Context()); err != nil || !inspection.LeaseHeld {
				t.Errorf("the doctor hears %+v, %v", inspection, err)
			}
			if _, err := engine.Release(t.Context()); err != nil {
				t.Errorf("the crowd took the engine's place: %v", err)
			}
		})
	}
}

// Links that may only ask have other places than those that may hold the lease.
func TestLinksThatOnlyAskTakeNoPlaceOfTheEngines(t *testing.T) {
	server := Server{Log: slog.New(slog.DiscardHandler), open: map[*link]struct{}{}}
	made := func(mayHold bool, silentFor time.Duration) *link {
		asking := &link{conn: &net.UnixConn{}, started: time.Now().Add(-silentFor)}
		if !mayHold {
			asking.refusal = net.ErrClosed
		}
		return asking
	}
	engine := made(true, time.Hour)
	holder := made(true, 2*time.Hour)
	holder.leased.Store(true)
	for _, early := range []*link{engine, holder} {
		if !server.admit(t.Context(), early) {
			t.Fatal("no place in an empty server")
		}
	}
	for range 100 {
		if !server.admit(t.Context(), made(false, 0)) {
			t.Fatal("a newcomer finds no place")
		}
	}
	if _, isOpen := server.open[engine]; !isOpen {
		t.Error("askers took the engine's place")
	}
	for range maxAlike {
		if !server.admit(t.Context(), made(true, 0)) {
			t.Fatal("an engine finds no place")
		}
	}
	if _, isOpen := server.open[engine]; isOpen {
		t.Error("the most silent link kept its place")
	}
	if _, isOpen := server.open[holder]; !isOpen {
		t.Error("the holder of the lease lost its place")
	}
	if len(server.open) != 2*maxAlike {
		t.Errorf("%d links", len(server.open))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if server.admit(ended, made(true, 0)) {
		t.Error("a place in a server that ends")
	}
}

// served runs a server with short times, and returns what Serve returned.
func served(t *testing.T, idleLink, idleExit time.Duration) <-chan error {
	t.Helper()
	laptoptest.Reset(t)
	listener, err := Listen(runtimeDirectory, 0)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	server := Server{
		Host:     hostnet.New(hostnet.Options{RuntimeDirectory: runtimeDirectory, StateDirectory: "/var/lib/slipway", Log: log}),
		Hello:    wire.Hello{Protocol: wire.Protocol, Build: "test", Role: "helper"},
		Policy:   peer.Policy{UID: 0},
		IdleLink: idleLink, IdleExit: idleExit, Log: log,
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result <- server.Serve(ctx, listener)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return result
}

func expectEnd(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it still runs")
	}
}

func TestALinkThatIsSilentEndsUnlessItHoldsTheLease(t *testing.T) {
	served(t, 200*time.Millisecond, 0)
	holder := dial(t)
	if _, err := holder.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	silent := dial(t)
	select {
	case <-silent.Lost():
	case <-time.After(20 * time.Second):
		t.Fatal("the silent link is still there")
	}
	if _, err := holder.Release(t.Context()); err != nil {
		t.Fatalf("the holder, silent but for its heartbeats: %v", err)
	}
	select {
	case <-holder.Lost(): // from now on it is one that only asks
	case <-time.After(20 * time.Second):
		t.Fatal("the link of the lease before is still there")
	}
}

func TestIdleLinksDoNotKeepTheHelperAlive(t *testing.T) {
	ended := served(t, time.Hour, 300*time.Millisecond) // no link is cut for its silence
	crowd(t, 3, true)
	expectEnd(t, ended)
}

func TestAskingAgainAndAgainDoesNotKeepTheHelperAliveForEver(t *testing.T) {
	ended := served(t, time.Hour, 200*time.Millisecond)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for {
			client, err := Dial(t.Context(), socket, hello)
			if err != nil {
				return // it has ended
			}
			client.Inspect(t.Context())
			client.Close()
		}
	}()
	expectEnd(t, ended)
	<-asked
}

func TestALeaseKeepsTheHelperAlive(t *testing.T) {
	ended := served(t, time.Hour, 100*time.Millisecond)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended under a lease: %v", err)
	case <-time.After(time.Second): // ten times the idle time
	}
	if _, err := client.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	client.Close()
	expectEnd(t, ended)
}
