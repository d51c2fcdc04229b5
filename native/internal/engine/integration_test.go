//go:build linux

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

const podURL = "http://10.244.0.5"

// world is a laptop with the real helper and an engine, and a cluster with the real agent and one pod.
type world struct {
	helper, agent, engine *process
	core                  *fakeCore
	ready                 *wire.ReadyEvent
	node, pod             *process
	away                  string // see awayVariable
}

func newWorld(t *testing.T) *world {
	t.Helper()
	laptoptest.Reset(t)
	world := &world{node: startPart(t, "node", true), pod: startPart(t, "pod", true), away: filepath.Join(t.TempDir(), "away")}
	pod := world.pod
	node, podID := strconv.Itoa(world.node.command.Process.Pid), strconv.Itoa(pod.command.Process.Pid)
	laptoptest.Run(t, "ip", "link", "add", "a0", "netns", node, "type", "veth", "peer", "name", "b0", "netns", podID)
	for _, line := range []string{
		node + " ip link set lo up", node + " ip link set a0 up", node + " ip address add 10.244.0.2/16 dev a0",
		podID + " ip link set lo up", podID + " ip link set b0 up", podID + " ip address add 10.244.0.5/16 dev b0",
		podID + " ip address add 10.96.0.1/32 dev lo", podID + " ip address add 10.96.0.10/32 dev lo",
		podID + " ip address add 10.96.0.20/32 dev lo", node + " ip route add 10.96.0.0/16 via 10.244.0.5",
	} {
		fields := strings.Fields(line)
		laptoptest.Run(t, "nsenter", append([]string{"-t", fields[0], "-n"}, fields[1:]...)...)
	}
	// As a pod with the safe sysctl has it (Kubernetes: "Using sysctls in a Kubernetes Cluster").
	laptoptest.Run(t, "nsenter", "-t", node, "-n", "sh", "-c", "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range")
	world.startAgent(t)
	world.helper = startProcess(t, exec.Command(filepath.Join(os.Getenv(binariesVariable), "slipway-helper"), "serve", "--user", "0"))
	// What the laptop is like before a connection is looked at with the helper there.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if conn, err := net.Dial("unix", "/run/slipway/0/helper.sock"); err == nil {
			conn.Close()
			return world
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func (world *world) startAgent(t *testing.T) {
	t.Helper()
	resolvConf := filepath.Join(t.TempDir(), "resolv.conf")
	text := "search webshop.svc.cluster.test svc.cluster.test cluster.test\nnameserver 10.96.0.10\n"
	if err := os.WriteFile(resolvConf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	world.agent = startProcess(t, exec.Command("nsenter", "-t", strconv.Itoa(world.node.command.Process.Pid), "-n",
		filepath.Join(os.Getenv(binariesVariable), "slipway-agent"), "--resolv-conf", resolvConf))
}

// connect starts an engine and brings it to ready.
func (world *world) connect(t *testing.T) {
	t.Helper()
	world.begin(t)
	started := time.Now()
	world.ready = world.core.await(wire.EventReady).Ready
	t.Logf("ready after %v", time.Since(started))
	world.core.awaitThat(wire.EventTunnel, isState("up"))
}

// begin starts an engine and asks it to connect.
func (world *world) begin(t *testing.T) {
	t.Helper()
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), partVariable+"=engine", nodeVariable+"="+strconv.Itoa(world.node.command.Process.Pid), awayVariable+"="+world.away)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	outputReader, outputWriter, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout = outputWriter
	world.engine = startProcess(t, command)
	outputWriter.Close()
	inputReader, inputWriter := io.Pipe()
	core := &fakeCore{t: t, input: inputWriter, events: make(chan wire.EngineEvent, 1024), ended: make(chan error, 1)}
	go func() {
		_, _ = io.Copy(input, inputReader)
		input.Close()
	}()
	go func() {
		defer close(core.events)
		for {
			body, err := wire.ReadFrame(outputReader, wire.MaxEngineFrame)
			if err != nil {
				return
			}
			var event wire.EngineEvent
			if json.Unmarshal(body, &event) == nil && event.Event != wire.EventCounters {
				core.events <- event
			}
		}
	}()
	world.core = core
	core.hello()
	for try := 0; ; try++ { // helper and agent are still starting
		core.send(wire.EngineCommand{Command: wire.CommandPrepare, Prepare: &wire.PrepareCommand{
			HelperSocket: "/run/slipway/0/helper.sock", Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/16"),
		}})
		event := <-core.events
		if event.Event == wire.EventPrepared {
			break
		}
		if try == 100 {
			t.Fatalf("not prepared: %+v", event.Failed)
		}
		time.Sleep(20 * time.Millisecond)
	}
	core.send(wire.EngineCommand{Command: wire.CommandConnect, Connect: &wire.ConnectCommand{
		Agent:  firstAgent,
		Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/16"),
		Scope:  wire.NameScope{HomeNamespace: "webshop", Namespaces: []string{"infra", "webshop"}},
		Names:  true,
	}})
}

