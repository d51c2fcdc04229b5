package tunnel

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/carriertest"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/carrier/window"
	"slipway/native/internal/memnet"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// within fails the test if work does not end.
func within(t *testing.T, what string, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	select {
	case <-done:
	case <-time.After(deadline):
		t.Fatalf("%s: still waiting", what)
	}
}

func waitLost(t *testing.T, lost <-chan error) error {
	t.Helper()
	select {
	case err := <-lost:
		return err
	case <-time.After(deadline):
		t.Fatal("nobody told that the stream was lost")
		return nil
	}
}

func TestSessionLivesOnOverANewCarrier(t *testing.T) {
	// From one kind of carrier to another, and back.
	for name, kinds := range map[string][2]func() wire{
		"memory to stream": {memory, func() wire { return streams(memnet.Options{Delay: time.Millisecond}) }},
		"stream to memory": {func() wire { return streams(memnet.Options{Delay: time.Millisecond}) }, memory},
	} {
		t.Run(name, func(t *testing.T) { sessionLivesOn(t, kinds[0](), kinds[1]()) })
	}
}

func sessionLivesOn(t *testing.T, first, second wire) {
	engine, agent := newSession(t, 1, 16000, nil)
	lost := connect(engine, agent, 0, first)
	const each = 200
	send := func(from int) {
		for number := from; number < from+each; number++ {
			engine.Send(0, parse(udpPacket(laptopPort(1000), podPort(80), uint64(number), 9000)))
		}
	}
	send(0)
	agent.waitFor(t, "before the reset", count(each))

	first.cut()
	if err := waitLost(t, lost); !errors.Is(err, memnet.ErrReset) && !errors.Is(err, carriertest.ErrCut) {
		t.Errorf("lost because of %v", err)
	}
	engine.Send(0, parse(udpPacket(laptopPort(1000), podPort(80), 1<<32, 9000))) // dropped, not kept for later

	connect(engine, agent, 0, second)
	send(each)
	packets := agent.waitFor(t, "after the reset", count(2*each))
	for i, one := range packets {
		if numberOf(one.raw) != uint64(i) {
			t.Fatalf("packet %d came in place of %d", numberOf(one.raw), i)
		}
	}
	if stats := engine.Stats()[0].Carrier; stats.Attached != 2 || !stats.Live || stats.Sent < 2*each*9000 {
		t.Errorf("stats after the second carrier: %+v", stats)
	}
	if name := engine.CarrierName(0); name != second.left.Name() {
		t.Errorf("the lane's carrier is called %q", name)
	}
}

func TestResetUnderLoadLosesWhatWasInFlight(t *testing.T) {
	engine, agent := newSession(t, 1, 16000, nil)
	slow := func() wire { return streams(memnet.Options{Delay: 5 * time.Millisecond, Rate: 50e6}) }
	first := slow()
	connect(engine, agent, 0, first)
	const size, total = 16000, 2000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for number := range total {
			if number == total/2 {
				first.cut()
				connect(engine, agent, 0, slow())
			}
			engine.Send(0, parse(udpPacket(laptopPort(1000), podPort(80), uint64(number), size)))
		}
	}()
	packets := agent.waitFor(t, "the last packet", func(packets []received) bool {
		return len(packets) > 0 && numberOf(packets[len(packets)-1].raw) == total-1
	})
	<-sent
	last := uint64(0)
	for _, one := range packets {
		if number := numberOf(one.raw); number < last {
			t.Fatalf("packet %d came after %d", number, last)
		} else {
			last = number
		}
	}
	// In flight: the window and what is between queue and stream. The queue itself is kept when the next stream is
	// there before anybody noticed the loss, and dropped otherwise.
	allowed := (window.Maximum + stream.Credit + DefaultQueueBytes) / size
	if lost := total - len(packets); lost > allowed {
		t.Errorf("%d packets lost, %d may be in flight", lost, allowed)
	}
}

func TestStalledLaneDoesNotHoldUpAnother(t *testing.T) {
	engine, agent := newSession(t, 3, 16000, nil)
	first := memory()
	connect(engine, agent, 1, first)
	connect(engine, agent, 2, memory())
	engine.Send(1, parse(udpPacket(laptopPort(1000), podPort(80), 0, 100)))
	agent.waitFor(t, "lane 1 before its stall", count(1))
	first.stall(true)
	for number := range 1000 { // many times what a lane holds
		engine.Offer(1, parse(udpPacket(laptopPort(1000), podPort(80), uint64(number), 16000)))
	}
	within(t, "heartbeats beside the flow that filled the lane", func() {
		for number := range 20 {
			engine.Send(1, parse(udpPacket(laptopPort(1), podPort(7), uint64(number), 64)))
		}
	})
	blocked := make(chan struct{})
	go func() {
		defer close(blocked)
		engine.Send(1, parse(udpPacket(laptopPort(1000), podPort(80), 0, 16000)))
		engine.Send(1, parse(udpPacket(laptopPort(1000), podPort(80), 0, 16000)))
	}()
	const packets = 300
	within(t, "sending on the other lane", func() {
		for number := range packets {
			engine.Send(2, parse(udpPacket(laptopPort(2000), podPort(80), uint64(number), 4000)))
		}
	})
	agent.waitFor(t, "the other lane's packets", func(all []received) bool {
		on2 := 0
		for _, one := range all {
			if one.lane == 2 {
				on2++
			}
		}
		return on2 == packets
	})
	select {
	case <-blocked:
		t.Error("a full lane that lives took more")
	default:
	}
	engine.Detach(1, errors.New("no answer"))
	within(t, "a Send on a lane that died", func() { <-blocked })
}

