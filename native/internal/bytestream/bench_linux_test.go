package bytestream

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loopback gives both ends of a TCP connection of this machine.
func loopback(b *testing.B) (left, right net.Conn) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	if left, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		b.Fatal(err)
	}
	if right, err = listener.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { left.Close(); right.Close() })
	return left, right
}

const benchPiece = 64 << 10

// measureProcessor adds the processor time of this process for each gigabit, which tells more than the rate where others
// use the machine.
func measureProcessor(b *testing.B) (done func()) {
	used := func() time.Duration {
		var usage unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	return func() {
		b.ReportMetric((used()-before).Seconds()/(float64(b.N)*benchPiece*8/1e9), "s/Gbit")
	}
}

// BenchmarkPlain is what the streams below are compared with.
func BenchmarkPlain(b *testing.B) {
	left, right := loopback(b)
	b.SetBytes(benchPiece)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{right}, make([]byte, benchPiece))
	}()
	piece := make([]byte, benchPiece)
	measured := measureProcessor(b)
	for range b.N {
		if _, err := left.Write(piece); err != nil {
			b.Fatal(err)
		}
	}
	left.Close()
	<-done
	measured()
}

// pump is an end that writes, or reads, whenever it may, as a socket would.
type pump struct {
	flow   *Flow
	left   int
	done   sync.Once
	over   chan struct{}
	isSink bool
	buffer [16][]byte
	mu     sync.Mutex
}

func (p *pump) Answered(Verdict) { p.Writable() }
func (p *pump) Reset(Cause)      { p.done.Do(func() { close(p.over) }) }

func (p *pump) Writable() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.isSink && p.left > 0 {
		n, err := p.flow.Fill(min(p.left, benchPiece), func(into []byte) (int, error) { return len(into), nil })
		p.left -= n
		if errors.Is(err, ErrWouldBlock) {
			return
		}
	}
	if !p.isSink {
		p.flow.CloseWrite()
	}
}

func (p *pump) Readable() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		count, err := p.flow.Peek(p.buffer[:])
		if errors.Is(err, io.EOF) {
			p.done.Do(func() { close(p.over) })
		}
		if err != nil {
			return
		}
		size := 0
		for _, piece := range p.buffer[:count] {
			size += len(piece)
		}
		p.flow.Discard(size)
	}
}

func benchmarkFlows(b *testing.B, lanes, flows int) {
	engineKeys, agentKeys := testKeys(b)
	engine, err := New(Config{Keys: engineKeys, Lanes: lanes})
	if err != nil {
		b.Fatal(err)
	}
	sinks := make(chan *pump, flows)
	agent, err := New(Config{Keys: agentKeys, Lanes: lanes, Accept: func(f *Flow, _ Opening) Events {
		p := &pump{flow: f, isSink: true, over: make(chan struct{})}
		f.Answer(Connected)
		sinks <- p
		return p
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close(Ended)
	defer agent.Close(Ended)
	for lane := range lanes {
		left, right := loopback(b)
		engine.Attach(lane, left)
		agent.Attach(lane, right)
	}
	b.SetBytes(benchPiece)
	b.ReportAllocs()
	b.ResetTimer()
	measured := measureProcessor(b)
	for range flows {
		p := &pump{left: b.N / flows * benchPiece, over: make(chan struct{})}
		p.mu.Lock()
		p.flow, err = engine.Open(testOpening, p)
		p.mu.Unlock()
		if err != nil {
			b.Fatal(err)
		}
	}
	for range flows {
		<-(<-sinks).over
	}
	measured()
}

func BenchmarkOneFlowOneLane(b *testing.B)      { benchmarkFlows(b, 1, 1) }
func BenchmarkOneFlowFourLanes(b *testing.B)    { benchmarkFlows(b, 4, 1) }
func BenchmarkEightFlowsFourLanes(b *testing.B) { benchmarkFlows(b, 4, 8) }

// BenchmarkRequest is a message there and back on a flow that is open.
func BenchmarkRequest(b *testing.B) {
	engineKeys, agentKeys := testKeys(b)
	engine, _ := New(Config{Keys: engineKeys, Lanes: 1})
	agent, _ := New(Config{Keys: agentKeys, Lanes: 1, Accept: func(f *Flow, _ Opening) Events {
		f.Answer(Connected)
		return &echo{flow: f}
	}})
	defer engine.Close(Ended)
	defer agent.Close(Ended)
	left, right := loopback(b)
	engine.Attach(0, left)
	agent.Attach(0, right)
	asker := &asker{answers: make(chan int, 1)}
	flow, _ := engine.Open(testOpening, asker)
	asker.flow = flow
	<-asker.answers
	b.ReportAllocs()
	for b.Loop() {
		if _, err := flow.Write(make([]byte, 100)); err != nil {
			b.Fatal(err)
		}
		<-asker.answers
	}
}

type asker struct {
	flow    *Flow
	answers chan int
}

func (a *asker) Answered(Verdict) { a.answers <- 0 }
func (*asker) Writable()          {}
func (*asker) Reset(Cause)        {}
func (a *asker) Readable() {
	var buffer [1 << 10]byte
	total := 0
	for {
		n, err := a.flow.Read(buffer[:])
		if err != nil {
			break
		}
		total += n
	}
	if total > 0 {
		a.answers <- total
	}
}
