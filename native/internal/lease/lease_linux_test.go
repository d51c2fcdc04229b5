package lease

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/hostnet"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/peer"
	"slipway/native/internal/rootonly"
	"slipway/native/internal/wire"
)

// The test binary also plays a helper or an engine that can be stopped: then this names the part, its first argument
// the lease's time.
const part = "SLIPWAY_TEST_PART"

const runtimeDirectory, socket = "/run/slipway", "/run/slipway/0/" + SocketName

var hello = wire.Hello{Protocol: wire.Protocol, Build: "test", Role: "engine"}

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch os.Getenv(part) {
	case "helper":
		timeout, _ := time.ParseDuration(os.Args[1])
		if err := serve(ctx, timeout, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	case "engine":
		client, err := Dial(ctx, socket, hello)
		if err == nil {
			_, err = client.Acquire(ctx, wire.AcquireInput{})
		}
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("acquired\n")
		<-client.Lost()
		os.Stdout.WriteString(client.Err().Error())
		os.Exit(0)
	}
	stop()
	laptoptest.Main(m)
}

func serve(ctx context.Context, timeout time.Duration, log *slog.Logger) error {
	listener, err := Listen(runtimeDirectory, 0)
	if err != nil {
		return err
	}
	server := Server{
		Host: hostnet.New(hostnet.Options{
			RuntimeDirectory: runtimeDirectory, StateDirectory: "/var/lib/slipway", Log: log,
			Timing: hostnet.Timing{Settle: 50 * time.Millisecond, Poll: 100 * time.Millisecond},
		}),
		Hello:   wire.Hello{Protocol: wire.Protocol, Build: "test", Role: "helper"},
		Policy:  peer.Policy{UID: 0},
		Timeout: timeout,
		Log:     log,
	}
	return server.Serve(ctx, listener)
}

