//go:build linux

package engine

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

func isState(state string) func(wire.EngineEvent) bool {
	return func(event wire.EngineEvent) bool { return event.Tunnel.State == state }
}

func TestConnectionsLiveThroughResetStreams(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	socket := dialPod(t, laptop)
	expectEcho(t, socket, "before")
	for range 3 {
		cluster.reset()
		expectEcho(t, socket, "after a reset")
	}
	if laptop.tunOpened != 1 {
		t.Errorf("the TUN was opened %d times", laptop.tunOpened)
	}
	if made := cluster.agents[firstAgent.Pod].made; made != 1 {
		t.Errorf("%d sessions were made", made)
	}
}

func TestASilentNetworkIsNoticedAndLeftBehind(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	socket := dialPod(t, laptop)
	cluster.refuse(&wire.Problem{Code: wire.CodeAPIUnreachable, Cause: "connection refused"})
	cluster.stall() // nothing breaks, nothing arrives
	// The lanes do not fall silent at the same moment: the first of them may have dialled again before the last.
	down := core.awaitThat(wire.EventTunnel, isState("down")).Tunnel
	if down.Because == nil || down.Because.Code != wire.CodeTunnelSilent && down.Because.Code != wire.CodeAPIUnreachable {
		t.Errorf("because: %v", down.Because)
	}
	again := core.awaitThat(wire.EventTunnel, func(event wire.EngineEvent) bool { return event.Tunnel.Attempt > 1 }).Tunnel
	if again.State != "down" || again.Because.Code != wire.CodeAPIUnreachable {
		t.Errorf("next try: %+v", again)
	}
	if left := strings.Join(laptop.changed(), " "); left != "names routes tun" {
		t.Errorf("in force while the tunnel is down: %s", left)
	}
	cluster.refuse(nil)
	if up := core.awaitThat(wire.EventTunnel, isState("up")).Tunnel; up.RoundTripMicroseconds <= 0 {
		t.Errorf("up: %+v", up)
	}
	expectEcho(t, socket, "after the silence")
}

// Datagrams without connections are no tunnel, and connections without datagrams, by which names are asked for, are none.
func TestATunnelOfOneKindIsDown(t *testing.T) {
	for _, kind := range []string{"lane", "flows"} {
		t.Run(kind, func(t *testing.T) {
			laptop, cluster := newFakeLaptop(), newFakeCluster(t)
			core := startEngine(t, configOf(laptop, cluster))
			core.connected()
			socket := dialPod(t, laptop)
			expectEcho(t, socket, "before")
			cluster.cut(kind)
			if down := core.awaitThat(wire.EventTunnel, isState("down")).Tunnel; down.Because == nil {
				t.Error("nobody knows why")
			}
			cluster.cut("")
			core.awaitThat(wire.EventTunnel, isState("up"))
			expectEcho(t, socket, "after")
		})
	}
}

func TestALaptopThatMovedProbesAtOnce(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	config := configOf(laptop, cluster)
	config.Timing = quick
	config.Timing.LaneSilence = time.Hour // only the probe can tell
	core := startEngine(t, config)
	core.connected()
	socket := dialPod(t, laptop)
	cluster.stall()
	laptop.changes <- wire.HostInspection{ResolverMode: "resolv-conf", Upstreams: []string{"127.0.0.9"}, TunAvailable: true}
	names := core.await(wire.EventNames).Names
	if len(names.Upstreams) != 1 || names.Upstreams[0] != "127.0.0.9" {
		t.Errorf("names: %+v", names)
	}
	expectEcho(t, socket, "on the other network")
}

func TestAnotherAgentTakesOverAndOldConnectionsAreReset(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	idle := dialPod(t, laptop)
	expectEcho(t, idle, "established")
	cluster.remove(firstAgent.Pod)
	if lost := core.await(wire.EventAgentLost); lost.Problem.Code != wire.CodeAgentGone {
		t.Errorf("lost: %v", lost.Problem)
	}
	next := cluster.start("slipway-agent-2")
	core.send(wire.EngineCommand{Command: wire.CommandAgent, Agent: &wire.AgentTarget{Namespace: "webshop", Pod: "slipway-agent-2", Port: wire.AgentPort}})
	core.awaitThat(wire.EventTunnel, isState("up"))

	_ = idle.SetReadDeadline(time.Now().Add(patience))
	_, err := idle.Read(make([]byte, 1)) // nothing was sent: only a reset can end it
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the idle connection ended with %v, want a reset", err)
	}
	expectEcho(t, dialPod(t, laptop), "through the new agent")
	next.mutex.Lock()
	defer next.mutex.Unlock()
	if !slices.Equal(next.wanted, []string{"198.18.0.10", "fd34:8a0f:448::10"}) {
		t.Errorf("the engine asked for %q", next.wanted)
	}
	if laptop.tunOpened != 1 {
		t.Errorf("the TUN was opened %d times", laptop.tunOpened)
	}
}