func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestOrdinaryProgramsReachTheClusterAndNothingIsLeft(t *testing.T) {
	world := newWorld(t)
	var before string
	waitFor(t, "the helper", func() bool {
		_, err := os.Stat("/run/slipway/0/helper.sock")
		before = laptoptest.Snapshot(t)
		return err == nil
	})
	world.connect(t)
	if world.ready.Names == nil || world.ready.Names.Mode != "resolv-conf" || world.ready.Names.Problem != nil {
		t.Errorf("names: %+v", world.ready.Names)
	}
	for _, url := range []string{podURL, "http://10.96.0.20"} {
		if body, err := get(t.Context(), url); err != nil || body != "orders" {
			t.Errorf("GET %s: %q %v", url, body, err)
		}
	}
	for _, name := range []string{"orders", "orders.webshop", "orders.webshop.svc", "orders.webshop.svc.cluster.test"} {
		if found := laptoptest.Run(t, "getent", "ahostsv4", name); !strings.HasPrefix(found, "10.96.0.20") {
			t.Errorf("getent %s: %q", name, found)
		}
	}
	expectPing(t, "10.244.0.5")
	expectDatagramEcho(t, "10.244.0.5:7")
	if _, err := net.DialTimeout("tcp", "10.244.0.5:81", patience); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed port: %v", err)
	}
	if err := download(t.Context(), 64<<20); err != nil {
		t.Errorf("download: %v", err)
	}
	if err := upload(t.Context(), 64<<20); err != nil {
		t.Errorf("upload: %v", err)
	}
	world.core.send(wire.EngineCommand{Command: wire.CommandTest, Test: &wire.TestCommand{ID: 1, Host: "orders.webshop", Port: 80}})
	tested := world.core.await(wire.EventTested).Tested
	for _, step := range tested.Steps {
		if step.Problem != nil {
			t.Errorf("test step %s: %v", step.Step, step.Problem)
		}
	}
	if len(tested.Steps) != 4 || tested.Times == nil || tested.Times.TunnelMicroseconds == 0 {
		t.Errorf("tested: %+v, times %+v", tested, tested.Times)
	}
	idle, err := net.Dial("tcp", "10.244.0.5:80")
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	world.core.send(wire.EngineCommand{Command: wire.CommandStop})
	if stopped := world.core.await(wire.EventStopped); stopped.Stopped.LeftOver != 0 {
		t.Errorf("left over: %d", stopped.Stopped.LeftOver)
	}
	<-world.engine.ended
	laptoptest.ExpectSnapshot(t, before)
	_ = idle.SetReadDeadline(time.Now().Add(patience))
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that was open at disconnect ended with %v", err)
	}
}

func TestAKilledEngineLeavesNothing(t *testing.T) {
	world := newWorld(t)
	var before string
	waitFor(t, "the helper", func() bool {
		_, err := os.Stat("/run/slipway/0/helper.sock")
		before = laptoptest.Snapshot(t)
		return err == nil
	})
	world.connect(t)
	world.engine.end(syscall.SIGKILL)
	waitFor(t, "the laptop to be as before", func() bool { return laptoptest.Snapshot(t) == before })
	world.connect(t)
	if body, err := get(t.Context(), podURL); err != nil || body != "orders" {
		t.Errorf("GET after the second connect: %q %v", body, err)
	}
}

func TestAnAgentThatWasStartedAnewResetsIdleConnections(t *testing.T) {
	world := newWorld(t)
	world.connect(t)
	idle, err := net.Dial("tcp", "10.244.0.5:80")
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	world.agent.end(syscall.SIGKILL)
	world.startAgent(t)
	_ = idle.SetReadDeadline(time.Now().Add(patience))
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the idle connection ended with %v", err)
	}
	world.core.awaitThat(wire.EventTunnel, isState("up"))
	if body, err := get(t.Context(), podURL); err != nil || body != "orders" {
		t.Errorf("GET through the new agent: %q %v", body, err)
	}
}

func expectPing(t *testing.T, address string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0); err != nil {
		t.Fatal(err)
	}
	socket, err := icmp.ListenPacket("udp4", "0.0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	message, _ := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{Seq: 1, Data: []byte("slipway")}}).Marshal(nil)
	if _, err := socket.WriteTo(message, &net.UDPAddr{IP: net.ParseIP(address)}); err != nil {
		t.Fatal(err)
	}
	_ = socket.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 1500)
	count, from, err := socket.ReadFrom(buffer)
	if err != nil {
		t.Fatalf("ping %s: %v", address, err)
	}
	answer, err := icmp.ParseMessage(1, buffer[:count])
	if err != nil || answer.Type != ipv4.ICMPTypeEchoReply || from.(*net.UDPAddr).IP.String() != address {
		t.Errorf("ping %s: %v from %v, %v", address, answer, from, err)
	}
}

func expectDatagramEcho(t *testing.T, address string) {
	t.Helper()
	socket, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	expectEcho(t, socket, "datagram")
}

func download(ctx context.Context, count int64) error {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, podURL+"/bytes?count="+fmt.Sprint(count), nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: 256 << 10}}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// Not io.Discard itself, which would read by 8 KiB.
	got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, response.Body, make([]byte, 256<<10))
	if err == nil && got != count {
		err = fmt.Errorf("got %d of %d bytes", got, count)
	}
	return err
}

func upload(ctx context.Context, count int64) error {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	body := io.LimitReader(zeros{}, count)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, podURL+"/sink", struct{ io.Reader }{body})
	if err != nil {
		return err
	}
	request.ContentLength = count
	client := &http.Client{Transport: &http.Transport{WriteBufferSize: 256 << 10}}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err == nil && string(got) != fmt.Sprint(count) {
		err = fmt.Errorf("the pod got %s of %d bytes", got, count)
	}
	return err
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) { return len(into), nil }
