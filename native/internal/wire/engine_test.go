package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The golden messages are read by the TypeScript tests too: a field that one language renames fails in the other.
func TestEngineMessagesMatchTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/engine/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	commands, events := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case strings.HasPrefix(filepath.Base(file), "command-"):
				var message EngineCommand
				roundTrip(t, golden, &message)
				commands[message.Command] = true
				expectOnlyField(t, message, message.Command)
			case strings.HasPrefix(filepath.Base(file), "event-"):
				var message EngineEvent
				roundTrip(t, golden, &message)
				events[message.Event] = true
				expectOnlyField(t, message, message.Event)
			default:
				t.Fatal("the name says neither command nor event")
			}
		})
	}
	for _, name := range []string{
		CommandHello, CommandPrepare, CommandConnect, CommandAgent, CommandAgentGone, CommandCredentials, CommandScope, CommandProtect,
		CommandEndpoints, CommandHosts, CommandTest, CommandReach, CommandCheckReach, CommandDirect, CommandFlows, CommandPlan, CommandStop,
	} {
		if !commands[name] {
			t.Errorf("command %s has no golden message", name)
		}
	}
	for _, name := range []string{
		EventHello, EventPrepared, EventStep, EventReady, EventTunnel, EventNames, EventRoutes, EventCounters,
		EventNeedCredentials, EventAgentLost, EventHelperLost, EventTested, EventReach, EventPath, EventFlows, EventFailed, EventStopped,
	} {
		if !events[name] {
			t.Errorf("event %s has no golden message", name)
		}
	}
}

func roundTrip(t *testing.T, golden []byte, message any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(golden))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(message); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("encoded again it is %s", encoded)
	}
}

// expectOnlyField checks the promise "exactly the field that is named is set". Events about a loss carry problem.
func expectOnlyField(t *testing.T, message any, name string) {
	t.Helper()
	value := reflect.ValueOf(message)
	for index := range value.NumField() {
		field := value.Type().Field(index)
		if field.Type.Kind() != reflect.Pointer || value.Field(index).IsNil() {
			continue
		}
		if !strings.EqualFold(field.Name, name) && field.Name != "Problem" {
			t.Errorf("%s is set in a message named %s", field.Name, name)
		}
	}
}

func TestSecretsPrintAsStars(t *testing.T) {
	for _, message := range []any{ConnectCommand{OwnerSecret: "secret-owner"}, Register{OwnerSecret: "secret-owner"}} {
		for _, format := range []string{"%v", "%+v", "%#v"} {
			if printed := fmt.Sprintf(format, message); strings.Contains(printed, "secret-owner") {
				t.Errorf("%s shows a secret: %s", format, printed)
			}
		}
	}
	credentials := ClusterCredentials{BearerToken: "secret-token", ClientKey: "secret-key", Password: "secret-word"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if printed := fmt.Sprintf(format, credentials); strings.Contains(printed, "secret") {
			t.Errorf("%s shows a secret: %s", format, printed)
		}
	}
}

func TestCodesAreSortedAndUnique(t *testing.T) {
	if !slices.IsSorted(Codes) || len(slices.Compact(slices.Clone(Codes))) != len(Codes) {
		t.Errorf("codes are not sorted and unique: %v", Codes)
	}
}

func FuzzEngineCommand(f *testing.F) {
	files, _ := filepath.Glob("testdata/engine/command-*.json")
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var frame bytes.Buffer
		if err := WriteFrame(&frame, json.RawMessage(golden), MaxEngineFrame); err != nil {
			f.Fatal(err)
		}
		f.Add(frame.Bytes())
	}
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := ReadFrame(bytes.NewReader(data), MaxFrame)
		if err != nil {
			return
		}
		var command EngineCommand
		if json.Unmarshal(body, &command) != nil {
			return
		}
		if err := WriteFrame(&bytes.Buffer{}, command, MaxEngineFrame); err != nil {
			t.Errorf("a message that was read cannot be written: %v", err)
		}
	})
}
