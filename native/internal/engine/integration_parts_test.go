//go:build linux

package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/direct"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// The test binary also plays the parts of the integration test that are processes: then this names the part.
const partVariable = "SLIPWAY_ENGINE_TEST_PART"

const (
	binariesVariable = "SLIPWAY_ENGINE_TEST_BINARIES" // folder of the real helper and agent
	nodeVariable     = "SLIPWAY_ENGINE_TEST_NODE"     // process whose network namespace is the agent pod's
	awayVariable     = "SLIPWAY_ENGINE_TEST_AWAY"     // a file: while it is there, no stream comes through the API server; see awaySilent
	slowVariable     = "SLIPWAY_ENGINE_TEST_SLOW"     // set: what the engine sends comes slowness later
	profileVariable  = "SLIPWAY_ENGINE_TEST_PROFILE"  // where the engine writes a CPU profile, if set
	laptopVariable   = "SLIPWAY_TEST_LAPTOP"          // set by laptoptest
)

// awaySilent in the file of awayVariable means that no answer comes; else each stream is refused at once.
const awaySilent = "silent"

func TestMain(m *testing.M) {
	switch os.Getenv(partVariable) {
	case "engine":
		os.Exit(playEngine())
	case "node":
		playNode()
	case "pod":
		os.Exit(playPod())
	}
	if os.Getenv(laptopVariable) != "" {
		// The unit tests' servers are on loopback.
		if err := exec.Command("ip", "link", "set", "lo", "up").Run(); err != nil {
			fmt.Fprintln(os.Stderr, "bring loopback up:", err)
			os.Exit(1)
		}
		code := m.Run()
		os.RemoveAll(os.Getenv(binariesVariable))
		os.Exit(code)
	}
	if os.Getuid() == 0 {
		folder, err := buildPrograms()
		if err != nil {
			fmt.Fprintln(os.Stderr, "build the programs to test with:", err)
			os.Exit(1)
		}
		os.Setenv(binariesVariable, folder)
	}
	laptoptest.Main(m)
}

// buildPrograms builds helper and agent from the sources beside this package.
func buildPrograms() (string, error) {
	folder, err := os.MkdirTemp("", "slipway-engine-test-")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"slipway-helper", "slipway-agent"} {
		build := exec.Command("go", "build", "-o", filepath.Join(folder, name), "slipway/native/cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", name, err, output)
		}
	}
	return folder, nil
}

// playEngine is cmd/slipway-engine, but for its carrier: plain TCP to the agent's loopback port.
func playEngine() int {
	if path := os.Getenv(profileVariable); path != "" {
		file, err := os.Create(path)
		if err == nil {
			_ = pprof.StartCPUProfile(file)
			defer pprof.StopCPUProfile()
		}
	}
	Tune()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := Run(ctx, Config{
		Build:      "test",
		Log:        slog.New(slog.NewTextHandler(os.Stderr, nil)),
		DialHelper: DialLease("test"),
		Kernel:     NewKernel(),
		Carriers:   []carrier.New{newNodeCarrier},
		Direct:     direct.New,
		// The namespaces are on this computer: what has not come by then does not come.
		Timing: Timing{Reach: 400 * time.Millisecond, Probe: 600 * time.Millisecond, ClusterAnswer: 400 * time.Millisecond},
	}, os.Stdin, os.Stdout)
	if err != nil {
		return 1
	}
	return 0
}

// nodeCarrier stands for the API server and the kubelet: a stream to it is one to the agent pod's loopback.
type nodeCarrier struct{}

func newNodeCarrier(wire.ClusterAddress, carrier.CredentialSource) (carrier.Carrier, error) {
	return nodeCarrier{}, nil
}

func (nodeCarrier) Name() string                                  { return "node" }
func (nodeCarrier) Cost() carrier.Cost                            { return carrier.Cost{} }
func (nodeCarrier) Packets(opened carrier.Stream) carrier.Packets { return stream.New("node", opened) }

