package agent

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/wire"
)

// heldServer passes on what a session opened in the cluster, as the destination sees it.
func heldServer(t *testing.T) (clusterDialer, <-chan net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	held := make(chan net.Conn, 4)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			held <- connection
		}
	}()
	return clusterDialer{listener.Addr().String()}, held
}

// An engine that was killed says no leave, and a database keeps the locks of its connections while they are open.
func TestTheNextEngineOfAnOwnerEndsTheSessionBefore(t *testing.T) {
	one, other := wire.Secret(randomText(32)), wire.Secret(randomText(32))
	for _, test := range []struct {
		name          string
		before, after wire.Secret
		isDead, ends  bool
	}{
		{"of the same owner, killed", one, one, true, true},
		{"of the same owner, alive", one, one, false, true},
		{"of another owner", one, other, true, false},
		{"of nobody, then of an owner", "", one, true, false},
		{"of an owner, then of nobody", one, "", true, false},
		{"of nobody, twice", "", "", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dialer, held := heldServer(t)
			var log bytes.Buffer
			server := serve(t, Config{Expiry: time.Hour, Dialer: dialer, SessionsAtMost: 2, Log: slog.New(slog.NewTextHandler(&log, nil))})
			killed, next := newEngine(t, server), newEngine(t, server)
			if reply := killed.register(func(register *wire.Register) { register.OwnerSecret = test.before }); reply.Registered == nil {
				t.Fatalf("%+v", reply.Problem)
			}
			killed.join(killed.laptop())
			if killed.open(20*time.Second) == nil {
				t.Fatal("no connection")
			}
			inCluster := <-held
			defer inCluster.Close()
			if test.isDead {
				killed.control.Close()
				for lane := range killed.registered.FlowLanes {
					killed.flows.Detach(lane, io.EOF)
				}
			}
			wanted := killed.registered.Addresses
			next.register(func(register *wire.Register) {
				register.OwnerSecret, register.WantedAddresses = test.after, wanted
			})
			if isSame := slices.Equal(next.registered.Addresses, wanted); isSame != test.ends {
				t.Errorf("the next has %v after %v", next.registered.Addresses, wanted)
			}
			if test.ends {
				inCluster.SetReadDeadline(time.Now().Add(20 * time.Second))
				if _, err := inCluster.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("in the cluster the connection has %v", err)
				}
			}
			if left := len(server.all()); (left == 1) != test.ends {
				t.Errorf("%d sessions are left", left)
			}
			if !test.isDead && !isClosed(t, killed.control) {
				t.Error("the control stream of the session before stays open")
			}
			next.carryHeld(t, held)
			server.Close()
			for _, secret := range []wire.Secret{one, other} {
				if strings.Contains(log.String(), string(secret)) {
					t.Error("the log shows the secret")
				}
			}
		})
	}
}

// carryHeld proves that the session carries.
func (e *engine) carryHeld(t *testing.T, held <-chan net.Conn) {
	t.Helper()
	e.join(e.laptop())
	near := e.open(20 * time.Second)
	if near == nil {
		t.Fatal("the next session carries nothing")
	}
	far := <-held
	defer far.Close()
	if _, err := near.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	far.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
		t.Errorf("the next session carries nothing: %v", err)
	}
}

// The owner's next engine finds room where its last one took the last place.
func TestTheNextEngineOfAnOwnerNeedsNoFreePlace(t *testing.T) {
	server := serve(t, Config{SessionsAtMost: 1, Dialer: echoServer(t)})
	secret := wire.Secret(randomText(32))
	owned := func(register *wire.Register) { register.OwnerSecret = secret }
	killed, next := newEngine(t, server), newEngine(t, server)
	killed.register(owned)
	killed.join(killed.laptop())
	if err := killed.echo("10.0.0.1:80"); err != nil {
		t.Fatal(err)
	}
	if reply := next.register(owned); reply.Registered == nil {
		t.Errorf("%+v", reply.Problem)
	}
}
