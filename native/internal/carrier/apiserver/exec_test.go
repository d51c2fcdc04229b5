package apiserver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"

	"slipway/native/internal/wire"
)

func (s *setting) execCommand() wire.ExecCommand {
	return wire.ExecCommand{
		Cluster: s.cluster, Credentials: s.credentials, Namespace: "dev", Pod: "agent-1", Container: "agent",
		Command: []string{"sh", "-c", "cat & echo a=b", "sh"},
	}
}

// run answers all events; what was said is joined.
func run(t *testing.T, command wire.ExecCommand, input io.Reader) (last wire.ExecEvent, output, errors string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testDeadline)
	defer cancel()
	Exec(ctx, command, input, func(event wire.ExecEvent) {
		last = event
		switch event.Event {
		case wire.ExecOutput:
			output += string(event.Bytes)
		case wire.ExecErrors:
			errors += string(event.Bytes)
		}
	})
	return last, output, errors
}

func TestExecGivesInputAndTellsTheEnd(t *testing.T) {
	sent := strings.Repeat("slipway ", 1<<18)
	for status, want := range map[string]wire.ExecEvent{
		`{"status":"Success"}`:                          {Event: wire.ExecEnded, Success: true},
		`{"status":"Failure","message":"exit code 41"}`: {Event: wire.ExecEnded, Message: "exit code 41"},
		`{"status":`: {Event: wire.ExecEnded, Message: "the API server did not say how the program ended"},
	} {
		s := newSetting(t)
		s.cluster.Server = s.URL + "/k8s/clusters/c-xyz"
		s.cluster.Impersonate = &wire.Impersonate{User: "ann"}
		s.inExec = func(streams map[string]httpstream.Stream) {
			_, _ = io.WriteString(streams[corev1.StreamTypeStdout], "packed\n")
			got := make([]byte, len(sent))
			_, _ = io.ReadFull(streams[corev1.StreamTypeStdin], got)
			if string(got) == sent {
				_, _ = io.WriteString(streams[corev1.StreamTypeStdout], "sent\n")
			}
			_, _ = io.WriteString(streams[corev1.StreamTypeStderr], "a word")
			_, _ = io.WriteString(streams[corev1.StreamTypeError], status)
			for _, stream := range streams {
				_ = stream.Close()
			}
		}
		input, write := io.Pipe()
		go func() { _, _ = io.WriteString(write, sent) }() // and never closes
		last, output, words := run(t, s.execCommand(), input)
		if last.Event != want.Event || last.Success != want.Success || last.Message != want.Message || output != "packed\nsent\n" || words != "a word" {
			t.Errorf("%s: %+v, output %q, errors %q", status, last, output, words)
		}
		request := s.seen()[0]
		query := request.URL.Query()
		if request.Method != http.MethodPost || request.URL.Path != "/k8s/clusters/c-xyz/api/v1/namespaces/dev/pods/agent-1/exec" ||
			strings.Join(query["command"], "|") != "sh|-c|cat & echo a=b|sh" || query.Get("stdin") != "true" ||
			request.Header.Get("Authorization") != "Bearer first" || request.Header.Get("Impersonate-User") != "ann" {
			t.Errorf("asked for %s %s with %v", request.Method, request.URL, request.Header)
		}
	}
}

func TestExecThatIsRefusedOrBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		mode gatewayMode
		code string
	}{
		"gateway":  {page(403), wire.CodeGatewayBlocks},
		"right":    {fromServer(403), wire.CodeForbidden},
		"no pod":   {fromServer(404), wire.CodeAgentGone},
		"no token": {fromServer(401), wire.CodeUnauthorized},
		"busy":     {fromServer(429), wire.CodeAPIBusy},
		"kubelet":  {fromServer(500), wire.CodeAgentUnreachable},
		"cut":      {cut, wire.CodeAPIUnreachable},
	} {
		s := newSetting(t)
		s.behind(nil, test.mode)
		last, _, _ := run(t, s.execCommand(), strings.NewReader(""))
		if last.Event != wire.ExecFailed || last.Problem.Code != test.code {
			t.Errorf("%s: %+v", name, last)
		} else if test.code == wire.CodeForbidden && last.Problem.Facts["resource"] != "pods/exec" {
			t.Errorf("%s: facts %v", name, last.Problem.Facts)
		}
	}
	s := newSetting(t)
	s.inExec = func(streams map[string]httpstream.Stream) {
		for _, stream := range streams {
			_ = stream.Reset()
		}
	}
	input, _ := io.Pipe()
	if last, _, _ := run(t, s.execCommand(), input); last.Event != wire.ExecFailed || last.Problem.Code != wire.CodeAgentUnreachable {
		t.Errorf("broken: %+v", last)
	}
	command := s.execCommand()
	command.Pod = "../x"
	if last, _, _ := run(t, command, input); last.Problem.Code != wire.CodeAgentGone {
		t.Errorf("an impossible pod: %+v", last)
	}
}

func TestExecEndsWithWhoStartedIt(t *testing.T) {
	s := newSetting(t)
	opened := make(chan struct{})
	s.inExec = func(map[string]httpstream.Stream) { close(opened) }
	input, write := io.Pipe()
	go func() { <-opened; _ = write.Close() }()
	done := make(chan struct{})
	go func() { run(t, s.execCommand(), input); close(done) }()
	select {
	case <-done:
	case <-time.After(testDeadline / 2):
		t.Error("it outlives its parent")
	}
}
