package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/lease"
	"slipway/native/internal/wire"
)

// The test binary also is the helper and, as another user, its client: then this names the part it plays.
const part = "SLIPWAY_TEST_PART"

var engineHello = wire.Hello{Protocol: wire.Protocol, Build: "test", Role: "engine"}

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "helper":
		os.Exit(run(os.Args[1:]))
	case "client":
		client, err := lease.Dial(context.Background(), os.Args[1], engineHello, serverOf(os.Args[2:])...)
		if err == nil {
			_, err = client.Inspect(context.Background())
		}
		if err == nil {
			fmt.Println("answered")
			_, err = client.Acquire(context.Background(), wire.AcquireInput{})
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("served")
		os.Exit(0)
	}
	laptoptest.Main(m)
}

// serverOf are the options of a client that is told which user it sees the helper as.
func serverOf(arguments []string) (options []lease.Option) {
	for _, argument := range arguments {
		uid, err := strconv.ParseUint(argument, 10, 32)
		if err != nil {
			panic(err)
		}
		options = append(options, lease.WithServerUID(uint32(uid)))
	}
	return options
}

// process is a helper of this test.
type process struct {
	command *exec.Cmd
	socket  string
	ended   chan struct{}
}

func start(t *testing.T, program string, arguments ...string) *process {
	t.Helper()
	uid, environment := "0", append(withoutCaller(), part+"=helper")
	if index := slices.Index(arguments, "--environment"); index >= 0 { // of the test's own
		environment = append(environment, arguments[index+1])
		arguments = slices.Delete(arguments, index, index+2)
	}
	if index := slices.Index(arguments, "--user"); index >= 0 {
		uid = arguments[index+1]
	}
	started := &process{
		command: exec.Command(program, append([]string{"serve"}, arguments...)...),
		socket:  "/run/slipway/" + uid + "/" + lease.SocketName,
		ended:   make(chan struct{}),
	}
	started.command.Env = environment
	started.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started.command.Stderr = t.Output()
	if err := started.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		started.command.Wait()
		close(started.ended)
	}()
	t.Cleanup(func() { started.end(syscall.SIGKILL) })
	return started
}

func (helper *process) end(signal syscall.Signal) {
	helper.command.Process.Signal(signal)
	<-helper.ended
}

func dial(t *testing.T, helper *process) *lease.Client {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		client, err := lease.Dial(t.Context(), helper.socket, engineHello)
		if err == nil {
			t.Cleanup(func() { client.Close() })
			return client
		}
		if time.Now().After(deadline) {
			t.Fatalf("the helper does not answer: %v", err)
		}
	}
}

var (
	tunInput   = wire.OpenTunInput{MTU: 16000, Addresses: []string{"198.18.0.2/32"}}
	routeInput = wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "10.244.0.0/16", "192.168.77.0/24")}
	nameInput  = wire.NamesInput{
		Resolver: "198.18.0.3", Domains: []string{"cluster.local", "svc", "webshop", "dev"},
		Search: []string{"webshop.svc.cluster.local", "svc.cluster.local", "cluster.local"}, Reverse: []string{"96.10.in-addr.arpa"},
	}
)

// steps are the changes of a connect in their order.
var steps = []struct {
	name string
	do   func(*testing.T, *lease.Client, *lease.Handover) *lease.Handover
}{
	{"acquire", func(t *testing.T, client *lease.Client, _ *lease.Handover) *lease.Handover {
		if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
			t.Fatal(err)
		}
		return nil
	}},
	{"openTun", func(t *testing.T, client *lease.Client, _ *lease.Handover) *lease.Handover {
		_, tunnel, err := client.OpenTun(t.Context(), tunInput)
		if err != nil {
			t.Fatal(err)
		}
		return tunnel
	}},
	{"setRoutes", func(t *testing.T, client *lease.Client, tunnel *lease.Handover) *lease.Handover {
		if _, err := client.SetRoutes(t.Context(), routeInput); err != nil {
			t.Fatal(err)
		}
		return tunnel
	}},
	{"setNames", func(t *testing.T, client *lease.Client, tunnel *lease.Handover) *lease.Handover {
		if _, err := client.SetNames(t.Context(), nameInput); err != nil {
			t.Fatal(err)
		}
		return tunnel
	}},
}

func connectSteps(t *testing.T, client *lease.Client, count int) *lease.Handover {
	t.Helper()
	var tunnel *lease.Handover
	for _, step := range steps[:count] {
		tunnel = step.do(t, client, tunnel)
	}
	if tunnel != nil {
		t.Cleanup(func() { tunnel.Close() })
	}
	return tunnel
}