// Where no other agent can be made, what was open must not hang until one can.
func TestWhatIsOpenThroughAnAgentThatIsGoneForGoodIsReset(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	idle := dialPod(t, laptop)
	expectEcho(t, idle, "established")
	cluster.remove(firstAgent.Pod)
	core.await(wire.EventAgentLost)
	core.send(wire.EngineCommand{Command: wire.CommandAgentGone})
	_ = idle.SetReadDeadline(time.Now().Add(patience))
	_, err := idle.Read(make([]byte, 1))
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the idle connection ended with %v, want a reset", err)
	}
	cluster.start("slipway-agent-2")
	core.send(wire.EngineCommand{Command: wire.CommandAgent, Agent: &wire.AgentTarget{Namespace: "webshop", Pod: "slipway-agent-2", Port: wire.AgentPort}})
	core.awaitThat(wire.EventTunnel, isState("up"))
	expectEcho(t, dialPod(t, laptop), "through the new agent")
}

func TestAnAgentThatForgotTheSessionIsAnotherOne(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	old := dialPod(t, laptop)
	expectEcho(t, old, "before")
	cluster.restart(firstAgent.Pod)
	_ = old.SetReadDeadline(time.Now().Add(patience))
	if _, err := old.Read(make([]byte, 1)); err == nil {
		t.Error("the old connection lives")
	}
	_ = core
	expectEcho(t, dialPod(t, laptop), "after")
}

func TestClusterNamesAreAnsweredInsideTheTunnel(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	for _, network := range []string{"udp", "tcp"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		socket, err := laptop.dial(ctx, network, "198.18.0.11:53")
		if err != nil {
			t.Fatal(err)
		}
		question := new(dns.Msg)
		question.SetQuestion("kubernetes.default.svc.cluster.test.", dns.TypeA)
		answer, _, err := (&dns.Client{Net: network, Timeout: patience}).ExchangeWithConn(question, &dns.Conn{Conn: socket})
		socket.Close()
		if err != nil || len(answer.Answer) != 1 || answer.Answer[0].(*dns.A).A.String() != "10.96.0.1" {
			t.Errorf("%s: %v %v", network, answer, err)
		}
	}
}

// refusingCarrier answers 401 until it is given other credentials than the first.
type refusingCarrier struct {
	*fakeCluster
	credentials carrier.CredentialSource
	refused     atomic.Int32
}

func (refusing *refusingCarrier) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	credentials, err := refusing.credentials(ctx, false)
	if err == nil && credentials.BearerToken != "fresh" {
		refusing.refused.Add(1)
		credentials, err = refusing.credentials(ctx, true)
	}
	if err != nil {
		return nil, err
	}
	if credentials.BearerToken != "fresh" {
		return nil, &wire.Problem{Code: wire.CodeUnauthorized, Cause: "test"}
	}
	return refusing.fakeCluster.Dial(ctx, target)
}

func TestRefusedCredentialsAreAskedForOnce(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	config := configOf(laptop, cluster)
	refusing := &refusingCarrier{fakeCluster: cluster}
	config.Carriers = []carrier.New{func(_ wire.ClusterAddress, credentials carrier.CredentialSource) (carrier.Carrier, error) {
		refusing.credentials = credentials
		return refusing, nil
	}}
	core := startEngine(t, config)
	core.hello()
	core.prepare("10.96.0.0/16")
	core.connect()
	core.await(wire.EventNeedCredentials)
	core.send(wire.EngineCommand{Command: wire.CommandCredentials, Credentials: &wire.ClusterCredentials{BearerToken: "fresh"}})
	core.await(wire.EventReady)
	asked := 0
	for _, seen := range core.seen {
		if seen == wire.EventNeedCredentials {
			asked++
		}
	}
	if asked != 1 || refusing.refused.Load() == 0 {
		t.Errorf("asked %d times for %d refusals", asked, refusing.refused.Load())
	}
}

// Names that somebody keeps taking are told, though all else is well, and so is their end.
func TestContestedNamesAreToldUntilTheyAreNot(t *testing.T) {
	laptop, cluster := newFakeLaptop(), newFakeCluster(t)
	core := startEngine(t, configOf(laptop, cluster))
	core.connected()
	laptop.touches <- wire.TunnelUpkeep{Contested: []string{}, Names: wire.Contest{Times: 11, WithinSeconds: 30, AloneSeconds: 60}}
	names := core.await(wire.EventNames).Names
	if names.Problem == nil || names.Problem.Code != wire.CodeNamesContested || names.Mode != "resolv-conf" {
		t.Errorf("names: %+v", names)
	}
	laptop.touches <- wire.TunnelUpkeep{Contested: []string{}}
	if names := core.await(wire.EventNames).Names; names.Problem != nil {
		t.Errorf("names: %+v", names)
	}
}
