package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExecMessagesMatchTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/exec/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	events := map[string]bool{}
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(filepath.Base(file), "event-") {
			var message ExecEvent
			roundTrip(t, golden, &message)
			events[message.Event] = true
			continue
		}
		var message ExecCommand
		roundTrip(t, golden, &message)
	}
	for _, name := range []string{ExecOpened, ExecOutput, ExecErrors, ExecEnded, ExecFailed} {
		if !events[name] {
			t.Errorf("event %s has no golden message", name)
		}
	}
}
