//go:build unix

package vitals

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

func TestASignalIsAnsweredByWhatIsHeld(t *testing.T) {
	read, write := io.Pipe()
	stop := OnSignal(slog.New(slog.NewTextHandler(write, nil)))
	defer stop()
	lines := bufio.NewScanner(read)
	ask := func() (heap, goroutines int) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		found := regexp.MustCompile(`msg=vitals goroutines=(\d+) heap=(\d+) unused=\d+ free=\d+ stacks=\d+ spans=\d+ runtime=\d+$`).FindStringSubmatch(lines.Text())
		if found == nil {
			t.Fatalf("it said %q", lines.Text())
		}
		goroutines, _ = strconv.Atoi(found[1])
		heap, _ = strconv.Atoi(found[2])
		return heap, goroutines
	}
	before, others := ask()
	held := make([]byte, 8<<20)
	end := make(chan struct{})
	for range 100 {
		go func() { <-end }()
	}
	heap, goroutines := ask()
	if heap < before+len(held) || goroutines < others+100 {
		t.Errorf("%d bytes and %d goroutines, before %d and %d", heap, goroutines, before, others)
	}
	runtime.KeepAlive(held)
	close(end)
	if after, _ := ask(); after > heap-len(held)/2 {
		t.Errorf("%d bytes after they were let go, before %d", after, heap)
	}
}
