package carrier

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// recorder is a transport that remembers each Write.
type recorder struct {
	io.ReadWriteCloser
	writes [][]byte
}

func (r *recorder) Write(bytes []byte) (int, error) {
	r.writes = append(r.writes, append([]byte(nil), bytes...))
	return len(bytes), nil
}

func (*recorder) Close() error { return nil }

func TestAReportGoesAlongWithWhatIsWritten(t *testing.T) {
	transport := &recorder{}
	s := newStream(transport, Options{}.withDefaults(), func() {})
	s.reportedAt = time.Now()
	s.count(reportAlong, false)
	message := []byte{messageTransport, 1, 2, 3}
	s.queue([][]byte{message}, 1<<20)
	want := appendFrame(appendReport(nil, reportAlong), message)
	if len(transport.writes) != 1 || !bytes.Equal(transport.writes[0], want) {
		t.Fatalf("an idle stream did not get report and message in one write of the caller: %v", transport.writes)
	}
	s.queue([][]byte{message}, 1<<20)
	if len(transport.writes) != 2 || !bytes.Equal(transport.writes[1], appendFrame(nil, message)) {
		t.Error("a report was repeated without anything new to tell")
	}
}

// stuck is a transport that takes nothing until it is closed.
type stuck struct {
	io.ReadWriteCloser
	closed chan struct{}
}

func (s *stuck) Write([]byte) (int, error) {
	<-s.closed
	return 0, io.ErrClosedPipe
}

func (s *stuck) Close() error {
	close(s.closed)
	return nil
}

func TestACallerThatWritesIsFreedByTheEnd(t *testing.T) {
	s := newStream(&stuck{closed: make(chan struct{})}, Options{}.withDefaults(), func() {})
	reason := errors.New("enough")
	wrote, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		s.queue([][]byte{{messageTransport}}, 1<<20)
		close(wrote)
	}()
	go func() { ended <- s.write() }()
	s.end(reason)
	select {
	case <-wrote:
	case <-time.After(10 * time.Second):
		t.Fatal("the caller still waits")
	}
	if err := <-ended; err == nil {
		t.Error("the writer ended without a reason")
	}
	if err := <-s.lost; !errors.Is(err, reason) {
		t.Errorf("lost because of %v", err)
	}
}