func TestSmallPacketsPassABulkBacklog(t *testing.T) {
	engine, agent := newSession(t, 1, 16000, nil)
	carrier := streams(memnet.Options{Rate: 20e6})
	connect(engine, agent, 0, carrier)
	engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), 0, 100)))
	agent.waitFor(t, "the handshake", count(1))

	carrier.stall(true)
	const bulk, size = 70, 16000 // 1.1 MB: more than the window's 256 KiB, less than window and queue
	for number := range bulk {
		engine.Send(0, parse(tcpPacket(laptopPort(1000), podPort(80), uint32(number), header.TCPFlagAck, size-40)))
	}
	query := udpPacket(laptopPort(5353), podPort(53), 1, 70)
	syn := tcpPacket(laptopPort(1001), podPort(80), 9, header.TCPFlagSyn, 0)
	ack := tcpPacket(laptopPort(1000), podPort(80), 9, header.TCPFlagAck, 0)
	for _, raw := range [][]byte{query, syn, ack} {
		engine.Send(0, parse(raw))
	}
	carrier.stall(false)
	packets := agent.waitFor(t, "everything", count(1+bulk+3))[1:]
	for name, raw := range map[string][]byte{"query": query, "SYN": syn, "acknowledgement": ack} {
		for i, one := range packets {
			if !bytes.Equal(one.raw, raw) {
				continue
			}
			// Only what was released before the stall filled the window is ahead.
			if ahead := i * size; ahead > window.Minimum+4*size {
				t.Errorf("%s came behind %d packets of %d bytes", name, i, size)
			}
		}
	}
}

func TestHostileFramesEndTheStreamAndNothingElse(t *testing.T) {
	engine, agent := newSession(t, 1, 1420, nil)
	for name, frame := range map[string][]byte{
		"length 0":          {0, 0},
		"unknown type":      {0, 1, 0x77},
		"report of nothing": {0, 9, 0x80, 0, 0, 0, 0, 0, 1, 0, 0},
		"cut":               {0xff, 0xff, 4, 0, 0},
	} {
		left, hostile := memnet.Pipe(memnet.Options{})
		lost := engine.Attach(0, stream.New("hostile", left))
		if _, err := hostile.Write(frame); err != nil {
			t.Fatal(err)
		}
		if name == "cut" {
			_ = hostile.Close()
		}
		if err := waitLost(t, lost); err == nil || err == io.EOF {
			t.Errorf("%s: lost because of %v", name, err)
		}
	}
	connect(engine, agent, 0, streams(memnet.Options{}))
	engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), 5, 500)))
	agent.waitFor(t, "a packet over a good stream", count(1))
}

// Messages of a stranger decrypt to nothing, and must neither fill memory nor stop the lane for good.
func TestGarbageMessagesAreWrittenOff(t *testing.T) {
	engine, agent := newSession(t, 1, 1420, nil)
	hostile, right := carriertest.Pair()
	lost := agent.Attach(0, right)
	for range 200 {
		hostile.Send([][]byte{append([]byte{4, 0, 0, 0}, make([]byte, 96)...)})
	}
	within(t, "the taking of all garbage", func() {
		for hostile.Stats().Outstanding > 0 {
			time.Sleep(time.Millisecond)
		}
	})
	select {
	case err := <-lost:
		t.Errorf("garbage ended the carrier: %v", err)
	default:
	}
	connect(engine, agent, 0, memory())
	engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), 6, 500)))
	agent.waitFor(t, "a packet after garbage", count(1))
}

func TestReceiverThatWaitsHoldsUpItsSender(t *testing.T) {
	release := make(chan struct{})
	var first atomic.Bool
	engine, agent := newSession(t, 1, 16000, nil)
	agent.hold = func() {
		if first.CompareAndSwap(false, true) {
			<-release
		}
	}
	connect(engine, agent, 0, memory())
	const total = 500
	var taken atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for number := range total {
			engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), uint64(number), 16000)))
			taken.Add(1)
		}
	}()
	select {
	case <-done:
		t.Error("8 MB went to a receiver that takes nothing")
	case <-time.After(500 * time.Millisecond): // twice what wireguard-go's losses are written off after
	}
	close(release)
	packets := agent.waitFor(t, "all packets", count(total))
	for i, one := range packets {
		if numberOf(one.raw) != uint64(i) {
			t.Fatalf("packet %d came in place of %d", numberOf(one.raw), i)
		}
	}
	<-done
}

func TestCloseEndsEverything(t *testing.T) {
	engine, agent := newSession(t, 2, 1420, nil)
	first := memory()
	connect(engine, agent, 0, first)
	engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), 0, 100)))
	agent.waitFor(t, "the handshake", count(1))
	first.stall(true)
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		for number := range 5000 {
			engine.Send(0, parse(udpPacket(laptopPort(1), podPort(80), uint64(number), 1400)))
		}
	}()
	within(t, "Close while a lane is full", engine.Close)
	within(t, "Send after Close", func() { <-sending })
	again, _ := carriertest.Pair()
	if err := waitLost(t, engine.Attach(0, again)); !errors.Is(err, carrier.ErrClosed) {
		t.Errorf("a carrier attached after Close was lost because of %v", err)
	}
}