func TestLeaseChangesTheLaptopAndReleaseRestoresIt(t *testing.T) {
	laptoptest.Reset(t)
	before := laptoptest.Snapshot(t)
	helper := start(t, os.Args[0], "--user", "0")
	client := dial(t, helper)
	connectSteps(t, client, len(steps))

	routes := laptoptest.Run(t, "ip", "route")
	for _, wanted := range []string{"10.96.0.0/16 dev slipway0", "10.244.0.0/16 dev slipway0", "198.18.0.3 dev slipway0"} {
		if !strings.Contains(routes, wanted) {
			t.Errorf("no route %q in\n%s", wanted, routes)
		}
	}
	if strings.Contains(routes, "192.168.77.0/24 dev slipway0") {
		t.Errorf("the laptop's own subnet was routed:\n%s", routes)
	}
	link := laptoptest.Run(t, "ip", "link", "show", "slipway0")
	for _, wanted := range []string{"mtu 16000", "qlen 8192", "UP"} {
		if !strings.Contains(link, wanted) {
			t.Errorf("no %q in %s", wanted, link)
		}
	}
	if addresses := laptoptest.Run(t, "ip", "address", "show", "slipway0"); strings.Contains(addresses, "inet6") {
		t.Errorf("IPv6 is on: %s", addresses)
	}
	resolvConf, _ := os.ReadFile("/etc/resolv.conf")
	wanted := "nameserver 198.18.0.3\nsearch webshop.svc.cluster.local svc.cluster.local cluster.local corp.example\n" +
		"# made by the office\nnameserver 192.168.77.1\nnameserver 192.168.77.3\noptions edns0\n"
	if !strings.HasSuffix(string(resolvConf), wanted) {
		t.Errorf("resolv.conf is\n%s", resolvConf)
	}
	inspection, err := client.Inspect(t.Context())
	if err != nil || !inspection.LeaseHeld || strings.Join(inspection.Upstreams, " ") != "192.168.77.1 192.168.77.3" ||
		strings.Join(inspection.Domains, " ") != "corp.example" || !inspection.TunAvailable {
		t.Errorf("inspection %+v, %v", inspection, err)
	}

	released, err := client.Release(t.Context())
	if err != nil || released.LeftOver != 0 {
		t.Fatalf("released %+v, %v", released, err)
	}
	helper.end(syscall.SIGTERM)
	laptoptest.ExpectSnapshot(t, before)
}

// Whatever ends, and wherever, the laptop comes back: by the helper where it lives, else by clean or its next start.
func TestEveryEndAtEveryStepRestoresTheLaptop(t *testing.T) {
	ends := map[string]func(t *testing.T, helper *process, client *lease.Client, tunnel *lease.Handover){
		"client killed": func(t *testing.T, helper *process, client *lease.Client, tunnel *lease.Handover) {
			client.Close()
			waitForRelease(t, helper)
			helper.end(syscall.SIGTERM)
		},
		"helper terminated":  func(t *testing.T, helper *process, _ *lease.Client, _ *lease.Handover) { helper.end(syscall.SIGTERM) },
		"helper interrupted": func(t *testing.T, helper *process, _ *lease.Client, _ *lease.Handover) { helper.end(syscall.SIGINT) },
		"helper killed, engine alive, clean": func(t *testing.T, helper *process, _ *lease.Client, _ *lease.Handover) {
			helper.end(syscall.SIGKILL)
			cleanUp(t)
		},
		"both killed, clean": func(t *testing.T, helper *process, client *lease.Client, tunnel *lease.Handover) {
			helper.end(syscall.SIGKILL)
			client.Close()
			if tunnel != nil {
				tunnel.Close()
			}
			cleanUp(t)
		},
		"helper killed, next start": func(t *testing.T, helper *process, client *lease.Client, tunnel *lease.Handover) {
			helper.end(syscall.SIGKILL)
			next := start(t, os.Args[0], "--user", "0")
			dial(t, next).Close()
			next.end(syscall.SIGTERM)
		},
	}
	for name, end := range ends {
		for count := range len(steps) + 1 {
			t.Run(fmt.Sprintf("%s after %d steps", name, count), func(t *testing.T) {
				laptoptest.Reset(t)
				before := laptoptest.Snapshot(t)
				helper := start(t, os.Args[0], "--user", "0")
				client := dial(t, helper)
				tunnel := connectSteps(t, client, count)
				end(t, helper, client, tunnel)
				laptoptest.ExpectSnapshot(t, before)
			})
		}
	}
}

func waitForRelease(t *testing.T, helper *process) {
	t.Helper()
	client := dial(t, helper)
	defer client.Close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		inspection, err := client.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !inspection.LeaseHeld {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the lease is still held")
		}
	}
}

func cleanUp(t *testing.T) {
	t.Helper()
	command := asHelper("clean", "")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("clean: %v\n%s", err, output)
	}
}

// kill -9 at moments nobody chose, in the middle of changes.
func TestHelperKilledAtAnyMomentIsUndone(t *testing.T) {
	for round := range 40 {
		laptoptest.Reset(t)
		before := laptoptest.Snapshot(t)
		helper := start(t, os.Args[0], "--user", "0")
		client := dial(t, helper)
		killed := time.AfterFunc(time.Duration(round)*300*time.Microsecond, func() { helper.command.Process.Kill() })
		for {
			if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
				break
			}
			_, tunnel, err := client.OpenTun(t.Context(), tunInput)
			if err == nil {
				defer tunnel.Close()
			}
			client.SetRoutes(t.Context(), routeInput)
			client.SetNames(t.Context(), nameInput)
			client.Release(t.Context())
		}
		killed.Stop()
		<-helper.ended
		cleanUp(t)
		laptoptest.ExpectSnapshot(t, before)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}