func (nodeCarrier) Dial(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
	if how, err := os.ReadFile(os.Getenv(awayVariable)); err == nil {
		if string(how) == awaySilent {
			<-ctx.Done()
		}
		return nil, &wire.Problem{Code: wire.CodeAPIUnreachable, Cause: "the API server is away"}
	}
	socket, err := socketIn("/proc/" + os.Getenv(nodeVariable) + "/ns/net")
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	// A socket stays in the namespace that it was made in.
	address := &unix.SockaddrInet4{Port: target.Port, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Connect(int(socket.Fd()), address); err != nil {
		return nil, &wire.Problem{Code: wire.CodeAgentUnreachable, Cause: err.Error()}
	}
	dialled, err := net.FileConn(socket)
	if err != nil || os.Getenv(slowVariable) == "" {
		return dialled, err
	}
	return delayed(dialled), nil
}

func socketIn(namespace string) (*os.File, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer own.Close()
	other, err := os.Open(namespace)
	if err != nil {
		return nil, err
	}
	defer other.Close()
	if err := unix.Setns(int(other.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // this thread must not serve others any more
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(descriptor), "carrier"), nil
}

// playNode only holds a network namespace, until its input ends.
func playNode() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// playPod serves what a cluster has: HTTP with a download of any size, an upload, a UDP echo and a nameserver.
func playPod() int {
	http.HandleFunc("/", func(writer http.ResponseWriter, request *http.Request) {
		if strings.HasPrefix(request.Host, "slow.") {
			time.Sleep(slowness)
		}
		fmt.Fprint(writer, "orders")
	})
	http.HandleFunc("/bytes", func(writer http.ResponseWriter, request *http.Request) {
		count, _ := strconv.ParseInt(request.URL.Query().Get("count"), 10, 64)
		block := bytes.Repeat([]byte("0123456789abcdef"), 16<<10)
		for count > 0 {
			written, err := writer.Write(block[:min(int64(len(block)), count)])
			if err != nil {
				return
			}
			count -= int64(written)
		}
	})
	http.HandleFunc("/sink", func(writer http.ResponseWriter, request *http.Request) {
		count, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, request.Body, make([]byte, 256<<10))
		fmt.Fprint(writer, count)
	})
	echo, err := net.ListenPacket("udp4", "0.0.0.0:7")
	if err != nil {
		return 1
	}
	go func() {
		buffer := make([]byte, 65535)
		for {
			count, from, err := echo.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = echo.WriteTo(buffer[:count], from)
		}
	}()
	for _, network := range []string{"udp", "tcp"} {
		server := &dns.Server{Addr: "0.0.0.0:53", Net: network, Handler: dns.HandlerFunc(answerNames)}
		go func() { _ = server.ListenAndServe() }()
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := http.ListenAndServe("0.0.0.0:80", nil); err != nil {
		return 1
	}
	return 0
}

func answerNames(writer dns.ResponseWriter, request *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(request)
	question := request.Question[0]
	addresses := map[string]string{
		"kubernetes.default.svc.cluster.test.": "10.96.0.1", "orders.webshop.svc.cluster.test.": "10.96.0.20",
	}
	address, known := addresses[strings.ToLower(question.Name)]
	failures := map[string]int{"servfail": dns.RcodeServerFailure, "refused": dns.RcodeRefused}
	failure, isFailing := failures[strings.Split(question.Name, ".")[0]]
	switch {
	case isFailing:
		answer.Rcode = failure
	case !known:
		answer.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeA:
		record, _ := dns.NewRR(question.Name + " 5 IN A " + address)
		answer.Answer = []dns.RR{record}
	}
	_ = writer.WriteMsg(answer)
}

// process is a part that runs.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

func startProcess(t testing.TB, command *exec.Cmd) *process {
	t.Helper()
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if command.Stderr == nil {
		command.Stderr = t.Output()
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	started := &process{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(started.ended)
	}()
	t.Cleanup(func() { started.end(syscall.SIGKILL) })
	return started
}

func (process *process) end(signal syscall.Signal) {
	_ = process.command.Process.Signal(signal)
	<-process.ended
}

// startPart starts the test binary as one of its parts, in a network namespace of its own if asked. Its input stays
// open as long as the test runs.
func startPart(t testing.TB, part string, isolated bool) *process {
	t.Helper()
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), partVariable+"="+part)
	if isolated {
		command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	}
	if _, err := command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return startProcess(t, command)
}
