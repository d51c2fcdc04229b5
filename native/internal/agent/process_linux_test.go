package agent

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/carrier/stream"
)

// The agent as a process of its own, whose cost can be told from that of its users.

const (
	agentProcess = "SLIPWAY_TEST_AGENT_DIALS" // in its environment: where every connection is led
	agentBytes   = "SLIPWAY_TEST_AGENT_BYTES" // its memory limit; 0 is none
	podBytes     = 128 << 20
)

func TestMain(m *testing.M) {
	if address := os.Getenv(agentProcess); address != "" {
		if err := runAgent(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// cost is what the agent's process holds and has used.
type cost struct {
	Sessions   int
	Resident   int64 // bytes
	Heap       int64 // bytes that live
	Goroutines int
	Processor  time.Duration
	Files      int
}

// runAgent serves until its standard input ends, and tells its cost for each line of it. The first line of its output is its port.
func runAgent(address string) error {
	limit, err := strconv.ParseInt(os.Getenv(agentBytes), 10, 64)
	if err != nil {
		return err
	}
	server := NewServer(Config{
		Dialer: clusterDialer{address}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: LimitsFor(limit), Memory: NewMemoryGauge(limit), SessionsAtMost: 128,
	})
	defer server.Close()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	go server.Serve(listener, stream.Accept)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			return err
		}
		told := cost{
			Sessions: len(server.all()), Heap: int64(memory.HeapAlloc), Goroutines: runtime.NumGoroutine(), Resident: resident(),
			Processor: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), Files: openFiles(),
		}
		if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
			return err
		}
	}
	return nil
}

func resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	var size, pages int64
	_, _ = fmt.Sscan(string(text), &size, &pages)
	return pages * int64(os.Getpagesize())
}

func openFiles() int {
	found, _ := os.ReadDir("/proc/self/fd")
	return len(found)
}

// agentOf is the test's end of such a process.
type agentOf struct {
	address string
	input   io.Writer
	output  *bufio.Reader
}

func startAgent(t testing.TB, limit int64) *agentOf {
	t.Helper()
	process := exec.Command(os.Args[0], "-test.run=^$")
	process.Env = append(os.Environ(), agentProcess+"="+echoServer(t).address, fmt.Sprintf("%s=%d", agentBytes, limit))
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		if err := process.Wait(); err != nil {
			t.Errorf("the agent: %v", err)
		}
	})
	agent := &agentOf{input: input, output: bufio.NewReader(output)}
	port, err := agent.output.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	agent.address = "127.0.0.1:" + port[:len(port)-1]
	return agent
}

// connect opens a stream to it.
func (agent *agentOf) connect(t testing.TB) net.Conn {
	t.Helper()
	stream, err := net.Dial("tcp4", agent.address)
	if err != nil {
		t.Fatal(err)
	}
	stream.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { stream.Close() })
	return stream
}

func (agent *agentOf) cost(t testing.TB) (told cost) {
	t.Helper()
	if _, err := io.WriteString(agent.input, "\n"); err != nil {
		t.Fatal(err)
	}
	line, err := agent.output.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &told); err != nil {
		t.Fatal(err)
	}
	return told
}
