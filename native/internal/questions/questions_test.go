package questions

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/memnet"
)

const deadline = 20 * time.Second

// agent is a far end with sockets of this computer, that counts them.
type agent struct {
	Server
	mutex  sync.Mutex
	opened []*net.UDPConn
}

// ends are two sessions that are joined; the agent's takes flows as accept does.
func ends(t testing.TB, accept func(*bytestream.Flow) bytestream.Events) *Client {
	t.Helper()
	var keys [2]*ecdh.PrivateKey
	for index := range keys {
		var err error
		if keys[index], err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	var sessions [2]*bytestream.Session
	for index := range sessions {
		config := bytestream.Config{Lanes: 1, Keys: bytestream.Keys{
			Session: "session", Private: [32]byte(keys[index].Bytes()), Public: [32]byte(keys[index].PublicKey().Bytes()),
			Peer: [32]byte(keys[1-index].PublicKey().Bytes()),
		}}
		if index == 1 {
			config.Accept = func(flow *bytestream.Flow, _ bytestream.Opening) bytestream.Events { return accept(flow) }
		}
		var err error
		if sessions[index], err = bytestream.New(config); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sessions[index].Close(bytestream.Ended) })
	}
	one, other := memnet.Pipe(memnet.Options{})
	sessions[0].Attach(0, one)
	sessions[1].Attach(0, other)
	return &Client{Open: func(events bytestream.Events) (*bytestream.Flow, error) {
		return sessions[0].Open(bytestream.Opening{
			Source: netip.MustParseAddrPort("198.18.4.3:53"), Destination: netip.MustParseAddrPort("198.18.0.1:53"),
		}, events)
	}}
}

func serve(t testing.TB) (*agent, *Client) {
	far := &agent{}
	far.Dial = func(server netip.AddrPort) (*net.UDPConn, error) {
		if server.Addr().IsMulticast() {
			return nil, syscall.EACCES
		}
		socket, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(server))
		if err == nil {
			far.mutex.Lock()
			far.opened = append(far.opened, socket)
			far.mutex.Unlock()
		}
		return socket, err
	}
	return far, ends(t, far.Accept)
}

// open counts the sockets that were not closed.
func (a *agent) open() (count int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, socket := range a.opened {
		if socket.SetDeadline(time.Time{}) == nil {
			count++
		}
	}
	return count
}

// nameserver answers each datagram by what reply makes of it.
func nameserver(t testing.TB, reply func(question string) []string) netip.AddrPort {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			length, from, err := socket.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			for _, answer := range reply(string(buffer[:length])) {
				_, _ = socket.WriteToUDPAddrPort([]byte(answer), from)
			}
		}
	}()
	return socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

func echoed(question string) []string { return []string{"to " + question} }

func dial(t testing.TB, client *Client, server netip.AddrPort) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	connection, err := client.Dial(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(deadline))
	return connection
}

func ask(t testing.TB, connection net.Conn, question string) (string, error) {
	t.Helper()
	if _, err := connection.Write([]byte(question)); err != nil {
		return "", err
	}
	buffer := make([]byte, 1<<16)
	length, err := connection.Read(buffer)
	return string(buffer[:length]), err
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never was: %s", what)
		}
	}
}

func TestAnswersComeBackToTheirQuestions(t *testing.T) {
	_, client := serve(t)
	server := nameserver(t, echoed)
	var all sync.WaitGroup
	for index := range 50 {
		all.Go(func() {
			connection := dial(t, client, server)
			defer connection.Close()
			question := strings.Repeat(string(rune('a'+index%26)), index*40+1)
			if answer, err := ask(t, connection, question); err != nil || answer != "to "+question {
				t.Errorf("%d: %.20q, %v", index, answer, err)
			}
		})
	}
	all.Wait()
}

func TestALargeAnswerIsWhole(t *testing.T) {
	_, client := serve(t)
	large := strings.Repeat("0123456789", 6000)
	server := nameserver(t, func(string) []string { return []string{large} })
	if answer, err := ask(t, dial(t, client, server), "all of it"); err != nil || answer != large {
		t.Errorf("%d bytes, %v", len(answer), err)
	}
}

func TestSeveralDatagramsPassUntilTheTrueOneComes(t *testing.T) {
	_, client := serve(t)
	connection := dial(t, client, nameserver(t, func(string) []string { return []string{"forged", "true"} }))
	if answer, err := ask(t, connection, "who"); err != nil || answer != "forged" {
		t.Fatalf("%q, %v", answer, err)
	}
	buffer := make([]byte, 100)
	if length, err := connection.Read(buffer); err != nil || string(buffer[:length]) != "true" {
		t.Errorf("%q, %v", buffer[:length], err)
	}
}

func TestAQuestionThatIsSentAgainTakesNoSecondSocket(t *testing.T) {
	far, client := serve(t)
	connection := dial(t, client, nameserver(t, echoed))
	for range 3 {
		if _, err := ask(t, connection, "again"); err != nil {
			t.Fatal(err)
		}
	}
	if opened := far.open(); opened != 1 {
		t.Errorf("%d sockets", opened)
	}
}

