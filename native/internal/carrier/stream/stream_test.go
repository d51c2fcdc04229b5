package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/memnet"
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
	s := New("test", transport)
	s.reportedAt = time.Now()
	s.count(reportAlong, false)
	message := []byte{messageTransport, 1, 2, 3}
	s.Send([][]byte{message})
	want := appendFrame(appendReport(nil, reportAlong), message)
	if len(transport.writes) != 1 || !bytes.Equal(transport.writes[0], want) {
		t.Fatalf("an idle stream did not get report and message in one write of the caller: %v", transport.writes)
	}
	s.Send([][]byte{message})
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
	s := New("test", &stuck{closed: make(chan struct{})})
	reason := errors.New("enough")
	wrote, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		s.Send([][]byte{{messageTransport}})
		close(wrote)
	}()
	go func() { ended <- s.write() }()
	s.Close(reason)
	select {
	case <-wrote:
	case <-time.After(10 * time.Second):
		t.Fatal("the caller still waits")
	}
	if err := <-ended; err == nil {
		t.Error("the writer ended without a reason")
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, reason) {
		t.Errorf("ended because of %v", err)
	}
}

// A batch that empties the stream exactly leaves no read during which a report would be asked for: its sender, whose
// window it filled, would wait until something else is written.
func TestAFullBatchIsReportedWithoutAnythingElse(t *testing.T) {
	near, far := memnet.Pipe(memnet.Options{})
	s := New("test", near)
	s.Start(func() {})
	defer s.Close(nil)
	const count, size = 8, 16032
	var frames []byte
	for range count {
		frames = appendFrame(frames, message(messageTransport, size))
	}
	if _, err := far.Write(frames); err != nil {
		t.Fatal(err)
	}
	s.lock.Lock()
	s.reportedAt = time.Now().Add(50 * time.Millisecond) // too soon for another
	s.lock.Unlock()
	into, sizes := make([][]byte, count), make([]int, count)
	for index := range into {
		into[index] = make([]byte, carrier.MaxMessage)
	}
	for got := 0; got < count; {
		n, err := s.Receive(into[:count-got], sizes)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	go s.Receive(into, sizes)
	report := make(chan []byte, 1)
	go func() {
		bytes := make([]byte, frameHeader+reportLength)
		_, _ = io.ReadFull(far, bytes)
		report <- bytes
	}()
	select {
	case got := <-report:
		if want := appendReport(nil, count*size); !bytes.Equal(got, want) {
			t.Errorf("reported %v instead of %v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Error("the bytes of the batch are not reported")
	}
}
