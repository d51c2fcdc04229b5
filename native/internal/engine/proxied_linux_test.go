package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	xproxy "golang.org/x/net/proxy"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// connectedByProxy is a core whose engine changes nothing of the laptop, and where its proxy listens.
func connectedByProxy(t *testing.T, cluster *fakeCluster, mapped ...wire.Mapping) (*fakeCore, *wire.ReadyEvent, string) {
	t.Helper()
	laptoptest.Reset(t) // the nameservers that it reads are not those of a test before
	config := configOf(newFakeLaptop(), cluster)
	config.DialHelper = func(context.Context, string) (Helper, error) {
		return nil, errors.New("nobody must be asked for a helper")
	}
	config.SystemDial = nil
	config.Timing = quick
	config.Timing.LaneSilence = patience // connecting waits for answers as long, however busy this machine is
	core := startEngine(t, config)
	core.hello()
	ranges := []string{"10.96.0.0/16", "10.244.0.0/24", "192.168.0.0/16", "0.0.0.0/0"}
	for _, each := range mapped {
		ranges = append(slices.DeleteFunc(ranges, func(prefix string) bool { return prefix == each.Real || prefix == "0.0.0.0/0" }), each.Virtual)
	}
	core.send(wire.EngineCommand{Command: wire.CommandPrepare, Prepare: &wire.PrepareCommand{
		WithProxy: true, Ranges: wire.WantRouted(ranges...),
	}})
	core.await(wire.EventPrepared)
	core.send(wire.EngineCommand{Command: wire.CommandConnect, Connect: &wire.ConnectCommand{
		Agent: firstAgent, OwnerSecret: ownerSecret, Ranges: wire.WantRouted(ranges...), Mappings: mapped, Names: true, Proxy: &wire.ProxyInput{},
		Scope: wire.NameScope{HomeNamespace: "default", Namespaces: []string{"default", "webshop"}},
	}})
	ready := core.await(wire.EventReady).Ready
	core.await(wire.EventTunnel)
	if ready.Proxy == nil || ready.Proxy.Port == 0 {
		t.Fatalf("no proxy: %+v", ready)
	}
	return core, ready, net.JoinHostPort("127.0.0.1", portText(ready.Proxy.Port))
}

func portText(port int) string {
	_, text, _ := net.SplitHostPort((&net.TCPAddr{Port: port}).String())
	return text
}

func throughSocks(t *testing.T, address, target string) (net.Conn, error) {
	t.Helper()
	dialer, err := xproxy.SOCKS5("tcp", address, nil, &net.Dialer{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return dialer.(xproxy.ContextDialer).DialContext(ctx, "tcp", target)
}

func TestAProxyLetsProgramsInAndNothingOfTheLaptopIsChanged(t *testing.T) {
	cluster := newFakeCluster(t)
	core, ready, address := connectedByProxy(t, cluster)
	var routed []string
	for _, decision := range ready.Routes {
		if decision.IsRouted() {
			routed = append(routed, decision.Prefix)
		}
	}
	if !slices.Equal(routed, []string{"10.96.0.0/16", "10.244.0.0/24", "192.168.0.0/16"}) {
		t.Errorf("decisions: %+v", ready.Routes)
	}
	if ready.Interface != "" || ready.Names.Mode != modeProxy || ready.Names.Problem != nil || !ready.Proxy.KnowsUsers {
		t.Errorf("ready: %+v, names %+v", ready, ready.Names)
	}
	core.send(wire.EngineCommand{Command: wire.CommandFlows, Flows: &wire.FlowsCommand{Watched: true}})
	for _, target := range []string{"10.244.0.5:80", "kubernetes:443", "kubernetes.default:443", "kubernetes.default.svc.cluster.test:443"} {
		socket, err := throughSocks(t, address, target)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		expectEcho(t, socket, "through the proxy")
		if target == "10.244.0.5:80" {
			held := core.flowTo("10.244.0.5:80", func(flow wire.Flow) bool { return flow.Program != nil && flow.BytesUp > 0 })
			if held.Program.PID != os.Getpid() || held.State != "open" {
				t.Errorf("flow: %+v of %+v", held, held.Program)
			}
		}
		socket.Close()
	}
	if _, err := throughSocks(t, address, "missing.default.svc.cluster.test:80"); err == nil {
		t.Error("a name that is none is connected")
	}
	outside, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	if socket, err := throughSocks(t, address, outside.Addr().String()); err != nil {
		t.Errorf("what is not the cluster's: %v", err)
	} else {
		socket.Close()
	}
	response, err := http.Get("http://" + address + "/" + string(ready.Proxy.PACToken) + "/proxy.pac")
	if err != nil {
		t.Fatal(err)
	}
	file, _ := io.ReadAll(response.Body)
	response.Body.Close()
	for _, part := range []string{`"192.168.0.0/16"`, `".webshop"`, `".svc.cluster.test"`, address} {
		if !strings.Contains(string(file), part) {
			t.Errorf("the file has no %s: %s", part, file)
		}
	}

	core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{ID: 7, Host: "kubernetes.default", Port: 443}})
	tested := core.await(wire.EventTested).Tested
	for _, step := range tested.Steps {
		if step.Problem != nil {
			t.Errorf("step %s: %v", step.Step, step.Problem)
		}
	}
	if len(tested.Steps) != 4 || tested.Times == nil {
		t.Errorf("tested: %+v", tested)
	}

	held, err := throughSocks(t, address, "10.244.0.5:80")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	core.send(wire.EngineCommand{Command: wire.CommandStop})
	if stopped := core.await(wire.EventStopped).Stopped; stopped.LeftOver != 0 {
		t.Errorf("left over: %d", stopped.LeftOver)
	}
	held.SetDeadline(time.Now().Add(patience))
	if _, err := held.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a connection outlives the proxy: %v", err)
	}
	if err := core.end(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("somebody listens still")
	}
}

func TestAProxyHasTheSamePortAndSecretsAgain(t *testing.T) {
	cluster := newFakeCluster(t)
	first, ready, _ := connectedByProxy(t, cluster)
	first.send(wire.EngineCommand{Command: wire.CommandStop})
	_ = first.end()
	_, again, _ := connectedByProxy(t, cluster)
	if ready.Proxy.PACToken != again.Proxy.PACToken || ready.Proxy.Password != again.Proxy.Password || ready.Proxy.PACToken == "" {
		t.Error("a browser that was configured for it must be configured anew")
	}
	if ready.Proxy.PACToken == ready.Proxy.Password {
		t.Error("who may read the file knows the password")
	}
}

func TestAProxyTakesEitherAddressOfAMappedRange(t *testing.T) {
	cluster := newFakeCluster(t)
	_, ready, address := connectedByProxy(t, cluster, wire.Mapping{Real: "10.244.0.0/24", Virtual: "198.19.64.0/24"})
	for _, target := range []string{"10.244.0.5:80", "198.19.64.5:80", "kubernetes.default:443"} {
		socket, err := throughSocks(t, address, target)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		expectEcho(t, socket, "through the proxy")
		socket.Close()
	}
	response, err := http.Get("http://" + address + "/" + string(ready.Proxy.PACToken) + "/proxy.pac")
	if err != nil {
		t.Fatal(err)
	}
	file, _ := io.ReadAll(response.Body)
	response.Body.Close()
	for _, part := range []string{`"10.244.0.0/24"`, `"198.19.64.0/24"`} {
		if !strings.Contains(string(file), part) {
			t.Errorf("the file has no %s: %s", part, file)
		}
	}
}