func TestWhatNobodyAnswersIsRefused(t *testing.T) {
	_, client := serve(t)
	closed, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := closed.LocalAddr().(*net.UDPAddr).AddrPort()
	closed.Close()
	for name, server := range map[string]netip.AddrPort{
		"a closed port": address, "what the policy refuses": netip.MustParseAddrPort("224.0.0.251:5353"),
	} {
		if _, err := ask(t, dial(t, client, server), "anybody"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSilenceLastsUntilTheDeadline(t *testing.T) {
	_, client := serve(t)
	server := nameserver(t, func(string) []string { return nil })
	for name, set := range map[string]func(net.Conn){
		"a deadline that comes": func(connection net.Conn) { _ = connection.SetDeadline(time.Now().Add(30 * time.Millisecond)) },
		"one that is set while it reads": func(connection net.Conn) {
			time.AfterFunc(30*time.Millisecond, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
		},
	} {
		connection := dial(t, client, server)
		set(connection)
		if _, err := ask(t, connection, "anybody"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAClosedConnectionLeavesNoSocket(t *testing.T) {
	far, client := serve(t)
	server := nameserver(t, func(string) []string { return nil })
	for range 3 * atOnce {
		connection := dial(t, client, server)
		if _, err := connection.Write([]byte("never mind")); err != nil {
			t.Fatal(err)
		}
		connection.Close()
		if _, err := connection.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	}
	eventually(t, "no socket is open", func() bool { return far.open() == 0 })
}

func TestOneSessionHasSoManySocketsAtOnce(t *testing.T) {
	far, client := serve(t)
	server := nameserver(t, func(string) []string { return nil })
	for range atOnce {
		if _, err := dial(t, client, server).Write([]byte("wait")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask(t, dial(t, client, server), "one more"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("one more: %v", err)
	}
	if opened := far.open(); opened != atOnce {
		t.Errorf("%d sockets", opened)
	}
}

func TestAnAgentThatTakesNoQuestionsIsAskedOnce(t *testing.T) {
	asked := 0
	client := ends(t, func(flow *bytestream.Flow) bytestream.Events {
		asked++
		go flow.Answer(bytestream.Refused)
		return &served{flow: flow}
	})
	for range 3 {
		if _, err := client.Dial(t.Context(), netip.MustParseAddrPort("10.96.0.10:53")); !errors.Is(err, ErrNotServed) {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAFlowThatEndedIsFollowedByAnother(t *testing.T) {
	far, client := serve(t)
	server := nameserver(t, echoed)
	waiting := dial(t, client, nameserver(t, func(string) []string { return nil }))
	if _, err := waiting.Write([]byte("wait")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is asked", func() bool { return far.open() == 1 })
	far.mutex.Lock()
	last := far.last
	far.mutex.Unlock()
	last.flow.Reset(bytestream.Shed)
	last.close()
	if _, err := waiting.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("who waits: %v", err)
	}
	eventually(t, "its socket is closed", func() bool { return far.open() == 0 })
	if answer, err := ask(t, dial(t, client, server), "again"); err != nil || answer != "to again" {
		t.Errorf("%q, %v", answer, err)
	}
}

// hostile is what may come over a flow at either end.
var hostile = map[string][]byte{
	"no number":                {0, 3, 1, 2, 3},
	"longer than any question": {0xff, 0xff, 0, 0, 0, 1},
}

func TestWhatIsNoFrameEndsTheFlow(t *testing.T) {
	for name, bytes := range hostile {
		far, client := serve(t)
		connection := dial(t, client, nameserver(t, func(string) []string { return nil }))
		if _, err := connection.Write([]byte("wait")); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is asked", func() bool { return far.open() == 1 })
		if _, err := client.asked.flow.Load().Write(bytes); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		eventually(t, name+": no socket is open", func() bool { return far.open() == 0 })
	}
}

func TestWhatNamesNoNameserverIsRefused(t *testing.T) {
	for name, rest := range map[string][]byte{
		"a family that is none": {5, 1, 2, 3, 4, 0, 53, 'q'}, "a short address": {4, 1, 2}, "no port": {6, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0},
	} {
		far, client := serve(t)
		connection := dial(t, client, netip.MustParseAddrPort("127.0.0.1:53")).(*conversation)
		if err := connection.asked.send(frame(connection.number, rest)); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 10)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", name, err)
		}
		if far.open() != 0 {
			t.Errorf("%s: a socket is open", name)
		}
	}
}

func FuzzServer(f *testing.F) {
	f.Add(string(hostile["no number"]))
	f.Add(string(frame(1, encodeServer(netip.MustParseAddrPort("127.0.0.1:9")), []byte("question"))) + string(frame(1)))
	f.Add(string(frame(2, encodeServer(netip.MustParseAddrPort("[::1]:9")), []byte("question"))))
	f.Fuzz(func(t *testing.T, sent string) {
		far := &Server{Dial: func(netip.AddrPort) (*net.UDPConn, error) { return nil, syscall.EACCES }}
		client := ends(t, far.Accept)
		connection := dial(t, client, netip.MustParseAddrPort("127.0.0.1:9")).(*conversation)
		flow := connection.asked.flow.Load()
		_, _ = flow.Write([]byte(sent[:min(len(sent), flow.Room())]))
		connection.Close()
	})
}
