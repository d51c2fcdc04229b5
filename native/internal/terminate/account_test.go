package terminate

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/netstack"
	"slipway/native/internal/packet"
)

// live is the account of the only connection there is.
func (l *laptop) live(t *testing.T) (account Account) {
	t.Helper()
	all := slices.Collect(l.terminator.Accounts())
	if len(all) != 1 {
		t.Fatalf("%d connections live: %+v", len(all), all)
	}
	return all[0]
}

func TestAnAccountTellsWhatAConnectionIs(t *testing.T) {
	laptop, _ := join(t, 0, connected)
	connection := laptop.dial(t)
	began := receive(t, laptop.began, "an account")
	if began.State != Opening || began.Opening.Destination != podAddress || began.Opening.Source.Addr() != laptopAddress {
		t.Errorf("it began as %+v", began)
	}
	connection.Write(make([]byte, 1000))
	if _, err := io.ReadFull(connection, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	account := laptop.live(t)
	if account.ID != began.ID || account.State != Open || account.Up != 1000 || account.Down != 1000 || account.Answer <= 0 ||
		account.Began.IsZero() || !account.Over.IsZero() {
		t.Errorf("it is %+v", account)
	}
	connection.Close()
	ended := receive(t, laptop.ended, "an account")
	if ended.ID != began.ID || ended.State != Closed || ended.Up != 1000 || ended.Down != 1000 || ended.Over.Before(ended.Began) {
		t.Errorf("it ended as %+v", ended)
	}
	for account := range laptop.terminator.Accounts() {
		t.Errorf("still there: %+v", account)
	}
}

func TestAHalfClosedConnectionSaysWhoseHalf(t *testing.T) {
	for name, row := range map[string]struct {
		end  func(*bytestream.Flow, net.Conn)
		want State
	}{
		"laptop":  {func(_ *bytestream.Flow, c net.Conn) { c.(interface{ CloseWrite() error }).CloseWrite() }, LaptopEnded},
		"cluster": {func(flow *bytestream.Flow, _ net.Conn) { flow.CloseWrite() }, ClusterEnded},
	} {
		t.Run(name, func(t *testing.T) {
			flows := make(chan *bytestream.Flow, 1)
			laptop, _ := join(t, 0, func(flow *bytestream.Flow, _ bytestream.Opening) bytestream.Verdict {
				flows <- flow
				flow.Answer(bytestream.Connected)
				return 0
			})
			laptop.isMute.Store(true)
			connection := laptop.dial(t)
			row.end(<-flows, connection)
			eventually(t, "it is not half closed", func() bool { return laptop.live(t).State == row.want })
		})
	}
}

// Every way in which a connection ends is told once, by what ended it.
func TestAnEndSaysWhy(t *testing.T) {
	verdict := func(verdict bytestream.Verdict) func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict {
		return func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict { return verdict }
	}
	resetAfter := func(cause bytestream.Cause) func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict {
		return func(flow *bytestream.Flow, _ bytestream.Opening) bytestream.Verdict {
			flow.Answer(bytestream.Connected)
			flow.Reset(cause)
			return 0
		}
	}
	open := func(act func(*laptop, net.Conn)) func(*testing.T, *laptop) {
		return func(t *testing.T, laptop *laptop) {
			connection := laptop.dial(t)
			eventually(t, "the handshake does not end", func() bool { return laptop.terminator.Stats() == Stats{Connections: 1} })
			act(laptop, connection)
		}
	}
	// dialling goes on until it is ended, or the test is.
	dialling := func(t *testing.T, laptop *laptop) (end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if connection, err := laptop.DialTCP(ctx, podAddress); err == nil {
				<-ctx.Done()
				connection.Close()
			}
		})
		end = func() { cancel(); running.Wait() }
		t.Cleanup(end)
		return end
	}
	dial := func(t *testing.T, laptop *laptop) { dialling(t, laptop) }
	for _, row := range []struct {
		want   State
		answer func(*bytestream.Flow, bytestream.Opening) bytestream.Verdict
		act    func(*testing.T, *laptop)
	}{
		{Closed, connected, open(func(_ *laptop, c net.Conn) { c.Close() })},
		{Refused, verdict(bytestream.Refused), dial},
		{HostUnreachable, verdict(bytestream.HostUnreachable), dial},
		{NetworkUnreachable, verdict(bytestream.NetworkUnreachable), dial},
		{Prohibited, verdict(bytestream.Prohibited), dial},
		{Silent, verdict(bytestream.Silent), dial},
		{Abandoned, verdict(0), func(t *testing.T, laptop *laptop) {
			end := dialling(t, laptop)
			eventually(t, "nobody asks", func() bool { return laptop.opened.Load() == 1 })
			end()
			for _, attempt := range laptop.terminator.attempts.list() {
				laptop.terminator.attempts.again(attempt.id, time.Now().Add(-time.Hour))
			}
		}},
		{ResetByLaptop, connected, open(func(laptop *laptop, c net.Conn) {
			local, remote := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
			laptop.Inner().FindTransportEndpoint(ipv4.ProtocolNumber, tcp.ProtocolNumber, stack.TransportEndpointID{
				LocalAddress: packet.ForStack(local.Addr()), LocalPort: local.Port(),
				RemoteAddress: packet.ForStack(remote.Addr()), RemotePort: remote.Port(),
			}, netstack.NIC).Abort()
		})},
		{ResetByCluster, resetAfter(bytestream.Aborted), dial},
		{TimedOut, resetAfter(bytestream.TimedOut), dial},
		{LostWay, resetAfter(bytestream.NoRoute), dial},
		{Shed, resetAfter(bytestream.Shed), dial},
		{SessionEnded, connected, open(func(laptop *laptop, _ net.Conn) { laptop.session.Close(bytestream.Ended) })},
		{Withdrawn, connected, open(func(laptop *laptop, _ net.Conn) {
			laptop.terminator.End(func(bytestream.Opening) bool { return true })
		})},
	} {
		t.Run(row.want.String(), func(t *testing.T) {
			laptop, _ := join(t, 0, row.answer)
			row.act(t, laptop)
			ended := receive(t, laptop.ended, "an account")
			if ended.State != row.want || ended.Over.IsZero() {
				t.Errorf("it ended as %s: %+v", ended.State, ended)
			}
			eventually(t, "something is left", func() bool { return laptop.terminator.Stats() == Stats{} })
			for len(laptop.ended) > 0 { // a SYN is sent again, which is another connection
				if more := <-laptop.ended; more.ID == ended.ID {
					t.Errorf("its end is told again: %+v", more)
				}
			}
		})
	}
}

func TestEveryVerdictCauseAndStateHasItsName(t *testing.T) {
	for verdict := bytestream.Refused; verdict.String() != "unknown"; verdict++ {
		if state, ok := statesOf[verdict]; !ok || !state.IsOver() {
			t.Errorf("verdict %s has no state", verdict)
		}
	}
	for cause := bytestream.Aborted; cause.String() != "unknown"; cause++ {
		if state, ok := statesAfter[cause]; !ok || !state.IsOver() {
			t.Errorf("cause %s has no state", cause)
		}
	}
	if len(stateNames) != int(stateEnd) || len(States()) != int(stateEnd) {
		t.Errorf("%d names of %d states", len(stateNames), stateEnd)
	}
}
