package wire

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Engines and agents of different builds meet: a field renamed by mistake shows here and not in a cluster.
func TestAgentMessagesMatchTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/agent/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kind, what, _ := strings.Cut(name, "-")
			switch kind {
			case "opening":
				var message AgentOpening
				roundTrip(t, golden, &message)
				if message.Kind != what {
					t.Errorf("the kind is %q", message.Kind)
				}
			case "request":
				var message AgentRequest
				roundTrip(t, golden, &message)
				if message.Request != what {
					t.Errorf("the request is %q", message.Request)
				}
			case "reply":
				var message AgentReply
				roundTrip(t, golden, &message)
				if count := fieldsSet(message); count != 1 {
					t.Errorf("%d fields of the reply are set", count)
				}
			default:
				t.Fatal("the name says neither opening, request nor reply")
			}
		})
	}
	for _, name := range []string{
		"opening-control", "opening-lane", "opening-flows", "request-register", "request-renew", "request-direct", "request-leave",
		"reply-hello", "reply-registered", "reply-renewed", "reply-direct", "reply-left", "reply-problem",
	} {
		if !seen[name] {
			t.Errorf("%s has no golden message", name)
		}
	}
}

func fieldsSet(message any) int {
	value, count := reflect.ValueOf(message), 0
	for index := range value.NumField() {
		if !value.Field(index).IsZero() {
			count++
		}
	}
	return count
}
