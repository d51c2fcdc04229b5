package direct

import (
	"net"
	"testing"
	"time"
)

// What the agent spends on somebody who does not know the session, and on who repeats a knock that was heard.
func BenchmarkStrangers(b *testing.B) {
	engine, agent := sessionKeys(b, "session")
	knocker, _ := newKnocker(engine)
	knock, _, err := knocker.knock(1)
	if err != nil {
		b.Fatal(err)
	}
	for name, says := range map[string][]byte{"unknown": make([]byte, knockSize), "repeated": knock} {
		b.Run(name, func(b *testing.B) {
			door := newDoor(make(chan entry, 1))
			far, _ := newKnocker(agent)
			known := &guest{knocker: far, probes: map[net.Conn]struct{}{}}
			known.isNew(1)
			door.guests[far.hint] = known
			b.ReportAllocs()
			for b.Loop() {
				door.receive(&said{bytes: says})
			}
		})
	}
}

// said is a connection on which everything was said already.
type said struct {
	net.Conn
	bytes []byte
}

func (s *said) Read(into []byte) (int, error) {
	count := copy(into, s.bytes)
	s.bytes = s.bytes[count:]
	return count, nil
}
func (*said) SetDeadline(time.Time) error { return nil }
func (*said) Close() error                { return nil }
func (*said) RemoteAddr() net.Addr        { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)} }
