package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway/native/internal/wire"
)

// A command that the core may send and the engine does not know would end it.
func TestEveryCommandOfTheCoreIsRead(t *testing.T) {
	files, err := filepath.Glob("../wire/testdata/engine/command-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden commands: %v", err)
	}
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read, err := decodeCommand(golden)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
		switch read.Command {
		case wire.CommandHello, wire.CommandAgentGone, wire.CommandStop: // their name says all
			continue
		}
		empty, _ := json.Marshal(map[string]string{"command": read.Command})
		if _, err := decodeCommand(empty); err == nil {
			t.Errorf("%s without its field is read", read.Command)
		}
	}
}

// label names an event in what a test saw.
func label(event wire.EngineEvent) string {
	switch {
	case event.Step != nil:
		return event.Event + " " + event.Step.Step
	case event.Tunnel != nil:
		return event.Event + " " + event.Tunnel.State
	case event.Reach != nil && firstProblem(event.Reach.Checks) != nil:
		return event.Event + " " + firstProblem(event.Reach.Checks).Code
	}
	return event.Event
}

func waitFor(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !isSo(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
