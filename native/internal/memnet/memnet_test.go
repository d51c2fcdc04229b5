package memnet

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

func TestBytesArriveAfterTheDelay(t *testing.T) {
	left, right := Pipe(Options{Delay: 20 * time.Millisecond, Rate: 1_000_000})
	sent := bytes.Repeat([]byte("0123456789"), 5000)
	go func() { _, _ = left.Write(sent[:20_000]); _, _ = left.Write(sent[20_000:]); _ = left.Close() }()
	got, err := io.ReadAll(right)
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(sent), err)
	}
	for name, options := range map[string]Options{"delay": {Delay: time.Hour}, "rate": {Rate: 1}} {
		far, near := Pipe(options)
		if _, err := far.Write(make([]byte, 4000)); err != nil {
			t.Fatal(err)
		}
		arrived := make(chan error, 1)
		go func() { _, err := near.Read(make([]byte, 1)); arrived <- err }()
		select {
		case <-arrived:
			t.Errorf("with a %s of more than an hour bytes are there at once", name)
		case <-time.After(20 * time.Millisecond):
		}
		far.Reset()
	}
}

func TestStallHoldsAndResetEnds(t *testing.T) {
	left, right := Pipe(Options{Buffer: 10})
	left.Stall(true)
	if _, err := left.Write(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	full := make(chan error, 1)
	go func() { _, err := left.Write([]byte{1}); full <- err }()
	read := make(chan error, 1)
	go func() { _, err := io.ReadFull(right, make([]byte, 10)); read <- err }()
	select {
	case err := <-full:
		t.Fatalf("a full and stalled direction took more: %v", err)
	case err := <-read:
		t.Fatalf("a stalled direction delivered: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	left.Stall(false)
	if err := <-read; err != nil {
		t.Errorf("after the stall: %v", err)
	}
	if err := <-full; err != nil {
		t.Errorf("after the stall: %v", err)
	}
	right.Reset()
	if _, err := left.Read(make([]byte, 1)); !errors.Is(err, ErrReset) {
		t.Errorf("read after a reset: %v", err)
	}
	if _, err := left.Write(make([]byte, 1)); !errors.Is(err, ErrReset) {
		t.Errorf("write after a reset: %v", err)
	}
}
