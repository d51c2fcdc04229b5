package apiserver

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/wire"
)

func TestStreamThroughAProxy(t *testing.T) {
	s := newSetting(t)
	var tunnels atomic.Int32
	proxy := startHTTPProxy(t, func(address string) string {
		tunnels.Add(1)
		return address
	})
	s.cluster.ProxyURL = strings.Replace(proxy, "http://", "http://u:secret@", 1)
	for _, plainSPDYOnly := range []bool{false, true} {
		s.plainSPDYOnly = plainSPDYOnly
		stream, err := dial(t, s.carrier(t))
		if err != nil {
			t.Fatal(err)
		}
		echoes(t, stream)
	}
	if tunnels.Load() != 3 {
		t.Errorf("%d connections through the proxy", tunnels.Load())
	}
	s.cluster.ProxyURL = strings.Replace(proxy, "http://", "http://u:hidden@", 1)
	_, err := dial(t, s.carrier(t))
	if found := wantProblem(t, err, wire.CodeProxyFailed); strings.Contains(found.Cause, "hidden") {
		t.Errorf("the proxy's password is in the cause: %s", found.Cause)
	}
}

func TestCloseEndsAReadAndTheServersConnection(t *testing.T) {
	s := newSetting(t)
	ended := make(chan struct{})
	s.inPod = func(stream io.ReadWriteCloser) string {
		_, _ = io.Copy(io.Discard, stream)
		close(ended)
		return ""
	}
	stream, err := dial(t, s.carrier(t))
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() { _, err := stream.Read(make([]byte, 10)); read <- err }()
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		select {
		case err := <-read:
			if err == nil {
				t.Error("Read after Close succeeded")
			}
		case <-ended:
			ended = nil
		case <-time.After(testDeadline):
			t.Fatal("Close did not end everything")
		}
	}
}

func TestTargetsThatAreNotPossible(t *testing.T) {
	s := newSetting(t)
	for _, target := range []wire.AgentTarget{{Namespace: "dev", Pod: "../x", Port: 1}, {Namespace: "a/b", Pod: "x", Port: 1}, {Namespace: "dev", Pod: "x"}, {}} {
		_, err := s.carrier(t).Dial(context.Background(), target)
		wantProblem(t, err, wire.CodeAgentGone)
	}
	if len(s.seen()) != 0 {
		t.Error("a request was made")
	}
}
