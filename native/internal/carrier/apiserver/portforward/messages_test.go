package portforward

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/moby/spdystream/spdy"
)

const testDeadline = 20 * time.Second

func TestOneWriteIsOneMessage(t *testing.T) {
	for _, overWebSocket := range []bool{false, true} {
		for _, size := range []int{1, 125, 126, 4000, 65535, 65536, 130_000, MaxMessage, MaxMessage + 1, 3 * MaxMessage} {
			says := opened
			if overWebSocket {
				says = framed(opBinary|bitFinal, opened)
			}
			server := &script{says: bytes.NewReader(says)}
			stream, err := openOver(server, overWebSocket)
			if err != nil {
				t.Fatal(err)
			}
			before := len(server.hears())
			sent := bytes.Repeat([]byte("slipway"), size/7+1)[:size]
			kept := bytes.Clone(sent)
			if n, err := stream.Write(sent); n != size || err != nil || !bytes.Equal(sent, kept) {
				t.Fatalf("%d bytes: %d, %v, changed %v", size, n, err, !bytes.Equal(sent, kept))
			}
			writes := server.hears()[before:]
			if want := (size + MaxMessage - 1) / MaxMessage; len(writes) != want {
				t.Errorf("%d bytes in %d writes instead of %d", size, len(writes), want)
			}
			if got := heardData(t, server.hears(), overWebSocket); !bytes.Equal(got, sent) {
				t.Errorf("%d bytes arrive as %d others", size, len(got))
			}
		}
	}
}

// heardData reads what was written with the libraries that the servers use.
func heardData(t *testing.T, writes [][]byte, overWebSocket bool) (got []byte) {
	t.Helper()
	var from io.Reader = bytes.NewReader(join(writes...))
	if overWebSocket {
		var messages []io.Reader
		masked := bytes.NewReader(join(writes...))
		for masked.Len() > 0 {
			messages = append(messages, bytes.NewReader(unmasked(t, masked)))
		}
		from = io.MultiReader(messages...)
	}
	framer, err := spdy.NewFramer(io.Discard, from)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for {
		frame, err := framer.ReadFrame()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch frame := frame.(type) {
		case *spdy.SynStreamFrame:
			kinds = append(kinds, fmt.Sprintf("%d %s %s %s", frame.StreamId, frame.Headers.Get("streamType"), frame.Headers.Get("port"), frame.Headers.Get("requestID")))
		case *spdy.DataFrame:
			if frame.StreamId == dataStream {
				got = append(got, frame.Data...)
			} else {
				kinds = append(kinds, fmt.Sprintf("%d ends %v %d", frame.StreamId, frame.Flags, len(frame.Data)))
			}
		}
	}
	if fmt.Sprint(kinds) != "[1 error 8723 0 3 data 8723 0 1 ends 1 0]" {
		t.Errorf("asked %v", kinds)
	}
	return got
}

func unmasked(t *testing.T, from *bytes.Reader) []byte {
	t.Helper()
	var header [2]byte
	_, _ = io.ReadFull(from, header[:])
	if header[0] != opBinary|bitFinal || header[1]&bitMasked == 0 {
		t.Fatalf("header %#x", header)
	}
	length := uint64(header[1] &^ bitMasked)
	switch length {
	case 126:
		var short uint16
		_ = binary.Read(from, binary.BigEndian, &short)
		length = uint64(short)
	case 127:
		_ = binary.Read(from, binary.BigEndian, &length)
	}
	var key [4]byte
	_, _ = io.ReadFull(from, key[:])
	payload := make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		t.Fatal(err)
	}
	for index := range payload {
		payload[index] ^= key[index%4]
	}
	return payload
}

func TestPingsOfTheServerAreAnswered(t *testing.T) {
	server := &script{says: bytes.NewReader(join(framed(opBinary|bitFinal, opened), framed(opPing|bitFinal, []byte("hello")),
		framed(opBinary|bitFinal, control(spdy.TypePing, 0, word(8)...))))}
	stream, err := openOver(server, true)
	if err != nil {
		t.Fatal(err)
	}
	before := len(server.hears())
	_, _ = readAll(stream)
	writes := server.hears()[before:]
	if len(writes) != 2 || writes[0][0] != opPong|bitFinal || len(writes[0]) != 2+4+5 {
		t.Fatalf("answers %x", writes)
	}
	if got := unmasked(t, bytes.NewReader(writes[1])); !bytes.Equal(got, control(spdy.TypePing, 0, word(8)...)) {
		t.Errorf("answer %x", got)
	}
}

// TestAServerThatOnlySpeaks floods with pings and takes nothing.
func TestAServerThatOnlySpeaks(t *testing.T) {
	near, far := tcp(t)
	go func() {
		message := join(opened, bytes.Repeat(control(spdy.TypePing, 0, word(2)...), 1<<16), data(3, 0, "x"))
		_, _ = far.Write(message)
	}()
	stream, err := openOver(near, false)
	if err != nil {
		t.Fatal(err)
	}
	filled := make(chan error, 1)
	go func() {
		var err error
		for chunk := make([]byte, 128<<10); err == nil; {
			_, err = stream.Write(chunk)
		}
		filled <- err
	}()
	read := make(chan error, 1)
	go func() { _, err := stream.Read(make([]byte, 1)); read <- err }()
	within(t, read, nil, "a reader waits for a writer")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 64<<20 {
		t.Errorf("%d MiB", memory.HeapAlloc>>20)
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	within(t, filled, net.ErrClosed, "Close leaves a writer waiting")
	if _, err := stream.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after Close: %v", err)
	}
}

func within(t *testing.T, ended <-chan error, want error, otherwise string) {
	t.Helper()
	select {
	case err := <-ended:
		if !errors.Is(err, want) {
			t.Errorf("%v instead of %v", err, want)
		}
	case <-time.After(testDeadline):
		t.Fatal(otherwise)
	}
}

func tcp(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

func TestAResetEndsWritesWithTheReason(t *testing.T) {
	near, far := tcp(t)
	_, _ = far.Write(opened)
	stream, err := openOver(near, false)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = far.Write(join(data(1, 1, "connection refused"), control(spdy.TypeRstStream, 0, join(word(3), word(5))...)))
	if _, err := stream.Read(make([]byte, 1)); err == nil || err.Error() != "kubelet: connection refused" {
		t.Errorf("read: %v", err)
	}
	if _, err := stream.Write([]byte("x")); err == nil || err.Error() != "kubelet: connection refused" {
		t.Errorf("write: %v", err)
	}
}

func TestAHalfClosedStreamTakesData(t *testing.T) {
	near, far := tcp(t)
	_, _ = far.Write(opened)
	stream, err := openOver(near, false)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = far.Write(join(data(3, 1, ""), data(1, 1, "")))
	if _, err := stream.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read: %v", err)
	}
	if _, err := stream.Write([]byte("still")); err != nil {
		t.Errorf("write: %v", err)
	}
}