func startServer(t *testing.T, timeout time.Duration) {
	t.Helper()
	laptoptest.Reset(t)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	go func() { served <- serve(ctx, timeout, log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	for {
		if _, err := os.Stat(socket); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func dial(t *testing.T) *Client {
	t.Helper()
	client, err := Dial(t.Context(), socket, hello)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func expectCode(t *testing.T, err error, code string) {
	t.Helper()
	var problem *wire.Problem
	if !errors.As(err, &problem) || problem.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestHellosComeFirstAndMustMatch(t *testing.T) {
	startServer(t, time.Minute)
	client := dial(t)
	if client.Server().Role != "helper" || client.Server().Build != "test" {
		t.Errorf("the helper says %+v", client.Server())
	}
	_, err := Dial(t.Context(), socket, wire.Hello{Protocol: wire.Protocol + 1, Role: "engine"})
	expectCode(t, err, wire.CodeHelperVersion)
	_, err = Dial(t.Context(), socket+"x", hello)
	expectCode(t, err, wire.CodeHelperMissing)
	_, err = Dial(t.Context(), socket, hello, WithServerUID(12345))
	expectCode(t, err, wire.CodeHelperRefused)
}

// Bytes that no engine sends must end the link, tell why where that is possible, and change nothing.
func TestMalformedMessagesEndTheLink(t *testing.T) {
	startServer(t, time.Minute)
	before := laptoptest.Snapshot(t)
	helloFrame := frame(t, fmt.Sprintf(`{"id":1,"operation":"hello","input":{"protocol":%d,"build":"x","role":"engine"}}`, wire.Protocol))
	for name, sent := range map[string][]byte{
		"garbage":                 []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"a frame too large":       append([]byte{0x00, 0x01, 0x00, 0x01}, make([]byte, 100)...),
		"no hello":                frame(t, `{"id":1,"operation":"inspect"}`),
		"no JSON":                 frame(t, `{"id":`),
		"no id":                   frame(t, `{"operation":"hello","input":{"protocol":1}}`),
		"a second hello":          slices.Concat(helloFrame, helloFrame),
		"an unknown operation":    slices.Concat(helloFrame, frame(t, `{"id":2,"operation":"run","input":{"command":"id"}}`)),
		"an input of another use": slices.Concat(helloFrame, frame(t, `{"id":2,"operation":"setRoutes","input":{"ranges":"10.0.0.0/8"}}`)),
		"no input":                slices.Concat(helloFrame, frame(t, `{"id":2,"operation":"setNames"}`)),
		"two values":              slices.Concat(helloFrame, frame(t, `{"id":2,"operation":"inspect"}{}`)),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := conn.Write(sent); err != nil {
				t.Fatal(err)
			}
			for {
				body, err := wire.ReadFrame(conn, wire.MaxFrame)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("the link is still open")
				}
				if err != nil {
					return
				}
				var reply wire.HelperReply
				if err := json.Unmarshal(body, &reply); err != nil || reply.Problem != nil && reply.Problem.Code != wire.CodeMessageMalformed {
					t.Errorf("%s %v", body, err)
				}
			}
		})
	}
	laptoptest.ExpectSnapshot(t, before)
}

func frame(t *testing.T, body string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	if err := binaryFrame(&buffer, body); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func binaryFrame(buffer *bytes.Buffer, body string) error {
	length := len(body)
	buffer.Write([]byte{byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)})
	_, err := buffer.WriteString(body)
	return err
}

func TestChangesNeedTheLease(t *testing.T) {
	startServer(t, time.Minute)
	before := laptoptest.Snapshot(t)
	client := dial(t)
	_, _, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}})
	expectCode(t, err, wire.CodeLeaseLost)
	_, err = client.SetRoutes(t.Context(), wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16")})
	expectCode(t, err, wire.CodeLeaseLost)
	_, err = client.SetNames(t.Context(), wire.NamesInput{Resolver: "198.18.0.3"})
	expectCode(t, err, wire.CodeLeaseLost)
	_, err = client.Release(t.Context())
	expectCode(t, err, wire.CodeLeaseLost)
	if decisions, err := client.CheckRoutes(t.Context(), wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16", "8.8.8.8/32")}); err != nil ||
		!decisions.Decisions[0].IsRouted() || decisions.Decisions[1].IsRouted() {
		t.Errorf("%+v %v", decisions, err)
	}
	laptoptest.ExpectSnapshot(t, before)
}

func TestOneLeaseAtATime(t *testing.T) {
	startServer(t, time.Minute)
	first, second := dial(t), dial(t)
	if _, err := first.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	_, err := second.Acquire(t.Context(), wire.AcquireInput{})
	expectCode(t, err, wire.CodeHelperBusy)
	if own := os.Getpid(); !strings.Contains(err.Error(), fmt.Sprint("process ", own, " ")) || int(dial(t).Server().Holder) != own {
		t.Errorf("who holds it is not told: %v", err)
	}
	if inspection, err := second.Inspect(t.Context()); err != nil || !inspection.LeaseHeld {
		t.Errorf("%+v %v", inspection, err)
	}
	if _, err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Error(err)
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	startServer(t, time.Minute)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	acquired := laptoptest.Snapshot(t)
	_, err := client.SetRoutes(t.Context(), wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16")})
	expectCode(t, err, wire.CodeTunUnavailable)
	_, err = client.SetNames(t.Context(), wire.NamesInput{Resolver: "198.18.0.3"})
	expectCode(t, err, wire.CodeTunUnavailable)
	for _, input := range []wire.OpenTunInput{
		{MTU: 575, Addresses: []string{"198.18.0.2/32"}}, {MTU: 65536, Addresses: []string{"198.18.0.2/32"}}, {MTU: 1420},
		{MTU: 1420, Addresses: []string{"10.0.0.1/32"}}, {MTU: 1420, Addresses: []string{"198.18.0.2/15"}}, {MTU: 1420, Addresses: []string{"x"}},
		{MTU: 1420, Addresses: []string{"198.18.0.2/32", "198.18.0.3/32", "198.18.0.4/32", "198.18.0.5/32", "198.18.0.6/32"}},
	} {
		_, _, err := client.OpenTun(t.Context(), input)
		expectCode(t, err, wire.CodeMessageMalformed)
	}
	laptoptest.ExpectSnapshot(t, acquired)
	laptoptest.Run(t, "ip", "address", "add", "198.18.0.2/32", "dev", laptoptest.Interface)
	_, _, err = client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}})
	expectCode(t, err, wire.CodeRouteRefused)
	_, handover, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.9/32"}})
	if err != nil {
		t.Fatal(err)
	}
	defer handover.Close()
	opened := laptoptest.Snapshot(t)
	for _, resolver := range []string{"", "10.0.0.10", "192.168.77.1", "::1", "name"} {
		_, err = client.SetNames(t.Context(), wire.NamesInput{Resolver: resolver, Domains: []string{"cluster.local"}})
		expectCode(t, err, wire.CodeMessageMalformed)
	}
	laptoptest.ExpectSnapshot(t, opened)
}

