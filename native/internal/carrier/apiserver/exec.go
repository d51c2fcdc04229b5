package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"slipway/native/internal/wire"
)

const (
	// statusLimit bounds what the API server says about a program's end.
	statusLimit = 64 << 10

	// lastWords is how long what a program said may take to arrive after its end was told.
	lastWords = time.Second

	execChunk = 16 << 10
)

// Exec runs a program over SPDY alone (remotecommand's v4 protocol) and tells what comes of it; the last event is ended or
// failed. client-go's own executor reads what the API server says about the end without any bound, and closes the
// program's input, which before Kubernetes 1.30 ended the whole exec. `tell` is called by one goroutine at a time.
func Exec(ctx context.Context, command wire.ExecCommand, input io.Reader, tell func(wire.ExecEvent)) {
	if err := exec(ctx, command, input, tell); err != nil {
		var found *wire.Problem
		if !errors.As(err, &found) {
			found = problem(wire.CodeAgentUnreachable, err.Error())
		}
		tell(wire.ExecEvent{Event: wire.ExecFailed, Problem: found})
	}
}

func exec(ctx context.Context, command wire.ExecCommand, input io.Reader, tell func(wire.ExecEvent)) error {
	asked := upgrade{"pods/exec", command.Namespace, command.Pod}
	if !asked.isPossible() {
		return problem(wire.CodeAgentGone, "the agent's namespace or pod is not possible")
	}
	c, err := open(command.Cluster, nil)
	if err != nil {
		return err
	}
	dialling, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	address := asked.address(c.server)
	address.RawQuery = url.Values{
		"command": command.Command, "container": {command.Container},
		"stdin": {"true"}, "stdout": {"true"}, "stderr": {"true"},
	}.Encode()
	upgraded, err := upgradeTo(dialling, plainSPDY, remotecommand.StreamProtocolV4Name, address, c.configWith(command.Credentials), 0)
	if err != nil {
		return c.explain(dialling, nil, err, asked)
	}
	defer upgraded.abort()
	streams, err := openExecStreams(dialling, upgraded, c.timing.ping)
	if err == nil {
		err = upgraded.ready(dialling)
	}
	if err != nil {
		return c.explain(dialling, nil, err, asked)
	}
	tell(wire.ExecEvent{Event: wire.ExecOpened})
	return streams.carry(ctx, input, tell)
}

type execStreams struct {
	failures, input, output, errors httpstream.Stream
}

// openExecStreams asks for all at once, which saves round trips.
func openExecStreams(ctx context.Context, conn net.Conn, ping time.Duration) (*execStreams, error) {
	connection, err := spdy.NewClientConnectionWithPings(&frameWriter{Conn: conn}, ping)
	if err != nil {
		return nil, err
	}
	streams := &execStreams{}
	kinds := []string{corev1.StreamTypeError, corev1.StreamTypeStdin, corev1.StreamTypeStdout, corev1.StreamTypeStderr}
	places := []*httpstream.Stream{&streams.failures, &streams.input, &streams.output, &streams.errors}
	awaits := make([]func() (httpstream.Stream, error), len(kinds))
	for index, kind := range kinds {
		awaits[index] = makeStream(ctx, connection, http.Header{corev1.StreamType: {kind}})
	}
	for index, await := range awaits {
		stream, err := await()
		if err != nil {
			return nil, err
		}
		*places[index] = stream
	}
	return streams, nil
}

// makeStream asks for a stream, and returns what waits for it until ctx ends: CreateStream waits 30 s for an answer and is not
// woken when its connection closes, so it is left behind.
func makeStream(ctx context.Context, connection httpstream.Connection, headers http.Header) func() (httpstream.Stream, error) {
	var stream httpstream.Stream
	var err error
	made := make(chan struct{})
	go func() {
		defer close(made)
		stream, err = connection.CreateStream(headers)
	}()
	return func() (httpstream.Stream, error) {
		select {
		case <-made:
			return stream, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *execStreams) carry(ctx context.Context, input io.Reader, tell func(wire.ExecEvent)) error {
	var telling sync.Mutex
	say := func(event wire.ExecEvent) {
		telling.Lock()
		defer telling.Unlock()
		tell(event)
	}
	var listening sync.WaitGroup
	for event, stream := range map[string]io.Reader{wire.ExecOutput: s.output, wire.ExecErrors: s.errors} {
		listening.Go(func() {
			chunk := make([]byte, execChunk)
			for {
				n, err := stream.Read(chunk)
				if n > 0 {
					say(wire.ExecEvent{Event: event, Bytes: append([]byte(nil), chunk[:n]...)})
				}
				if err != nil {
					return
				}
			}
		})
	}
	ended := make(chan error, 1)
	go func() {
		// Never closed at its end: whoever waits for the program would lose its last words.
		if _, err := io.Copy(s.input, input); err != nil {
			ended <- errors.New("the connection to the pod ended")
			return
		}
		ended <- context.Canceled // who started this is gone
	}()
	status := make(chan []byte, 1)
	go func() {
		text, _ := io.ReadAll(io.LimitReader(s.failures, statusLimit))
		status <- text
	}()
	select {
	case text := <-status:
		quiet := make(chan struct{})
		go func() { listening.Wait(); close(quiet) }()
		select {
		case <-quiet:
		case <-time.After(lastWords):
		}
		if len(text) == 0 {
			return errors.New("the connection to the pod ended")
		}
		say(endOf(text))
		return nil
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func endOf(text []byte) wire.ExecEvent {
	var status metav1.Status
	if err := json.Unmarshal(text, &status); err != nil {
		return wire.ExecEvent{Event: wire.ExecEnded, Message: "the API server did not say how the program ended"}
	}
	return wire.ExecEvent{
		Event: wire.ExecEnded, Success: status.Status == metav1.StatusSuccess,
		Message: strings.ToValidUTF8(status.Message, "?"),
	}
}
