package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
	"slipway/native/internal/wire"
)

const (
	// reasonWait is how long the end of the data waits for the kubelet's word about it, which takes another stream
	// of the same connection.
	reasonWait = time.Second

	// politeness is how long Close may take to tell the server.
	politeness = 250 * time.Millisecond

	reasonLimit = 4 << 10
)

// portForwardStream is the data stream of a port-forward connection that carries nothing else.
type portForwardStream struct {
	connection httpstream.Connection
	transport  net.Conn
	data       httpstream.Stream
	reason     chan struct{} // closed when reasonText is complete
	reasonText string
	close      sync.Once
}

// openStream makes the pair of streams that the port-forward protocol wants: one that carries what went wrong, and
// the data. Both are asked for at once, which saves a round trip. It ends with ctx: CreateStream waits 30 s for an answer
// and is not woken when its connection closes, so it is left behind.
func openStream(ctx context.Context, connection httpstream.Connection, transport net.Conn, target wire.AgentTarget) (*portForwardStream, error) {
	awaitFailures := makeStream(ctx, connection, streamHeaders(corev1.StreamTypeError, target.Port))
	awaitData := makeStream(ctx, connection, streamHeaders(corev1.StreamTypeData, target.Port))
	failures, failed := awaitFailures()
	data, err := awaitData()
	if err := errors.Join(err, failed); err != nil {
		_ = transport.Close()
		_ = connection.Close()
		return nil, fmt.Errorf("open port-forward streams: %w", err)
	}
	// Nothing is ever sent on it.
	_ = failures.Close()
	s := &portForwardStream{connection: connection, transport: transport, data: data, reason: make(chan struct{})}
	go s.listen(failures)
	return s, nil
}

// makeStream asks for a stream, and returns what waits for it until ctx ends.
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

func streamHeaders(kind string, port int) http.Header {
	headers := http.Header{}
	headers.Set(corev1.StreamType, kind)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	return headers
}

func (s *portForwardStream) listen(failures io.Reader) {
	text, _ := io.ReadAll(io.LimitReader(failures, reasonLimit))
	s.reasonText = strings.ToValidUTF8(string(text), "?")
	close(s.reason)
}

// Read returns data. At the end of it the error is the kubelet's reason as a *wire.Problem, if it gave one.
func (s *portForwardStream) Read(into []byte) (int, error) {
	n, err := s.data.Read(into)
	if err != nil {
		err = s.because(err)
	}
	return n, err
}

// Write sends bytes as one message.
func (s *portForwardStream) Write(bytes []byte) (int, error) {
	n, err := s.data.Write(bytes)
	if err != nil {
		err = s.because(err)
	}
	return n, err
}

func (s *portForwardStream) because(err error) error {
	select {
	case <-s.reason:
	case <-time.After(reasonWait):
		return err
	}
	if s.reasonText == "" {
		return err
	}
	return explainKubelet(s.reasonText)
}

// Close ends the stream and its connection. Reads return at once; the server is told if it listens.
func (s *portForwardStream) Close() error {
	s.close.Do(func() {
		_ = s.transport.SetReadDeadline(time.Unix(1, 0))
		_ = s.transport.SetWriteDeadline(time.Now().Add(politeness))
		_ = s.connection.Close()
		_ = s.transport.Close()
	})
	return nil
}