// The socket is the user's, its folders are root's: nobody can put anything of theirs where root or the core looks.
func TestSocketIsItsUsersAloneAndItsFolderRoots(t *testing.T) {
	laptoptest.Reset(t)
	const user, folder, victim = 4001, "/run/slipway/4001", "/run/victim"
	mask := syscall.Umask(0o077)
	defer syscall.Umask(mask)
	// A folder that was the user's, as versions before made it, with what he left in it.
	if err := errors.Join(
		os.MkdirAll(folder, 0o700), os.Chmod("/run/slipway", 0o755), os.Chown(folder, user, user),
		os.WriteFile(victim, []byte("root's"), 0o600), os.Symlink(victim, folder+"/"+SocketName),
		os.WriteFile(folder+"/own", nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	listener, err := Listen(runtimeDirectory, user)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for path, wanted := range map[string]struct {
		mode os.FileMode
		uid  uint32
	}{
		"/run/slipway":            {os.ModeDir | 0o755, 0},
		folder:                    {os.ModeDir | 0o711, 0},
		folder + "/" + SocketName: {os.ModeSocket | 0o600, user},
		victim:                    {0o600, 0},
	} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if status := info.Sys().(*syscall.Stat_t); info.Mode() != wanted.mode || status.Uid != wanted.uid {
			t.Errorf("%s: %s of user %d", path, info.Mode(), status.Uid)
		}
	}
	listener.Close()
	Unlisten(runtimeDirectory, user)
	if _, err := os.Lstat(folder + "/own"); err != nil {
		t.Errorf("what the user left: %v", err)
	}
}

func TestNothingListensWhereSomebodyElseCouldPutASocket(t *testing.T) {
	const user, folder = 4001, "/run/slipway/4001"
	for name, attack := range map[string]func() error{
		"the runtime folder is the user's":   func() error { return os.Chown("/run/slipway", user, user) },
		"the runtime folder is everybody's":  func() error { return os.Chmod("/run/slipway", 0o777) },
		"the folder is a symlink to root's":  func() error { return os.Symlink("/etc", folder) },
		"the folder is a symlink to his own": func() error { return os.Symlink("/run/mine", folder) },
		"the folder is a file":               func() error { return os.WriteFile(folder, nil, 0o600) },
		"the runtime folder leads elsewhere": func() error {
			return errors.Join(os.Remove("/run/slipway"), os.Symlink("/run/mine", "/run/slipway"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			if err := errors.Join(os.Mkdir("/run/slipway", 0o755), os.Mkdir("/run/mine", 0o700), os.Chown("/run/mine", user, user), attack()); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			if _, err := Listen(runtimeDirectory, user); !errors.Is(err, rootonly.ErrExposed) {
				t.Error(err)
			}
			Unlisten(runtimeDirectory, user)
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

func FuzzRequest(f *testing.F) {
	files, _ := filepath.Glob("../wire/testdata/helper/request-*.json")
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var buffer bytes.Buffer
		binaryFrame(&buffer, string(golden))
		f.Add(buffer.Bytes())
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := wire.ReadFrame(bytes.NewReader(data), wire.MaxFrame)
		if err != nil {
			return
		}
		request, input, err := decodeRequest(body)
		if err == nil && (request.ID == 0 || request.Operation == "" || input == nil && len(request.Operation) == 0) {
			t.Errorf("%s became %+v", body, request)
		}
	})
}
